/** Http2Dialer: one address, and new HTTP/2 connections to it. */

import { delayOf } from '../../core/context/delay.ts'
import { type RpcCode, RpcError } from '../../core/error.ts'
import { type Address, type AddressInit, formatAddress, formatHostPort, parseAddress } from '../../net/address.ts'
import { type HttpProxy, parseProxy } from '../../net/connect-proxy.ts'
import { defaultConnectTimeoutMs, dial } from '../../net/dial.ts'
import type { ClientTlsOptions } from '../../net/tls.ts'
import { http2Client } from '../engine.ts'
import type { Http2ClientConnection, Http2ClientOptions } from '../sink.ts'

/** Whom to dial: `127.0.0.1:8080`, `shop.internal:8080`, `[::1]:8080`, `:8080`, a port, `unix:/run/shop.sock`. */
export type Http2Address = AddressInit

/** TLS of a client; `{}` trusts the system's authorities and checks the host name. */
export type Http2ClientTls = ClientTlsOptions

/** A proxy to dial through, by CONNECT: `http://user:password@proxy.internal:3128`. */
export type Http2Proxy = HttpProxy

/** How to dial, and what the connections are like. */
export interface Http2DialOptions extends Http2ClientOptions {
  readonly tls?: Http2ClientTls | undefined
  readonly proxy?: Http2Proxy | undefined
  /** Milliseconds until a connection must be ready: name lookup, TLS and the server's SETTINGS included. Default 3,000. */
  readonly connectTimeoutMs?: number | undefined
}

/** Dials one address: in plain text with prior knowledge, over TLS with ALPN `h2`. */
export class Http2Dialer {
  /** The address as text, for messages. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** What `:authority` is when nobody says otherwise: host and port, `localhost` for a Unix socket. */
  readonly authority: string
  readonly #target: Address
  readonly #options: Http2DialOptions

  /** Throws RpcError INVALID_ARGUMENT for an address or a proxy that is none. */
  constructor(address: Http2Address, options: Http2DialOptions) {
    const target = parseAddress(address)
    if (options.proxy !== undefined) parseProxy(options.proxy)
    this.address = formatAddress(target)
    this.scheme = options.tls === undefined ? 'http' : 'https'
    this.authority = target.kind === 'tcp' ? formatHostPort(target.host ?? 'localhost', target.port) : 'localhost'
    this.#target = target
    this.#options = options
  }

  /**
   * A new connection, once the server has sent its SETTINGS; it reports by `options` from then on. Rejects with RpcError
   * UNAVAILABLE, `bytesSent: false`; CANCELLED when `signal` aborts.
   */
  async dial(signal: AbortSignal, options: Http2ClientOptions): Promise<Http2ClientConnection> {
    const { tls, proxy, connectTimeoutMs = defaultConnectTimeoutMs } = this.#options
    const until = performance.now() + connectTimeoutMs
    const dialed = await dial(this.#target, { tls, proxy, connectTimeoutMs, alpn: ['h2'], signal })
    return new Promise((resolve, reject) => {
      let state: 'connecting' | 'ready' | 'failed' = 'connecting'
      const settle = (outcome: 'ready' | 'failed'): void => {
        state = outcome
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const fail = (code: RpcCode, message: string): void => {
        if (state !== 'connecting') return
        settle('failed')
        reject(new RpcError(code, message, { bytesSent: false }))
        connection.destroy()
      }
      const connection = http2Client(dialed, {
        ...this.#options,
        ...options,
        onSettled: () => {
          if (state !== 'connecting') return
          settle('ready')
          resolve(connection)
        },
        onRetired: (retirement) => {
          if (state === 'ready') options.onRetired?.(retirement)
          else fail('UNAVAILABLE', retirement.reason)
        },
        onClose: () => {
          if (state === 'ready') options.onClose?.()
        },
      })
      const onAbort = (): void => fail('CANCELLED', `connecting to ${this.address} was given up`)
      const onTime = (): void => {
        const text = `sent no HTTP/2 SETTINGS within ${connectTimeoutMs} ms; does this port speak gRPC?`
        fail('UNAVAILABLE', `cannot connect to ${this.address}: it ${text}`)
      }
      // What came while this process was busy is read before time is called.
      const timer = setTimeout(() => setImmediate(onTime), delayOf(Math.max(0, until - performance.now())))
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
    })
  }
}
