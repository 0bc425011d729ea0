/** Which field of a newer version is which of the older one: ids decide, names tell moved and reused ids apart. */

import type { IrField } from '../ir/ir.ts'
import type { Comparing } from './change.ts'
import { type BreakingCategory, isWanted } from './rule.ts'

/** What became of a field. `moved`: it has another id. `reused`: `after` is a different field that has its id. */
export interface PairedField {
  readonly before: IrField
  readonly after: IrField | undefined
  readonly fate: 'kept' | 'moved' | 'reused' | 'gone'
}

/** The older fields in order, each with what became of it, and the fields that are new. */
export interface FieldPairing {
  readonly pairs: readonly PairedField[]
  readonly added: readonly IrField[]
}

/** Pairs the fields of two versions. A field of another name and a type that breaks `reuse` is a different one. */
export function pairFields(
  c: Comparing,
  before: readonly IrField[],
  after: readonly IrField[],
  reuse: BreakingCategory = 'wire',
): FieldPairing {
  const newById = new Map(after.map((field) => [field.id, field]))
  const newByName = new Map(after.map((field) => [field.name, field]))
  const oldNames = new Set(before.map(({ name }) => name))
  const pairs = before.map((field): PairedField => {
    const sameId = newById.get(field.id)
    const sameName = newByName.get(field.name)
    if (sameId !== undefined && sameId === sameName) return { before: field, after: sameId, fate: 'kept' }
    if (sameName !== undefined) return { before: field, after: sameName, fate: 'moved' }
    if (sameId === undefined) return { before: field, after: undefined, fate: 'gone' }
    // An older field that took this id, or another type, is no renaming.
    const broken = c.typeBreak(field.type, sameId.type)
    const isOther = oldNames.has(sameId.name) || (broken !== undefined && isWanted(broken, reuse))
    return { before: field, after: sameId, fate: isOther ? 'reused' : 'kept' }
  })
  const known = new Set(pairs.map((pair) => pair.after))
  return { pairs, added: after.filter((field) => !known.has(field)) }
}
