/** What a server registers: its services under the address that others reach it by. */

import { networkInterfaces } from 'node:os'
import { RpcError } from '../core/error.ts'
import { defaultWeight, instance } from '../discovery/instance.ts'
import type { Registration } from '../discovery/registry.ts'
import { formatHostPort } from '../net/address.ts'
import type { BoundAddress } from '../net/listen.ts'

/** What a server says of itself in a registry. */
export interface AdvertiseOptions {
  /** Name of the service. */
  readonly service: string
  /**
   * The address that others reach it by. Default: the first TCP address that is bound; for one that stands for all
   * addresses the first IPv4 address of the machine that is not loopback, as in Kitex.
   */
  readonly address?: string | undefined
  /** Default 10. */
  readonly weight?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Milliseconds between leaving the registry and the end of listening, for callers to notice. Default 2,000. */
  readonly settleMs?: number | undefined
}

/** What to register. Throws RpcError FAILED_PRECONDITION where there is no TCP address. */
export function registrationOf(options: AdvertiseOptions, bound: readonly BoundAddress[]): Registration {
  const { service, weight = defaultWeight, tags = {} } = options
  const address = options.address ?? reachable(bound)
  if (address === undefined) {
    const text = `nobody can be told where ${service} is: no TCP address is bound; set advertise.address`
    throw new RpcError('FAILED_PRECONDITION', text)
  }
  return { service, ...instance(address, weight, tags) }
}

function reachable(bound: readonly BoundAddress[]): string | undefined {
  const tcp = bound.find(({ port }) => port !== undefined)
  if (tcp === undefined) return undefined
  const { host, port } = tcp
  if (host !== '0.0.0.0' && host !== '::') return formatHostPort(host!, port!)
  const own = Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && one.family === 'IPv4' && !one.internal)
  return formatHostPort(own?.address ?? '127.0.0.1', port!)
}
