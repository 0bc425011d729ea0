/** Channel: the connection to one address, made when first needed and again when it is gone. */

import { RpcError } from '../core/error.ts'
import { drainFor } from '../core/server-router.ts'
import type { Http2Dialer } from '../http2/dialer.ts'
import type { Http2ClientConnection } from '../http2/sink.ts'

/** One address and the connections to it: the one in use, and those that still end their streams. */
export class Channel {
  readonly #dialer: Http2Dialer
  readonly #connections = new Set<Http2ClientConnection>()
  #current: Http2ClientConnection | undefined
  #dialling: Promise<Http2ClientConnection> | undefined
  readonly #abort = new AbortController()
  #closing: Promise<void> | undefined

  constructor(dialer: Http2Dialer) {
    this.#dialer = dialer
  }

  /** The connection in use, when there is one that takes calls. */
  get ready(): Http2ClientConnection | undefined {
    return this.#current?.usable === true && this.#closing === undefined ? this.#current : undefined
  }

  /** A connection that takes calls; dials at most once at a time. Rejects with RpcError UNAVAILABLE, `bytesSent: false`. */
  connect(): Promise<Http2ClientConnection> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed())
    const { ready } = this
    if (ready !== undefined) return Promise.resolve(ready)
    this.#dialling ??= this.#dial()
      .catch((error) => {
        throw this.#abort.signal.aborted ? this.#closed() : error
      })
      .finally(() => {
        this.#dialling = undefined
      })
    return this.#dialling
  }

  /** Takes no call any more; open ones may end for `drainMs`. Resolves when every socket is closed. */
  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#close(drainMs)
    return this.#closing
  }

  async #dial(): Promise<Http2ClientConnection> {
    const connection: Http2ClientConnection = await this.#dialer.dial(this.#abort.signal, () => {
      this.#connections.delete(connection)
    })
    this.#connections.add(connection)
    this.#current = connection
    return connection
  }

  async #close(drainMs: number): Promise<void> {
    const closed = this.#drain()
    await drainFor(closed, drainMs)
    this.#abort.abort()
    for (const connection of [...this.#connections]) connection.destroy()
    await closed
  }

  /** Resolves when the calls that wait for a connection have theirs, and every connection is closed. */
  async #drain(): Promise<void> {
    await this.#dialling?.catch(() => {})
    await Promise.all([...this.#connections].map((connection) => connection.close()))
  }

  #closed(): RpcError {
    return new RpcError('UNAVAILABLE', `the gRPC transport to ${this.#dialer.address} is closed`, {
      bytesSent: false,
      stack: false,
    })
  }
}
