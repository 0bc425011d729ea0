/** How an instance stands in etcd: as Kitex's registry-etcd writes it, so that Go services find ours and the reverse. */

import { quoted } from '../core/text/printable.ts'
import { defaultWeight, type Instance, instance } from './instance.ts'

/** The prefix of Kitex. */
export const defaultPrefix = 'kitex/registry-etcd'

/** The keys of a service begin with it. Throws TypeError for a name that would be part of another service's keys. */
export function servicePrefix(prefix: string, service: string): string {
  if (service === '' || /[/\p{Cc}]/u.test(service))
    throw new TypeError(
      `etcd: ${quoted(service)} is no name of a service: it has a slash, a control character, or nothing`,
    )
  return `${prefix}/${service}/`
}

/** The value of an instance. */
export function entryOf({ address, weight, tags }: Instance): string {
  return JSON.stringify({ network: address.startsWith('unix:') ? 'unix' : 'tcp', address, weight, tags })
}

/** The instance of a value. Throws an error that says what is wrong with it. */
export function readEntry(text: string): Instance {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new TypeError('the value is no object')
  const { address, weight, tags } = value as Readonly<Record<string, unknown>>
  if (typeof address !== 'string') throw new TypeError('the value has no address')
  const known = typeof weight === 'number' && weight > 0 ? weight : defaultWeight
  const texts = Object.entries(typeof tags === 'object' && tags !== null ? tags : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return instance(address, known, Object.fromEntries(texts))
}
