/** What generated `complete` functions need: missing members, and containers that are copied only when an element changes. */

import { RpcError } from '../error.ts'
import type { UnknownFields } from './unknown-fields.ts'

/** Throws RpcError INVALID_ARGUMENT for a required member that is not there; `path` is `shop.Cart.lines`. */
export function missing(path: string): never {
  throw new RpcError('INVALID_ARGUMENT', `${path} is required and missing`)
}

/** RpcError INVALID_ARGUMENT for a union or oneof whose `case` is none of its own. */
export function unknownCase(path: string, value: { readonly case: unknown }): RpcError {
  return new RpcError('INVALID_ARGUMENT', `${path} has no case ${JSON.stringify(value.case) ?? typeof value.case}`)
}

/**
 * A union whose case its IDL does not know, as it was read: it keeps its place, and only the union that read it may write it.
 * Throws RpcError INVALID_ARGUMENT for every other case.
 */
export function keptCase<T>(typeName: string, value: { readonly case: unknown }): T {
  if (value.case !== '$unknown') throw unknownCase(typeName, value)
  const owner = (value as { readonly value?: UnknownFields }).value?.[0]
  if (owner === typeName) return value as unknown as T
  const reason = typeof owner === 'string' ? `one that ${owner} read` : 'none that was read'
  throw new RpcError('INVALID_ARGUMENT', `${typeName} cannot hold this unknown case: it is ${reason}`)
}

/** The same array when every element is complete, else a copy. */
export function completeList<I, T>(list: readonly I[], complete: (element: I) => T): T[] {
  let copy: T[] | undefined
  for (let i = 0; i < list.length; i++) {
    const element = list[i] as I
    const done = complete(element)
    if (copy !== undefined) copy.push(done)
    else if ((done as unknown) !== element) {
      copy = list.slice(0, i) as unknown[] as T[]
      copy.push(done)
    }
  }
  return copy ?? (list as unknown as T[])
}

/** The same object when every value is complete, else a copy without prototype. */
export function completeRecord<I, T>(
  record: Readonly<Record<string, I>>,
  complete: (value: I) => T,
): Record<string, T> {
  let copy: Record<string, T> | undefined
  for (const key of Object.keys(record)) {
    const value = record[key] as I
    const done = complete(value)
    if ((done as unknown) === value) continue
    copy ??= Object.assign(Object.create(null), record) as Record<string, T>
    copy[key] = done
  }
  return copy ?? (record as unknown as Record<string, T>)
}

/** The same Map when every value is complete, else a copy. */
export function completeMap<K, I, T>(map: ReadonlyMap<K, I>, complete: (value: I) => T): Map<K, T> {
  let copy: Map<K, T> | undefined
  for (const [key, value] of map) {
    const done = complete(value)
    if ((done as unknown) === value) continue
    copy ??= new Map(map as unknown as Map<K, T>)
    copy.set(key, done)
  }
  return copy ?? (map as unknown as Map<K, T>)
}

/** The same pairs when every key and value is complete, else a copy. */
export function completePairs<J, I, K, V>(
  pairs: readonly (readonly [J, I])[],
  completeKey: (key: J) => K,
  completeValue: (value: I) => V,
): [K, V][] {
  return completeList(pairs, (pair): [K, V] => {
    const key = completeKey(pair[0])
    const value = completeValue(pair[1])
    const same = (key as unknown) === pair[0] && (value as unknown) === pair[1]
    return same ? (pair as unknown as [K, V]) : [key, value]
  })
}
