/** The names of one scope: each IDL name gets the TypeScript name that it wants, or, where another has it, that one with `_` behind it. */

import type { Report, Span } from '../../diagnostic.ts'

/** Something with a name and the place where it stands. */
export interface Named {
  readonly name: string
  readonly span: Span
}

/** One name that is looked for. */
export interface Wish<T extends Named> {
  readonly one: T
  /** The name that it gets where nothing is in the way. */
  readonly wanted: string
  /** The name that the options choose for it. */
  readonly chosen: string | undefined
  /** What options call it, for hints. */
  readonly key: string
  /** No declaration of the scope may have the wanted name. */
  readonly isReserved: boolean
  /** Nothing is printed for it: it holds its name, and nothing is said about it. */
  readonly isSilent?: boolean
}

/**
 * The names of a scope. `wishes` are ordered: of two that want one name the first keeps it, and the other one is reported as a warning. A chosen name goes
 * before all others; two that are equal are an error. `taken`: names that the scope has already.
 */
export function scopeNames<T extends Named>(
  wishes: readonly Wish<T>[],
  taken: ReadonlySet<string>,
  isReserved: (name: string) => boolean,
  report: Report,
): Map<T, string> {
  const names = new Map<T, string>()
  const used = new Map<string, Wish<T> | undefined>([...taken].map((name) => [name, undefined]))
  for (const wish of wishes) {
    if (wish.chosen === undefined) continue
    const other = used.get(wish.chosen)
    if (other !== undefined) reportClash(report, wish.chosen, wish.one, other.one)
    used.set(wish.chosen, wish)
    names.set(wish.one, wish.chosen)
  }
  const first = new Map<string, Wish<T> | undefined>(used)
  const late: Wish<T>[] = []
  for (const wish of wishes) {
    if (wish.chosen !== undefined) continue
    if (first.has(wish.wanted) || wish.isReserved) {
      late.push(wish)
    } else {
      used.set(wish.wanted, wish)
      names.set(wish.one, wish.wanted)
    }
    if (!first.has(wish.wanted)) first.set(wish.wanted, wish)
  }
  for (const wish of late) {
    let name = wish.wanted
    while (used.has(name) || isReserved(name)) name += '_'
    used.set(name, wish)
    names.set(wish.one, name)
    const other = first.get(wish.wanted)
    if (other !== wish && wish.isSilent !== true) reportChange(report, wish, name, other)
  }
  return names
}

function reportClash(report: Report, name: string, one: Named, other: Named): void {
  report({
    code: 'generated-name-clash',
    message: `'${other.name}' and '${one.name}' are both renamed to '${name}'`,
    span: one.span,
    related: [{ message: 'the other is here', span: other.span }],
    hint: "choose another name for one of them under 'rename' in volo.yml",
  })
}

function reportChange(
  report: Report,
  { one, wanted, key }: Wish<Named>,
  name: string,
  other: Wish<Named> | undefined,
): void {
  report({
    code: 'generated-name-changed',
    message:
      other === undefined
        ? `'${one.name}' becomes '${name}' in TypeScript, where '${wanted}' is the name of something else`
        : `'${other.one.name}' and '${one.name}' both become '${wanted}' in TypeScript; this one is called '${name}'`,
    span: one.span,
    related: other === undefined ? [] : [{ message: 'the other is here', span: other.one.span }],
    hint: `to choose a name, write under 'typescript' in volo.yml: rename: { ${key}: ${name} }`,
  })
}
