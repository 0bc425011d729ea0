/** Http1ClientConnection: the sockets of HTTP/1.1 to one address as the one connection that HTTP/2 would have. */

import type { Peer } from '../core/context/context.ts'
import type { Http2ClientConnection, Http2ClientOptions, Http2Headers, Http2Sink, Http2Stream } from '../http2/sink.ts'
import type { Dialed } from '../net/dial.ts'
import { Http1Agent } from '../net/http1-agent.ts'
import { Http1ClientStream, type StreamOwner } from './client-stream.ts'

/** How its sockets are made. */
export interface Http1ConnectionOptions {
  readonly dial: () => Promise<Dialed>
  /** Sockets to have at once; further calls wait. */
  readonly maxSockets: number
  readonly maxHeaderListBytes: number
}

/** Calls over as many sockets as they need at once. */
export class Http1ClientConnection implements Http2ClientConnection, StreamOwner {
  readonly peer: Peer
  readonly agent: Http1Agent
  readonly maxHeaderListBytes: number
  readonly settled: boolean = true
  opened = 0
  readonly #options: Http2ClientOptions
  /** Calls at once: node:http counts sockets when they stand, not while they are dialled. */
  readonly #maxStreams: number
  readonly #streams = new Set<Http1ClientStream>()
  #first: Dialed | undefined
  #isRetired = false
  #isClosed = false
  readonly #closed: Promise<void>
  #resolveClosed: () => void = () => {}

  /** `first`: a socket that stands already. */
  constructor(
    first: Dialed,
    { dial, maxSockets, maxHeaderListBytes }: Http1ConnectionOptions,
    options: Http2ClientOptions,
  ) {
    this.peer = first.peer
    this.maxHeaderListBytes = maxHeaderListBytes
    this.#options = options
    this.#maxStreams = maxSockets
    this.#first = first
    first.socket.unref()
    this.agent = new Http1Agent(async () => {
      const socket = this.#takeFirst() ?? (await dial()).socket
      if (this.#isClosed) socket.destroy()
      return socket
    }, maxSockets)
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  get usable(): boolean {
    return !this.#isRetired
  }

  get available(): boolean {
    return !this.#isRetired && this.#streams.size < this.#maxStreams
  }

  get openStreams(): number {
    return this.#streams.size
  }

  open(headers: Http2Headers, more: Http2Headers | undefined, sink: Http2Sink): Http2Stream {
    this.opened++
    const stream = new Http1ClientStream(this, more === undefined ? headers : [...headers, ...more], sink)
    this.#streams.add(stream)
    return stream
  }

  unreachable(reason: string): void {
    this.#retire(reason)
    this.#endWhenIdle()
  }

  closed(stream: Http1ClientStream): void {
    this.#streams.delete(stream)
    this.#options.onRoom?.()
    this.#endWhenIdle()
  }

  close(): Promise<void> {
    this.#retire(`the connections to ${this.peer.address} are closed on this side`)
    this.#endWhenIdle()
    return this.#closed
  }

  destroy(): void {
    this.#retire(`the connections to ${this.peer.address} are closed on this side`)
    this.#end()
  }

  /** The socket that was dialled first, unless it is taken or gone. */
  #takeFirst(): Dialed['socket'] | undefined {
    const socket = this.#first?.socket
    this.#first = undefined
    if (socket === undefined || socket.destroyed || socket.readableEnded) return undefined
    socket.ref()
    return socket
  }

  #retire(reason: string): void {
    if (this.#isRetired) return
    this.#isRetired = true
    this.#options.onRetired?.({ reason, tooManyPings: false })
  }

  #endWhenIdle(): void {
    if (this.#isRetired && this.#streams.size === 0) this.#end()
  }

  #end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#first?.socket.destroy()
    this.#first = undefined
    this.agent.destroy()
    this.#resolveClosed()
    this.#options.onClose?.()
  }
}
