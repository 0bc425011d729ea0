/** HTTP/1.1 on sockets that somebody else accepted: the parsing is node:http's. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { delayOf } from '../core/context/delay.ts'
import { watchWriteStall } from './write-stall.ts'

/** A request of `node:http`. */
export type Http1Request = IncomingMessage
/** A response of `node:http`. */
export type Http1Response = ServerResponse
/** A server of `node:http`; one of `node:https` is one, too. */
export type Http1Server = Server

/** How long the peers of HTTP/1.1 may take. */
export interface Http1Limits {
  /** Milliseconds until the head of a request must be whole. Default 10,000. */
  readonly headTimeoutMs?: number | undefined
  /** Milliseconds until its body must be whole. Default 300,000. */
  readonly bodyTimeoutMs?: number | undefined
  /**
   * Milliseconds in which a client must take at least one byte of a complete response; then the connection is closed. 0:
   * any time. Default 30,000.
   */
  readonly writeTimeoutMs?: number | undefined
  /** Milliseconds without a request after which a connection is closed. Default 65,000. */
  readonly idleTimeoutMs?: number | undefined
  /** Largest head, in bytes. Default 16 KiB. */
  readonly maxHeaderBytes?: number | undefined
}

/** Gets every request. */
export type Http1Listener = (request: IncomingMessage, response: ServerResponse) => void

/** A connection that speaks HTTP/1.1. */
export interface Http1Connection {
  /** Lets the requests in flight have their answers, then closes. Resolves when the socket is closed. */
  drain(): Promise<void>
  destroy(): void
  /** Requests that wait for their answer. */
  readonly openRequests: number
}

/** Serves HTTP/1.1 on sockets that it is given. */
export interface Http1Host {
  accept(socket: Socket, first: Uint8Array): Http1Connection
}

/** Makes a host. It listens nowhere and holds nothing but the connections that it was given. */
export function http1Host(listener: Http1Listener, limits: Http1Limits = {}): Http1Host {
  const connections = new WeakMap<Socket, Connection>()
  const { idleTimeoutMs = 65_000, maxHeaderBytes = 16 * 1024 } = limits
  const server: Server = createServer({ maxHeaderSize: maxHeaderBytes, noDelay: true })
  server.keepAliveTimeout = idleTimeoutMs
  server.on('request', (request, response) => {
    connections.get(request.socket)?.requested(request, response)
    listener(request, response)
  })
  // Expect: 100-continue is granted by default; an upgrade that nobody wants is answered as if it had not been asked for.
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable && (socket as Socket).bytesWritten === 0) {
      const tooLarge = error.code === 'HPE_HEADER_OVERFLOW'
      socket.end(
        `HTTP/1.1 ${tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'}\r\nconnection: close\r\n\r\n`,
      )
    } else socket.destroy()
  })
  return {
    accept(socket, first) {
      const connection = new Connection(socket, limits)
      connections.set(socket, connection)
      if (first.length > 0) socket.unshift(first)
      server.emit('connection', socket)
      socket.resume()
      return connection
    },
  }
}

class Connection implements Http1Connection {
  readonly #open = new Set<ServerResponse>()
  readonly #socket: Socket
  readonly #limits: Http1Limits
  readonly #closed: Promise<void>
  #timer: NodeJS.Timeout | undefined
  #draining = false
  #isWatched = false

  constructor(socket: Socket, limits: Http1Limits) {
    this.#socket = socket
    this.#limits = limits
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#timer)
        resolve()
      })
    })
    this.#giveTime(limits.headTimeoutMs ?? 10_000)
  }

  requested(request: IncomingMessage, response: ServerResponse): void {
    this.#open.add(response)
    this.#giveTime(this.#limits.bodyTimeoutMs ?? 300_000)
    request.once('end', () => clearTimeout(this.#timer))
    if (this.#draining) response.setHeader('connection', 'close')
    response.once('prefinish', () => this.#written())
    response.once('close', () => {
      this.#open.delete(response)
      const { headTimeoutMs = 10_000, idleTimeoutMs = 65_000 } = this.#limits
      // A body that its answer did not wait for may still come, and so may the next request.
      this.#giveTime(idleTimeoutMs + headTimeoutMs)
      if (this.#draining && this.openRequests === 0) this.#socket.end()
    })
  }

  /** A response is complete; what waits for the client must not wait for ever. */
  #written(): void {
    const socket = this.#socket
    const { writeTimeoutMs = 30_000 } = this.#limits
    if (writeTimeoutMs === 0 || this.#isWatched || socket.writableLength === 0) return
    this.#isWatched = true
    const done = (): void => {
      this.#isWatched = false
    }
    watchWriteStall(socket, writeTimeoutMs, () => socket.destroy(), done)
  }

  get openRequests(): number {
    return this.#open.size
  }

  drain(): Promise<void> {
    this.#draining = true
    for (const response of this.#open) if (!response.headersSent) response.setHeader('connection', 'close')
    if (this.openRequests === 0) this.#socket.end()
    return this.#closed
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #giveTime(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#socket.destroyed) return
    // Bytes that came while this process was busy are read before time is called.
    this.#timer = setTimeout(() => setImmediate(() => this.#socket.destroy()), delayOf(ms)).unref()
  }
}
