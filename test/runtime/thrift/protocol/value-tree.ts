/** Random Thrift values as trees, and how our writer, our reader and npm `thrift` treat them. */

import fc from 'fast-check'
import type { ThriftReader, ThriftTypeCode, ThriftWriter } from '../../../../src/runtime/thrift/protocol/protocol.ts'

export type Tree =
  | { readonly type: 2; readonly value: boolean }
  | { readonly type: 3 | 4 | 6 | 8; readonly value: number }
  | { readonly type: 10; readonly value: bigint }
  | { readonly type: 11; readonly value: string | Uint8Array }
  | { readonly type: 12; readonly fields: readonly { readonly id: number; readonly tree: Tree }[] }
  | {
      readonly type: 13
      readonly key: number
      readonly of: number
      readonly entries: readonly (readonly [Tree, Tree])[]
    }
  | { readonly type: 14 | 15; readonly of: number; readonly elements: readonly Tree[] }
  | { readonly type: 16; readonly value: string }

const leaf = (type: number): fc.Arbitrary<Tree> => {
  switch (type) {
    case 2:
      return fc.boolean().map((value) => ({ type: 2, value }))
    case 3:
      return fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 3, value }))
    case 4:
      return fc.double({ noNaN: true }).map((value) => ({ type: 4, value: value === 0 ? 0 : value })) // npm thrift loses the sign of -0
    case 6:
      return fc.integer({ min: -32768, max: 32767 }).map((value) => ({ type: 6, value }))
    case 8:
      return fc.integer().map((value) => ({ type: 8, value }))
    case 10:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type: 10, value }))
    case 16:
      return fc.uuid().map((value) => ({ type: 16, value }))
    default:
      return fc
        .oneof(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.string({ maxLength: 300 }))
        .map((value) => ({ type: 11, value }))
  }
}

const leafTypes = [2, 3, 4, 6, 8, 10, 11, 16]

const treeOf = (type: number, depth: number): fc.Arbitrary<Tree> => {
  const inner = fc.constantFrom(...leafTypes, ...(depth > 0 ? [12, 13, 14, 15] : []))
  switch (type) {
    case 12:
      return fc
        .uniqueArray(fc.integer({ min: -40, max: 32767 }), { maxLength: 6 })
        .chain((ids) =>
          fc.tuple(...ids.map((id) => inner.chain((of) => treeOf(of, depth - 1)).map((tree) => ({ id, tree })))),
        )
        .map((fields) => ({ type: 12, fields }))
    case 13:
      return fc
        .tuple(inner, inner)
        .chain(([key, of]) =>
          fc
            .array(fc.tuple(treeOf(key, depth - 1), treeOf(of, depth - 1)), { minLength: 1, maxLength: 4 })
            .map((entries) => ({ type: 13, key, of, entries })),
        )
    case 14:
    case 15:
      return inner.chain((of) =>
        fc.array(treeOf(of, depth - 1), { maxLength: 20 }).map((elements) => ({ type, of, elements })),
      )
    default:
      return leaf(type)
  }
}

/** A random struct, nested up to three deep. */
export const struct: fc.Arbitrary<Tree> = treeOf(12, 3)

/** Writes a tree with our writer. */
export function write(w: ThriftWriter, tree: Tree): void {
  switch (tree.type) {
    case 2:
      w.bool(tree.value)
      return
    case 3:
      w.i8(tree.value)
      return
    case 4:
      w.double(tree.value)
      return
    case 6:
      w.i16(tree.value)
      return
    case 8:
      w.i32(tree.value)
      return
    case 10:
      w.i64(tree.value)
      return
    case 11:
      if (typeof tree.value === 'string') w.string(tree.value)
      else w.binary(tree.value)
      return
    case 16:
      w.uuid(tree.value)
      return
    case 12:
      w.structBegin()
      for (const { id, tree: inner } of tree.fields) {
        w.fieldBegin(inner.type, id)
        write(w, inner)
      }
      w.structEnd()
      return
    case 13:
      w.mapBegin(tree.key as ThriftTypeCode, tree.of as ThriftTypeCode, tree.entries.length)
      for (const [key, value] of tree.entries) {
        write(w, key)
        write(w, value)
      }
      return
    default:
      if (tree.type === 14) w.setBegin(tree.of as ThriftTypeCode, tree.elements.length)
      else w.listBegin(tree.of as ThriftTypeCode, tree.elements.length)
      for (const element of tree.elements) write(w, element)
  }
}

/** Reads a tree with our reader. */
export function read(r: ThriftReader, type: number): Tree {
  switch (type) {
    case 2:
      return { type, value: r.bool() }
    case 3:
      return { type, value: r.i8() }
    case 4:
      return { type, value: r.double() }
    case 6:
      return { type, value: r.i16() }
    case 8:
      return { type, value: r.i32() }
    case 10:
      return { type, value: r.i64() }
    case 11:
      return { type, value: r.string() }
    case 16:
      return { type, value: r.uuid() }
    case 12: {
      const fields: { id: number; tree: Tree }[] = []
      r.structBegin()
      for (let field = r.fieldBegin(); field !== 0; field = r.fieldBegin()) {
        const id = r.fieldId
        fields.push({ id, tree: read(r, field) })
      }
      r.structEnd()
      return { type, fields }
    }
    case 13: {
      const size = r.mapBegin()
      const { keyType: key, valueType: of } = r
      const entries: [Tree, Tree][] = []
      for (let i = 0; i < size; i++) entries.push([read(r, key), read(r, of)])
      return { type, key, of, entries }
    }
    case 14:
    case 15: {
      const size = type === 14 ? r.setBegin() : r.listBegin()
      const of = r.elementType
      const elements: Tree[] = []
      for (let i = 0; i < size; i++) elements.push(read(r, of))
      return { type, of, elements }
    }
    default:
      // Hostile bytes only: the reader refuses what is no type.
      r.skip(type)
      return { type: 12, fields: [] }
  }
}
