/** Metainfo: the three string maps that CloudWeGo services hand along a call chain. */

import { describe } from './text/describe-value.ts'

/**
 * Metainfo of one call. `persistent` entries travel with every further hop, `transient` ones to the next hop only;
 * `backward` ones come back from the callee, one hop.
 */
export interface Metainfo {
  readonly persistent: Map<string, string>
  readonly transient: Map<string, string>
  readonly backward: Map<string, string>
}

/** Metainfo whose maps are made on first read. The `…IfAny` members look without making. */
export class LazyMetainfo implements Metainfo {
  persistentIfAny: Map<string, string> | undefined = undefined
  transientIfAny: Map<string, string> | undefined = undefined
  backwardIfAny: Map<string, string> | undefined = undefined

  get persistent(): Map<string, string> {
    this.persistentIfAny ??= new Map()
    return this.persistentIfAny
  }

  get transient(): Map<string, string> {
    this.transientIfAny ??= new Map()
    return this.transientIfAny
  }

  get backward(): Map<string, string> {
    this.backwardIfAny ??= new Map()
    return this.backwardIfAny
  }
}

/** Adds the entries of one map to another. Throws TypeError for a value that is not a string. */
export function addEntries(target: Map<string, string>, entries: Iterable<readonly [string, string]>): void {
  for (const [key, value] of entries) {
    if (typeof value !== 'string') throw new TypeError(`metainfo "${key}" is ${describe(value)}, not a string`)
    target.set(key, value)
  }
}
