/** Instance: one process that serves a service, as a registry knows it. */

import { quoted } from '../core/text/printable.ts'

/** Where a service can be reached, and how much of its load this place takes. */
export interface Instance {
  /** `10.0.0.1:8080`, `[::1]:8080`, `unix:/run/shop.sock`. Unique among the instances of a service. */
  readonly address: string
  /** Its share of the calls, relative to the others. 0: none. */
  readonly weight: number
  readonly tags: Readonly<Record<string, string>>
}

/** The weight of an instance that names none, as in Kitex. */
export const defaultWeight = 10

/** An instance out of what is known of it. Throws TypeError for an address without a port, RangeError for a weight below 0. */
export function instance(
  address: string,
  weight: number = defaultWeight,
  tags: Readonly<Record<string, string>> = {},
): Instance {
  if (!isAddress(address)) {
    throw new TypeError(`the address ${quoted(address)} of an instance is neither host:port nor unix:path`)
  }
  if (!(weight >= 0 && weight <= Number.MAX_SAFE_INTEGER))
    throw new RangeError(`the weight ${weight} of the instance ${address} is not a number of at least 0`)
  return { address, weight, tags }
}

function isAddress(address: string): boolean {
  if (/^unix:[^\0]+$/.test(address)) return true
  const match = /^(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[^\s:/[\]]+):(\d{1,5})$/.exec(address)
  return match !== null && Number(match[1]) > 0 && Number(match[1]) < 65_536
}

/** Whether two descriptions of one address say the same. */
export function sameInstance(a: Instance, b: Instance): boolean {
  if (a.weight !== b.weight) return false
  const names = Object.keys(a.tags)
  return names.length === Object.keys(b.tags).length && names.every((name) => a.tags[name] === b.tags[name])
}
