/** discoverTarget(): a Discover by a name as people write it in configuration. */

import { RpcError } from '../core/error.ts'
import { quoted } from '../core/text/printable.ts'
import { consul } from './consul.ts'
import type { Discover } from './discover.ts'
import { dns } from './dns.ts'
import { etcd } from './etcd.ts'
import { staticInstances } from './static-instances.ts'

/** By scheme: what stands between `//` and the next slash, and what follows. */
const schemes: Readonly<Record<string, (authority: string, path: string) => Discover>> = {
  // An authority is the server to ask, as in gRPC.
  dns: (authority, path) => dns(path, authority === '' ? {} : { servers: [authority] }),
  static: (_, path) => staticInstances(path.split(',')),
  etcd: (authority, path) => etcd(authority, { service: path }),
  consul: (authority, path) => consul(authority, { service: path }),
}

/**
 * `dns:///shop.default.svc:8080`, `dns://10.0.0.2/shop:8080` (asks that server), `static:///10.0.0.1:8080,10.0.0.2:8080`,
 * `etcd://10.0.0.1:2379,10.0.0.2:2379/shop`, `consul://127.0.0.1:8500/shop`. Throws RpcError INVALID_ARGUMENT for a name
 * that is none of these.
 */
export function discoverTarget(name: string): Discover {
  const [, scheme = '', authority = '', path = ''] = /^([a-z]+):\/\/([^/]*)\/(.+)$/.exec(name) ?? []
  const make = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  try {
    if (make !== undefined) return make(authority, path)
  } catch (error) {
    throw new RpcError('INVALID_ARGUMENT', `${quoted(name)}: ${(error as Error).message}`, { cause: error })
  }
  const text = `${quoted(name)} names no instances; names are dns:///host:port, static:///a:1,b:2, etcd://host:2379/service and consul://host:8500/service`
  throw new RpcError('INVALID_ARGUMENT', text)
}
