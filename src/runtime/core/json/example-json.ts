/** exampleJson(): what the JSON of a message looks like, for people who write some. */

import type { MessagePlan, TypePlan } from '../message/message-plan.ts'
import { isInt64 } from '../message/schema.ts'
import type { JsonValue } from './json-value.ts'

/** How deep messages nest in an example; below they are empty. */
const maxDepth = 3
/** Fields of one example, of all its messages together; what is beyond is left out. */
const maxFields = 300

/** An example that is being made. */
interface Making {
  readonly special: (name: string) => JsonValue | undefined
  fields: number
}

/**
 * An object with every field of a message, one case of a union or oneof. `special`: the JSON of a message that has a form of
 * its own.
 */
export function exampleJson(plan: MessagePlan, special?: (name: string) => JsonValue | undefined): JsonValue {
  return messageExample(plan, { special: special ?? (() => undefined), fields: 0 }, 0)
}

function messageExample(plan: MessagePlan, making: Making, depth: number): JsonValue {
  const own = making.special(plan.schema.name)
  if (own !== undefined) return own
  const json: Record<string, JsonValue> = {}
  if (depth > maxDepth) return json
  const oneofs = new Set<string>()
  const { fields, schema } = plan
  for (const { schema: field, type } of schema.kind === 'union' ? fields.slice(0, 1) : fields) {
    if (field.oneof !== undefined && oneofs.has(field.oneof)) continue
    if (field.oneof !== undefined) oneofs.add(field.oneof)
    if (++making.fields > maxFields) break
    json[field.jsonName] = typeExample(type, making, depth + 1)
  }
  return json
}

function typeExample(type: TypePlan, making: Making, depth: number): JsonValue {
  switch (type.kind) {
    case 'scalar':
      if (type.scalar === 'bool') return false
      if (type.scalar === 'string' || type.scalar === 'bytes') return ''
      if (type.scalar === 'uuid') return '00000000-0000-0000-0000-000000000000'
      return isInt64(type.scalar) ? '0' : 0
    case 'enum':
      return type.schema.values[0]?.name ?? 0
    case 'message':
      return messageExample(type.message, making, depth)
    case 'list':
    case 'set':
      return [typeExample(type.element, making, depth)]
    case 'map':
      return type.key.kind === 'message' ||
        type.key.kind === 'list' ||
        type.key.kind === 'set' ||
        type.key.kind === 'map'
        ? [[typeExample(type.key, making, depth), typeExample(type.value, making, depth)]]
        : { [String(keyExample(type.key))]: typeExample(type.value, making, depth) }
  }
}

function keyExample(type: TypePlan): JsonValue {
  return type.kind === 'scalar' && type.scalar === 'string'
    ? 'key'
    : typeExample(type, { special: () => undefined, fields: 0 }, 0)
}
