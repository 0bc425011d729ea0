/** Thrift to natural JSON and back: structs by field name, enums by name, i64 as text, binary as base64. */

import type { ReadBudget } from '../core/bytes/read-budget.ts'
import { JsonPlace, type JsonValue } from '../core/json/json-value.ts'
import { type FromJsonOptions, readMessage } from '../core/json/read-json.ts'
import { type ToJsonOptions, writeMessage } from '../core/json/write-json.ts'
import type { MessageType } from '../core/message/message.ts'
import { messagePlan } from '../core/message/message-plan.ts'

/**
 * A struct as JSON: i64 as decimal text, enums by name, binary as base64, NaN and the infinities by name; sets are arrays;
 * maps are objects, or arrays of pairs where keys are structs or containers; a union has the one member that it holds.
 * Throws RpcError INVALID_ARGUMENT with the place of a value that does not fit its type.
 */
export function toJson<I>(type: MessageType<unknown, I>, value: I, options: ToJsonOptions = {}): JsonValue {
  const place = new JsonPlace(type.typeName)
  return writeMessage(messagePlan(type.schema), value, { options, place, sparse: false })
}

/**
 * The struct that JSON describes, defaults filled in. Integers may be text, enums numbers; null is absence. Throws RpcError
 * INVALID_ARGUMENT with the place of what does not fit. `budget`: what a message of a peer counts against; by default
 * nothing is counted.
 */
export function fromJson<T>(
  type: MessageType<T, never>,
  json: JsonValue,
  options: FromJsonOptions = {},
  budget?: ReadBudget,
): T {
  const place = new JsonPlace(type.typeName)
  return type.complete(readMessage(messagePlan(type.schema), json, { options, place, budget }) as never)
}
