/** Compares what messages and enums reserve and leave to extensions. */

import type { IrReserved } from '../../ir/ir.ts'
import type { ChangePlaces, Comparing } from '../change.ts'
import { rangeText, uncovered } from '../number-set.ts'

/** A declaration of protobuf that can reserve. */
interface Reserving {
  readonly name: string
  readonly fullName: string
  readonly span: NonNullable<ChangePlaces['after']>
  readonly reserved?: IrReserved
}

/** What a declaration no longer reserves. */
export function compareReserved(c: Comparing, what: string, before: Reserving, after: Reserving): void {
  const now = after.reserved
  for (const range of before.reserved?.ranges ?? []) {
    for (const gap of uncovered(range, now?.ranges ?? [])) {
      c.breaks('reserved-removed', before.fullName, `${what} '${after.name}' no longer reserves ${rangeText(gap)}`, {
        before: range.span,
        after: after.span,
        hint: 'reserve it again: older versions know it by another meaning',
      })
    }
  }
  const names = new Set(now?.names.map(({ name }) => name))
  for (const { name, span } of before.reserved?.names ?? []) {
    if (names.has(name)) continue
    c.breaks('reserved-removed', before.fullName, `${what} '${after.name}' no longer reserves the name '${name}'`, {
      before: span,
      after: after.span,
      hint: 'reserve it again: older versions know it by another meaning',
    })
  }
}
