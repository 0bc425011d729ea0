/** ProtoJSON: protobuf messages to JSON and back (https://protobuf.dev/programming-guides/json). */

import { type FromJsonOptions, readMessage } from '../core/json-read.ts'
import { JsonPlace, type JsonValue } from '../core/json-value.ts'
import { type ToJsonOptions, writeMessage } from '../core/json-write.ts'
import { messagePlan, type TypePlan } from '../core/message-plan.ts'
import type { ProtobufMessage } from './message.ts'
import { readWellKnown, writeWellKnown } from './well-known-json.ts'

/** The message types that an Any may hold. */
export interface JsonTypes {
  /** What `google.protobuf.Any` may hold, besides the well-known types. Default none. */
  readonly types?: readonly ProtobufMessage<unknown, never>[]
}

/**
 * A message as ProtoJSON: data for `JSON.stringify`; extensions and unknown fields are left out. Throws RpcError INVALID_ARGUMENT with the place of a value that does not
 * fit its type, or for an Any of a type that `types` does not list.
 */
export function toJson<I>(
  type: ProtobufMessage<unknown, I>,
  value: I,
  options: ToJsonOptions & JsonTypes = {},
): JsonValue {
  const place = new JsonPlace(type.typeName)
  const special = writeWellKnown(options.types ?? [])
  return writeMessage(messagePlan(type.schema), value, { options, place, sparse: true, special })
}

/**
 * The message that ProtoJSON describes: data from `JSON.parse`, fields by JSON or IDL name. Throws RpcError INVALID_ARGUMENT
 * with the place of what does not fit, and for unknown members unless they are ignored.
 */
export function fromJson<T>(
  type: ProtobufMessage<T, never>,
  json: JsonValue,
  options: FromJsonOptions & JsonTypes = {},
): T {
  const place = new JsonPlace(type.typeName)
  const special = readWellKnown(options.types ?? [])
  return type.complete(readMessage(messagePlan(type.schema), json, { options, place, special, isNullable }) as never)
}

function isNullable(type: TypePlan): boolean {
  if (type.kind === 'message') return type.message.schema.name === 'google.protobuf.Value'
  return type.kind === 'enum' && type.schema.name === 'google.protobuf.NullValue'
}
