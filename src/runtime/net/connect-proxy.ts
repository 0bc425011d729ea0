/** HTTP proxies: which one to use, and the CONNECT request that makes one a tunnel (RFC 9110 section 9.3.6). */

import { BlockList, isIP, isIPv6, type Socket } from 'node:net'
import { delayOf } from '../core/context/delay.ts'
import { RpcError } from '../core/error.ts'
import { type Address, formatHostPort, parseAddress } from './address.ts'
import type { ClientTlsOptions } from './tls.ts'

/** A proxy: `http://user:password@proxy.internal:3128`; `https://` speaks TLS to the proxy itself. */
export type HttpProxy = string

/** A proxy as it is dialled. */
export interface ParsedProxy {
  readonly address: Extract<Address, { kind: 'tcp' }>
  readonly tls: ClientTlsOptions | undefined
  /** The value of `proxy-authorization`. */
  readonly authorization: string | undefined
}

/** Reads a proxy's URL. Throws RpcError INVALID_ARGUMENT; the password is in no message. */
export function parseProxy(proxy: HttpProxy): ParsedProxy {
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new RpcError('INVALID_ARGUMENT', 'the proxy is not a URL such as "http://proxy.internal:3128"')
  }
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    address: { kind: 'tcp', host, port },
    tls: secure ? {} : undefined,
    authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`,
  }
}

/**
 * The proxy that an environment names for an address, by `https_proxy`, `grpc_proxy` and `no_proxy` as gRPC reads them:
 * `proxy: proxyFromEnv(process.env, address)`. Undefined when there is none, and for Unix sockets.
 */
export function proxyFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  address: string,
): HttpProxy | undefined {
  const target = parseAddress(address)
  const proxy = first(env, ['grpc_proxy', 'https_proxy', 'http_proxy'])
  if (proxy === undefined || target.kind !== 'tcp') return undefined
  const host = (target.host ?? 'localhost').toLowerCase()
  const excluded =
    first(env, ['no_grpc_proxy', 'no_proxy'])
      ?.toLowerCase()
      .split(/[\s,]+/) ?? []
  return excluded.some((entry) => excludes(entry, host, target.port)) ? undefined : proxy
}

function first(env: Readonly<Record<string, string | undefined>>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name] || env[name.toUpperCase()]
    if (value !== undefined && value !== '') return value
  }
  return undefined
}

/**
 * Whether an entry of `no_proxy` is about a host: `*`, `host`, `.domain`, an IP address, or a network as `10.0.0.0/8` or
 * `fd00::/8`; all but networks may end in `:port`, an IPv6 address in brackets then. Names are not looked up.
 */
function excludes(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true
  const [, bracketed, plain = '', onlyPort] =
    /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(isIPv6(entry) ? `[${entry}]` : entry) ?? []
  const name = bracketed ?? plain
  const network = /^(.+)\/(\d{1,3})$/.exec(entry)
  if (network !== null) return holds(network[1]!, Number(network[2]), host)
  if (name === '' || (onlyPort !== undefined && Number(onlyPort) !== port)) return false
  if (isIP(name) !== 0) return holds(name, isIPv6(name) ? 128 : 32, host)
  const domain = name.replace(/^\*?\./, '')
  return host === domain || host.endsWith(`.${domain}`)
}

/** Whether a host is an IP address of a network; false for what is no network. */
function holds(network: string, prefix: number, host: string): boolean {
  const address = host.replace(/%.*$/, '')
  const isWide = isIPv6(network)
  if (isIP(address) === 0 || isIP(network) === 0 || prefix > (isWide ? 128 : 32)) return false
  const list = new BlockList()
  list.addSubnet(network, prefix, isWide ? 'ipv6' : 'ipv4')
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** Where the tunnel leads. */
export interface TunnelTarget {
  readonly host: string
  readonly port: number
  readonly authorization: string | undefined
}

const mostAnswer = 16 * 1024
const endOfHead = new Uint8Array([13, 10, 13, 10])

/**
 * Asks a proxy on a connected, paused socket for a tunnel, and leaves the socket paused with the tunnel's bytes next.
 * Rejects with an Error that says why there is none; the socket is then of no use.
 */
export function requestTunnel(
  socket: Socket,
  { host, port, authorization }: TunnelTarget,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const authority = formatHostPort(host, port)
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0)
    const settle = (error: Error | undefined): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.pause()
      socket.off('data', onData).off('close', onClose).off('error', onError)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf(endOfHead)
      if (end < 0) {
        if (head.length > mostAnswer) settle(new Error('the proxy sent an answer without end'))
        return
      }
      const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1', 0, 16)) ?? []
      if (status === undefined) settle(new Error('the proxy did not answer in HTTP'))
      else if (!status.startsWith('2')) settle(new Error(refusal(status)))
      else {
        const rest = head.subarray(end + endOfHead.length)
        settle(undefined)
        if (rest.length > 0) socket.unshift(rest)
      }
    }
    const onAbort = (): void => settle(new Error('given up'))
    const onClose = (): void => settle(new Error('the proxy closed the connection'))
    const onError = (error: Error): void => settle(error)
    const timer = setTimeout(() => settle(new Error('the proxy did not answer in time')), delayOf(timeoutMs))
    signal?.addEventListener('abort', onAbort)
    socket.on('data', onData).on('close', onClose).on('error', onError)
    const credentials = authorization === undefined ? '' : `proxy-authorization: ${authorization}\r\n`
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${credentials}\r\n`)
    socket.resume()
  })
}

function refusal(status: string): string {
  if (status === '407') return 'the proxy wants credentials (407); write them into its URL'
  return `the proxy refused with HTTP status ${status}`
}
