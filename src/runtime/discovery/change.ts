/** Change: how the instances of a service differ from those known before. */

import { type Instance, sameInstance } from './instance.ts'

/** All instances, and what of them is new. */
export interface Change {
  readonly all: readonly Instance[]
  readonly added: readonly Instance[]
  /** Known addresses with another weight or other tags. */
  readonly updated: readonly Instance[]
  /** As they were known before. */
  readonly removed: readonly Instance[]
}

/** Compares two answers of a registry; undefined where nothing differs. Of instances of one address the last one counts. */
export function changeBetween(before: readonly Instance[], now: readonly Instance[]): Change | undefined {
  const known = new Map(before.map((one) => [one.address, one]))
  const current = new Map(now.map((one) => [one.address, one]))
  const added: Instance[] = []
  const updated: Instance[] = []
  for (const one of current.values()) {
    const old = known.get(one.address)
    if (old === undefined) added.push(one)
    else if (!sameInstance(old, one)) updated.push(one)
  }
  const removed = before.filter(({ address }) => !current.has(address))
  if (added.length === 0 && updated.length === 0 && removed.length === 0) return undefined
  return { all: [...current.values()], added, updated, removed }
}
