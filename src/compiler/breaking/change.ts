/** Changes between two versions of a program, and the collector that rules report to. */

import type { Span } from '../diagnostic.ts'
import type { IrDeclaration, IrType } from '../ir/ir.ts'
import { type BreakingCategory, type BreakingRuleId, breakingRules } from './rule.ts'

/** One breaking change. */
export interface BreakingChange {
  readonly rule: BreakingRuleId
  /** The gravest thing that it breaks. */
  readonly category: BreakingCategory
  /** What it is about: `shop.Cart.items`, `shop.Shop.checkout`, or the path of a file. The parts are those of the older version. */
  readonly subject: string
  /** One sentence. */
  readonly message: string
  /** Where it stood. */
  readonly before: Span | undefined
  /** Where it stands, or what held it stands. */
  readonly after: Span | undefined
  /** What to do about it. */
  readonly hint: string | undefined
}

/** What became of one declaration. Those that did not change are not listed. */
export interface DeclarationChange {
  /** Its full name; the newer one where both have one. */
  readonly name: string
  /** `struct`, `message`, `service`, `enum`, … */
  readonly what: string
  readonly status: 'added' | 'removed' | 'changed'
  /** The gravest thing broken; undefined when nothing is. */
  readonly breaks: BreakingCategory | undefined
  readonly changes: readonly BreakingChange[]
  /** What changed and breaks nothing: `field 'note' is new`. */
  readonly compatible: readonly string[]
}

/** Where a change is. */
export interface ChangePlaces {
  readonly before?: Span | undefined
  readonly after?: Span | undefined
  readonly hint?: string | undefined
}

/** What the rules work with. */
export interface Comparing {
  /** The newer version of a declaration; undefined when there is none. */
  pairOf(declaration: IrDeclaration): IrDeclaration | undefined
  /** The gravest thing that one type in place of another breaks; undefined when they are the same. */
  typeBreak(before: IrType, after: IrType): BreakingCategory | undefined
  /** Takes a breaking change. */
  breaks(rule: BreakingRuleId, subject: string, message: string, places: ChangePlaces): void
  /** Takes a change that breaks nothing. */
  allows(text: string): void
}

/** A breaking change from what a rule says. */
export function breakingChange(
  rule: BreakingRuleId,
  subject: string,
  message: string,
  places: ChangePlaces,
): BreakingChange {
  const { before, after, hint } = places
  return { rule, category: breakingRules[rule].category, subject, message, before, after, hint }
}

/** The word for a declaration. */
export function wordFor(declaration: IrDeclaration): string {
  return declaration.kind === 'message'
    ? declaration.shape
    : declaration.kind === 'const'
      ? 'constant'
      : declaration.kind
}
