/** What one message in the place of another breaks: their fields are compared, and those of all messages that they lead to. */

import type { IrDeclaration, IrFile, IrMessage } from '../ir/ir.ts'
import type { Comparing } from './change.ts'
import { compareMessage } from './compare/message.ts'
import { type BreakingCategory, breakingRules, graver } from './rule.ts'
import { typeBreak } from './type-break.ts'

/**
 * A function that says what one message in the place of another breaks: `source` where their bytes and JSON are the same. Results are kept.
 * `pairOf` gives the newer version of a declaration: such pairs are compared for themselves.
 */
export function messageBreaks(
  pairOf: (declaration: IrDeclaration) => IrDeclaration | undefined,
): (idl: IrFile['idl'], before: IrMessage, after: IrMessage) => BreakingCategory {
  const known = new Map<IrMessage, Map<IrMessage, BreakingCategory>>()
  return (idl, before, after) => {
    const kept = known.get(before)?.get(after)
    if (kept !== undefined) return kept
    const found = closureBreak(pairOf, idl, before, after)
    const of = known.get(before) ?? new Map<IrMessage, BreakingCategory>()
    known.set(before, of.set(after, found))
    return found
  }
}

/** Walks over every pair of messages that the first one leads to, each once; recursion in types is no recursion here. */
function closureBreak(
  pairOf: (declaration: IrDeclaration) => IrDeclaration | undefined,
  idl: IrFile['idl'],
  before: IrMessage,
  after: IrMessage,
): BreakingCategory {
  const found: { worst: BreakingCategory } = { worst: 'source' }
  const seen = new Map<IrMessage, Set<IrMessage>>()
  const open: (readonly [IrMessage, IrMessage])[] = []
  const visit = (a: IrMessage, b: IrMessage): BreakingCategory => {
    const partners = seen.get(a) ?? new Set<IrMessage>()
    seen.set(a, partners)
    if (!partners.has(b)) {
      partners.add(b)
      open.push([a, b])
    }
    return 'source'
  }
  const types = { idl, pairOf, messageBreak: visit }
  const comparing: Comparing = {
    pairOf,
    typeBreak: (a, b) => typeBreak(types, a, b),
    breaks: (rule) => {
      found.worst = graver(found.worst, breakingRules[rule].category) ?? found.worst
    },
    allows: () => {},
  }
  visit(before, after)
  for (let pair = open.pop(); pair !== undefined && found.worst !== 'wire'; pair = open.pop())
    compareMessage(comparing, ...pair)
  return found.worst
}
