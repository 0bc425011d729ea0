/** Names that options choose: `rename`, from what the IDL calls something to what TypeScript calls it. */

import type { Report } from '../../diagnostic.ts'
import type { GenerateOptions } from '../../generate-options.ts'
import { didYouMean } from '../../text/suggest.ts'

/** The chosen names of a program. */
export interface Renames {
  /** The name chosen for something that options may call by any of `keys`; undefined when there is none, or it cannot be one. */
  find(keys: readonly string[], isReserved: (name: string) => boolean): string | undefined
  /** Reports chosen names that cannot be one, and keys that nothing was called by. Called when all names have been asked for. */
  check(report: Report): void
}

/** Reads the option. */
export function renames({ rename = {}, places }: Pick<GenerateOptions, 'rename' | 'places'>): Renames {
  const chosen = new Map(Object.entries(rename))
  const unused = new Set(chosen.keys())
  const unfit = new Set<string>()
  const known = new Set<string>()
  return {
    find(keys, isReserved) {
      if (chosen.size === 0) return undefined
      let found: string | undefined
      for (const key of keys) {
        known.add(key)
        const name = chosen.get(key)
        if (name === undefined) continue
        unused.delete(key)
        if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || isReserved(name)) unfit.add(key)
        else found ??= name
      }
      return found
    },
    check(report) {
      for (const key of unused) {
        report({
          code: 'config-unknown-name',
          message: `no IDL of the entry declares '${key}', which 'rename' names`,
          span: places?.rename?.(key),
          hint:
            didYouMean(key, [...known]) ??
            'it takes names as shop.v1.Cart for a declaration, shop.v1.Cart.owner for what it holds',
        })
      }
      for (const key of unfit) {
        report({
          code: 'config-value',
          message: `'${chosen.get(key)}' cannot be the name of '${key}' in TypeScript`,
          span: places?.rename?.(key),
          hint: 'a name is letters, digits and underscores, does not start with a digit, and is no word of TypeScript',
        })
      }
    },
  }
}
