/** What every copy of this package in the process has in common: the ES module, the CommonJS one, those inside bundles. */

import { packageVersion } from '../version.ts'

/**
 * The object of a name that all copies of one version of this package share; the first copy that asks makes it. Other
 * versions have objects of their own, for its shape is internal. `name` is unique in this package.
 */
/* @__NO_SIDE_EFFECTS__ */
export function processWide<T extends object>(name: string, make: () => T): T {
  const home = globalThis as unknown as Record<symbol, T | undefined>
  const key = Symbol.for(`volo-ts.${ofThisVersion(name)}`)
  let value = home[key]
  if (value === undefined) {
    value = make()
    // Where the global object is frozen, each copy has its own.
    Reflect.defineProperty(home, key, { value })
  }
  return value
}

/** A name on which only copies of one version agree. */
/* @__NO_SIDE_EFFECTS__ */
export function ofThisVersion(name: string): string {
  return `${packageVersion}.${name}`
}
