/** Values of a schema as trees for npm `thrift`: independent of every codec of ours. */

import type { FieldSchema, TypeSchema } from '../../../../src/runtime/core/message/schema.ts'
import type { Declarations } from '../../../support/arbitrary-value.ts'
import type { Tree } from './value-tree.ts'

const codes: Record<string, number> = {
  bool: 2,
  i8: 3,
  f64: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  bytes: 11,
  uuid: 16,
}

function codeOf(type: TypeSchema): number {
  if (type.kind === 'scalar') return codes[type.scalar]!
  return { enum: 8, message: 12, map: 13, set: 14, list: 15 }[type.kind]
}

/** A value as the tree that npm thrift writes: independent of the printed codec. */
function treeOf(all: Declarations, type: TypeSchema, value: unknown): Tree {
  switch (type.kind) {
    case 'scalar':
    case 'enum':
      return { type: codeOf(type), value } as Tree
    case 'list':
    case 'set': {
      const elements = [...(value as Iterable<unknown>)].map((one) => treeOf(all, type.element, one))
      return { type: codeOf(type) as 15, of: codeOf(type.element), elements }
    }
    case 'map': {
      const isPairs = Symbol.iterator in (value as object)
      const pairs = isPairs ? [...(value as Iterable<[unknown, unknown]>)] : Object.entries(value as object)
      const entries = pairs.map(([k, v]) => [treeOf(all, type.key, k), treeOf(all, type.value, v)] as const)
      return { type: 13, key: codeOf(type.key), of: codeOf(type.value), entries }
    }
    case 'message':
      return structTree(all, type.name, value)
  }
}

/** A struct of a schema as the tree that npm thrift writes. */
export function structTree(all: Declarations, name: string, value: unknown): Tree {
  const schema = all.message(name)
  const union = value as { case: string; value: unknown }
  const held = (field: FieldSchema): unknown =>
    schema.kind !== 'union'
      ? (value as Record<string, unknown>)[field.localName]
      : field.localName === union.case
        ? union.value
        : undefined
  const fields = schema.fields
    .filter((field) => held(field) !== undefined)
    .map((field) => ({ id: field.id, tree: treeOf(all, field.type, held(field)) }))
  return { type: 12, fields }
}
