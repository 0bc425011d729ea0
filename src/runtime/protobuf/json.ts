/** ProtoJSON: protobuf messages to JSON and back (https://protobuf.dev/programming-guides/json). */

import type { MemoryHolder } from '../core/bytes/memory-account.ts'
import type { ReadBudget } from '../core/bytes/read-budget.ts'
import { JsonPlace, type JsonValue } from '../core/json/json-value.ts'
import { type FromJsonOptions, type JsonReading, readMessage } from '../core/json/read-json.ts'
import { type ExtraField, type JsonWriting, type ToJsonOptions, writeMessage } from '../core/json/write-json.ts'
import { messagePlan, type TypePlan } from '../core/message/message-plan.ts'
import type { Extension } from './extension.ts'
import { type AnyExtension, extensionPlanOf } from './extension-plan.ts'
import type { ProtobufMessage } from './message.ts'
import { readWellKnown, writeWellKnown } from './well-known-json.ts'

/** What no description of a message leads to. */
export interface JsonTypes {
  /** What `google.protobuf.Any` may hold, besides the well-known types. Default none. */
  readonly types?: readonly ProtobufMessage<unknown, never>[]
  /** The extensions that may stand in messages; in JSON they are members such as `[pkg.weight]`. Default none. */
  readonly extensions?: readonly Extension<never, unknown, never>[]
}

/**
 * A message as ProtoJSON: data for `JSON.stringify`; unknown fields and extensions that are not listed are left out. Throws RpcError INVALID_ARGUMENT with the place of a value that does not
 * fit its type, or for an Any of a type that `types` does not list. `holder`, a call of a server, is charged what messages inside an Any take.
 */
export function toJson<I>(
  type: ProtobufMessage<unknown, I>,
  value: I,
  options: ToJsonOptions & JsonTypes = {},
  holder?: MemoryHolder,
): JsonValue {
  const place = new JsonPlace(type.typeName)
  const special = writeWellKnown(options.types ?? [])
  const extra = extensionsIn(options.extensions)
  return writeMessage(messagePlan(type.schema), value, { options, place, sparse: true, special, holder, ...extra })
}

/**
 * The message that ProtoJSON describes: data from `JSON.parse`, fields by JSON or IDL name. Throws RpcError INVALID_ARGUMENT
 * with the place of what does not fit, and for unknown members unless they are ignored. `budget`: what a message of a peer
 * counts against; by default nothing is counted.
 */
export function fromJson<T>(
  type: ProtobufMessage<T, never>,
  json: JsonValue,
  options: FromJsonOptions & JsonTypes = {},
  budget?: ReadBudget,
): T {
  const place = new JsonPlace(type.typeName)
  const special = readWellKnown(options.types ?? [])
  const reading = { options, place, budget, special, isNullable, ...extensionsFor(options.extensions) }
  return type.complete(readMessage(messagePlan(type.schema), json, reading) as never)
}

function extensionsIn(all: JsonTypes['extensions'] = []): Pick<JsonWriting, 'extra'> {
  if (all.length === 0) return {}
  return {
    *extra(plan, message): Iterable<ExtraField> {
      for (const one of all as unknown as readonly AnyExtension[]) {
        if (one.extendee !== plan.schema.name || !one.has(message)) continue
        yield { name: `[${one.name}]`, field: extensionPlanOf(one), value: one.get(message) }
      }
    },
  }
}

function extensionsFor(all: JsonTypes['extensions'] = []): Pick<JsonReading, 'extra'> {
  if (all.length === 0) return {}
  return {
    extra(plan, name) {
      const found = (all as unknown as readonly AnyExtension[]).find(
        (one) => one.extendee === plan.schema.name && name === `[${one.name}]`,
      )
      return found && { field: extensionPlanOf(found), set: (into, value) => found.set(into, value) }
    },
  }
}

function isNullable(type: TypePlan): boolean {
  if (type.kind === 'message') return type.message.schema.name === 'google.protobuf.Value'
  return type.kind === 'enum' && type.schema.name === 'google.protobuf.NullValue'
}
