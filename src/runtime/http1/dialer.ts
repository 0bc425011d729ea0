/** Http1Dialer: one address, and connections of HTTP/1.1 to it. */

import type { Http2Address, Http2ClientTls, Http2Proxy } from '../http2/client/dialer.ts'
import type { Http2ClientConnection, Http2ClientOptions } from '../http2/sink.ts'
import { type Address, formatAddress, formatHostPort, parseAddress } from '../net/address.ts'
import { parseProxy } from '../net/connect-proxy.ts'
import { defaultConnectTimeoutMs, dial } from '../net/dial.ts'
import { Http1ClientConnection } from './client-connection.ts'

/** How to dial, and what the connections are like. */
export interface Http1DialOptions {
  readonly tls?: Http2ClientTls | undefined
  readonly proxy?: Http2Proxy | undefined
  /** Milliseconds until a socket must be ready: name lookup and TLS included. Default 3,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Largest head of an answer, in bytes. Default 64 KiB. */
  readonly maxHeaderListBytes?: number | undefined
  /** Sockets to have at once; further calls wait. */
  readonly maxSockets: number
}

/** Dials one address: in plain text, or over TLS with ALPN `http/1.1`. */
export class Http1Dialer {
  /** The address as text, for messages. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** What `Host` is when nobody says otherwise: host and port, `localhost` for a Unix socket. */
  readonly authority: string
  readonly #target: Address
  readonly #options: Http1DialOptions

  /** Throws RpcError INVALID_ARGUMENT for an address or a proxy that is none. */
  constructor(address: Http2Address, options: Http1DialOptions) {
    const target = parseAddress(address)
    if (options.proxy !== undefined) parseProxy(options.proxy)
    this.address = formatAddress(target)
    this.scheme = options.tls === undefined ? 'http' : 'https'
    this.authority = target.kind === 'tcp' ? formatHostPort(target.host ?? 'localhost', target.port) : 'localhost'
    this.#target = target
    this.#options = options
  }

  /**
   * Connections, once the first stands; it reports by `options` from then on. Rejects with RpcError UNAVAILABLE,
   * `bytesSent: false`; CANCELLED when `signal` aborts.
   */
  async dial(signal: AbortSignal, options: Http2ClientOptions): Promise<Http2ClientConnection> {
    const { tls, proxy, connectTimeoutMs = defaultConnectTimeoutMs, maxSockets } = this.#options
    const one = (): ReturnType<typeof dial> =>
      dial(this.#target, { tls, proxy, connectTimeoutMs, alpn: ['http/1.1'], signal })
    const { maxHeaderListBytes = 64 * 1024 } = this.#options
    return new Http1ClientConnection(await one(), { dial: one, maxSockets, maxHeaderListBytes }, options)
  }
}
