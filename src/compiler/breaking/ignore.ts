/** Ignores: breaking changes that were decided on, each with a reason. */

import type { BreakingChange, DeclarationChange } from './change.ts'
import type { Comparison } from './compare/compare.ts'
import { type BreakingCategory, graver, isWanted } from './rule.ts'

/** One decision. */
export interface BreakingIgnore {
  /** The id of a rule. */
  readonly rule: string
  /** Only of this: `shop.Cart.note`; `*` stands for any part of a name, `shop.Cart.**` for all inside. */
  readonly subject?: string
  /** Only in this file, below its import root or as it is shown; `*` and `**` stand for parts of it. */
  readonly path?: string
  readonly reason: string
}

/** A comparison without what is ignored. */
export interface FilteredComparison {
  readonly comparison: Comparison
  /** How many changes each ignore took away, in their order. */
  readonly used: readonly number[]
}

/** Takes ignored changes away. */
export function applyIgnores(comparison: Comparison, ignores: readonly BreakingIgnore[]): FilteredComparison {
  const used = ignores.map(() => 0)
  const matchers = ignores.map(({ rule, subject, path }) => {
    const subjectPattern = subject === undefined ? undefined : patternOf(subject, '.')
    const pathPattern = path === undefined ? undefined : patternOf(path, '/')
    return (change: BreakingChange): boolean =>
      change.rule === rule &&
      (subjectPattern?.test(change.subject) ?? true) &&
      (pathPattern === undefined || placesOf(change).some((place) => pathPattern.test(place)))
  })
  const ignored = new Set<BreakingChange>()
  for (const change of comparison.changes) {
    for (const [i, matches] of matchers.entries()) {
      if (!matches(change)) continue
      used[i] = used[i]! + 1
      ignored.add(change)
    }
  }
  return { comparison: ignored.size === 0 ? comparison : keep(comparison, (change) => !ignored.has(change)), used }
}

/** A comparison with the changes that count for who asks for `wanted`. */
export function onlyWanted(comparison: Comparison, wanted: BreakingCategory): Comparison {
  return keep(comparison, ({ category }) => isWanted(category, wanted))
}

function keep(comparison: Comparison, isKept: (change: BreakingChange) => boolean): Comparison {
  const declarations = comparison.declarations.map((one): DeclarationChange => {
    const changes = one.changes.filter(isKept)
    let breaks: BreakingCategory | undefined
    for (const { category } of changes) breaks = graver(breaks, category)
    return { ...one, changes, breaks }
  })
  return { changes: comparison.changes.filter(isKept), declarations }
}

function placesOf({ before, after }: BreakingChange): string[] {
  return [before, after].flatMap((span) => (span === undefined ? [] : [span.source.path, span.source.logicalPath]))
}

/** `*` is any run without the separator, `**` any run. */
function patternOf(text: string, separator: '.' | '/'): RegExp {
  const source = text
    .split(/(\*+)/)
    .map((part) => {
      if (part === '*') return `[^${separator === '.' ? '.' : '/'}]*`
      return part.startsWith('*') ? '.*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    })
    .join('')
  return new RegExp(`^${source}$`)
}
