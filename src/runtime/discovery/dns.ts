/** dns(): a Discover of all addresses of a name, or of its SRV records. */

import { Resolver } from 'node:dns/promises'
import { RpcError } from '../core/error.ts'
import { type Discover, type DiscoverOptions, discover } from './discover.ts'
import { defaultWeight, type Instance, instance } from './instance.ts'
import { type Answer, pollSource } from './poll.ts'

/** Options of {@link dns}. */
export interface DnsOptions extends DiscoverOptions {
  /** Servers to ask, `127.0.0.1:53`. Default: those of the system. */
  readonly servers?: readonly string[] | undefined
  /** Milliseconds that an answer holds at most, whatever its TTL says. Default 30,000. */
  readonly maxAgeMs?: number | undefined
  /** Milliseconds that it holds at least, also after a connection was lost. Default 30,000, as in gRPC. */
  readonly minAgeMs?: number | undefined
  /** Milliseconds that one question may take. Default 5,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * The instances behind a name of DNS. `shop.default.svc:8080` asks for its A and AAAA records, so that all addresses of a
 * headless service of Kubernetes are used. A name without a port asks for SRV records (`_grpc._tcp.shop.example`): of
 * those of the lowest priority, each with its weight and port. It is asked again when the TTL of the answer has passed,
 * and when a connection was lost, but not sooner than `minAgeMs` after the last time.
 */
export function dns(name: string, options: DnsOptions = {}): Discover {
  const { servers, maxAgeMs = 30_000, minAgeMs = 30_000, timeoutMs = 5_000 } = options
  const match = /^(.*?)(?::(\d+))?$/.exec(name)!
  const host = match[1]!
  const port = match[2]
  if (host === '') throw new TypeError(`dns: ${JSON.stringify(name)} is not a name, or a name with a port`)
  const ask = async (): Promise<Answer> => {
    // A resolver of its own: one that the system has replaced is noticed.
    const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
    if (servers !== undefined) resolver.setServers(servers)
    const found = port === undefined ? await services(resolver, host) : await addresses(resolver, host, Number(port))
    return { instances: found.instances, validMs: Math.min(maxAgeMs, Math.max(minAgeMs, found.ttl * 1000)) }
  }
  return discover(pollSource({ target: `dns:///${name}`, everyMs: maxAgeMs, leastMs: minAgeMs, ask }), options)
}

interface Found {
  readonly instances: readonly Instance[]
  /** Seconds. */
  readonly ttl: number
}

async function addresses(resolver: Resolver, host: string, port: number, weight = defaultWeight): Promise<Found> {
  const [four, six] = await Promise.allSettled([
    resolver.resolve4(host, { ttl: true }),
    resolver.resolve6(host, { ttl: true }),
  ])
  const records = [...(four.status === 'fulfilled' ? four.value : []), ...(six.status === 'fulfilled' ? six.value : [])]
  if (records.length === 0) {
    const reasons = [four, six].flatMap((one) =>
      one.status === 'rejected' ? [one.reason as NodeJS.ErrnoException] : [],
    )
    const reason = reasons.find(({ code }) => code !== 'ENODATA') ?? reasons[0]
    if (reason !== undefined) throw failure(host, reason)
  }
  return {
    instances: records.map(({ address }) =>
      instance(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`, weight),
    ),
    ttl: Math.min(...records.map(({ ttl }) => ttl)),
  }
}

async function services(resolver: Resolver, name: string): Promise<Found> {
  const records = await resolver.resolveSrv(name).catch((error: NodeJS.ErrnoException) => {
    throw failure(name, error)
  })
  const lowest = Math.min(...records.map(({ priority }) => priority))
  const used = records.filter(({ priority }) => priority === lowest)
  const found = await Promise.all(
    // A weight of 0 is for records without a preference (RFC 2782), not for servers that take nothing.
    used.map(({ name: host, port, weight }) => addresses(resolver, host, port, Math.max(1, weight))),
  )
  const byAddress = new Map(found.flatMap(({ instances }) => instances).map((one) => [one.address, one]))
  return { instances: [...byAddress.values()], ttl: Math.min(...found.map(({ ttl }) => ttl)) }
}

function failure(name: string, error: NodeJS.ErrnoException): RpcError {
  const why: Readonly<Record<string, string>> = {
    ENOTFOUND: 'there is no such name',
    ENODATA: 'the name has no such records',
    ECONNREFUSED: 'no DNS server answers',
    ETIMEOUT: 'no DNS server answers in time',
  }
  const text = `DNS does not know ${name}: ${why[error.code ?? ''] ?? error.message} (${error.code})`
  return new RpcError('UNAVAILABLE', text, { cause: error, bytesSent: false, stack: false })
}
