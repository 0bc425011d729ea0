/** The server's end of an HTTP/2 connection (RFC 9113), over a socket that somebody else accepted. */

import { type MemoryAccount, ReceivedBytes } from '../../core/bytes/memory-account.ts'
import type { ServerSocket } from '../../net/server-socket.ts'
import { Connection } from '../connection.ts'
import { ConnectionError, protocolError } from '../connection-error.ts'
import { Http2ErrorCode } from '../error-code.ts'
import { clientPreface, largestStream, Setting } from '../frame/frame.ts'
import { contentLength, problemOfRequest, problemOfTrailers } from '../header-rules.ts'
import type { HeaderBlock, HeaderCheck } from '../hpack/decoder.ts'
import { serverKeepalive } from '../keepalive.ts'
import type { Http2Accept, Http2ServerConnection, Http2ServerOptions } from '../sink.ts'
import { ConnectionStream } from '../stream.ts'
import { ConnectionLifetime } from './connection-lifetime.ts'
import { PingCounter } from './ping-policy.ts'
import { StallWatch } from './stall-watch.ts'

/** An accepted connection, as a port hands it over. */
export type Http2Socket = ServerSocket

/** Serves HTTP/2 on a paused socket; `first` are the bytes that were read from it already. */
export function http2Server(
  { socket }: Http2Socket,
  first: Uint8Array,
  accept: Http2Accept,
  options: Http2ServerOptions = {},
): Http2ServerConnection {
  return new ServerConnection(socket, first, accept, options)
}

/** How long a client may take to answer the PING between the two GOAWAYs of a drain. */
const drainPingMs = 1_000
/** Ranges of stream ids that a client skipped; those beyond are taken for closed ones. */
const mostSkips = 64

class ServerConnection extends Connection implements Http2ServerConnection {
  readonly isServer = true
  readonly #accept: Http2Accept
  readonly #maxStreams: number
  readonly #responses: MemoryAccount | undefined
  readonly #unread: ReceivedBytes | undefined
  readonly #stalls: StallWatch
  readonly #busyClosed: () => number
  readonly #tooLarge: Http2ServerOptions['tooLarge']
  #lastPeerStream = 0
  readonly #skipped: [number, number][] = []
  #prefaceBytes = 0
  #draining = false
  /** The last GOAWAY has gone: no stream beyond is taken. */
  #final = false
  #drainTimer: NodeJS.Timeout | undefined
  readonly #life: ConnectionLifetime | undefined
  readonly #pings: PingCounter | undefined

  constructor(socket: Http2Socket['socket'], first: Uint8Array, accept: Http2Accept, options: Http2ServerOptions) {
    super(socket, options, options.keepalive ?? serverKeepalive, options.memory)
    this.#responses = options.memory
    this.#unread = options.memory === undefined ? undefined : new ReceivedBytes(options.memory)
    this.#accept = accept
    this.#tooLarge = options.tooLarge
    this.#maxStreams = options.maxConcurrentStreams ?? 1_000
    this.#stalls = new StallWatch(options)
    this.#busyClosed = options.busyClosedStreams ?? none
    this.#pings = options.pingPolicy === undefined ? undefined : new PingCounter(options.pingPolicy)
    const isMortal = options.maxAgeMs !== undefined || options.maxIdleMs !== undefined
    this.#life = isMortal ? new ConnectionLifetime(this, options) : undefined
    this.begin(first, [[Setting.MAX_CONCURRENT_STREAMS, this.#maxStreams]])
  }

  get openStreams(): number {
    return this.streams.size
  }

  protected get lastPeerStream(): number {
    return this.#lastPeerStream
  }

  drain(): Promise<void> {
    if (!this.#draining && !this.over) {
      this.#draining = true
      // Streams that the client opened before it heard are still taken: the last GOAWAY follows a round trip later.
      this.sendGoaway(largestStream, Http2ErrorCode.NO_ERROR, '')
      this.sendDrainPing()
      this.#drainTimer = setTimeout(() => this.drainPingAnswered(), drainPingMs).unref()
    }
    return this.closed
  }

  destroy(): void {
    this.cut(Http2ErrorCode.NO_ERROR, '')
  }

  mayHold(bytes: number): boolean {
    return this.#responses?.grantsUnsent(this.pendingBytes, bytes) ?? true
  }

  override holdUnread(bytes: number): boolean {
    try {
      this.#unread?.hold(bytes)
      return true
    } catch {
      this.window.credit(bytes)
      return false
    }
  }

  override releaseUnread(bytes: number): void {
    this.#unread?.release(bytes)
  }

  override stalls(stream: ConnectionStream): void {
    this.#stalls.add(stream)
  }

  streamClosed(stream: ConnectionStream, clean: boolean): void {
    this.streams.delete(stream.id)
    if (clean) this.resets.earn(1)
    if (this.#life !== undefined && this.streams.size === 0) this.#life.idle()
    if (this.#final) this.#endWhenIdle()
  }

  protected override takePreface(chunk: Uint8Array): number {
    let at = 0
    while (this.#prefaceBytes < clientPreface.length && at < chunk.length) {
      if (chunk[at++] !== clientPreface[this.#prefaceBytes++]) throw protocolError('the client preface is missing')
    }
    return at < chunk.length ? at : -1
  }

  override pingReceived(bytes: Uint8Array, start: number): void {
    if (this.#pings !== undefined) {
      const { spoke } = this
      this.spoke = false
      // The words that gRPC clients look for, to ping less often.
      if (!this.#pings.allow(this.streams.size > 0, spoke)) {
        throw new ConnectionError(Http2ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings')
      }
    }
    super.pingReceived(bytes, start)
  }

  protected override drainPingAnswered(): void {
    if (!this.#draining || this.#final) return
    clearTimeout(this.#drainTimer)
    this.#final = true
    this.sendGoaway(this.#lastPeerStream, Http2ErrorCode.NO_ERROR, '')
    this.#endWhenIdle()
  }

  headerCheck(id: number): HeaderCheck {
    return this.streams.has(id) ? problemOfTrailers : problemOfRequest
  }

  headersReceived(id: number, end: boolean, block: HeaderBlock): void {
    const stream = this.streams.get(id)
    if (stream !== undefined) {
      this.#trailers(stream, end, block)
      return
    }
    if (id % 2 === 0) throw protocolError('a stream of a client with an even id')
    if (id <= this.#lastPeerStream) {
      if (this.#wasSkipped(id)) throw protocolError('a stream id below an earlier one')
      this.lateFrame(id, 'HEADERS')
      return
    }
    if (this.#final) return
    if (id > this.#lastPeerStream + 2 && this.#skipped.length < mostSkips) {
      this.#skipped.push([this.#lastPeerStream + 2, id - 2])
    }
    this.#lastPeerStream = id
    if (this.streams.size + this.#busyClosed() >= this.#maxStreams) this.#refuse(id, Http2ErrorCode.REFUSED_STREAM)
    else if (block.tooLarge) this.#refuseHeaders(id, block.listBytes)
    else if (block.problem !== undefined) this.#refuse(id, Http2ErrorCode.PROTOCOL_ERROR)
    else this.#open(id, end, block)
  }

  goawayReceived(_lastStream: number, code: number): void {
    // A client that goes away still wants its answers; when it has them it hangs up. After an error it reads no more.
    if (code === Http2ErrorCode.NO_ERROR) this.drain()
    else this.cut(Http2ErrorCode.NO_ERROR, '')
  }

  isIdle(id: number): boolean {
    return id % 2 === 0 || id > this.#lastPeerStream
  }

  protected failed(): void {}

  protected lost(): void {
    this.#stalls.stop()
    clearTimeout(this.#drainTimer)
    this.#life?.stop()
    for (const stream of [...this.streams.values()]) stream.die(undefined, 'the connection was lost', true)
  }

  #open(id: number, end: boolean, { headers }: HeaderBlock): void {
    const length = contentLength(headers)
    if (Number.isNaN(length) || (end && length !== undefined && length > 0)) {
      this.#refuse(id, Http2ErrorCode.PROTOCOL_ERROR)
      return
    }
    const stream = new ConnectionStream(this, this.peerSettings.initialWindow)
    stream.id = id
    stream.expected = length
    stream.remoteEnded = end
    this.streams.set(id, stream)
    this.#life?.busy()
    try {
      const sink = this.#accept(stream, headers, end)
      if (stream.listens) stream.sink = sink
    } catch {
      stream.reset(Http2ErrorCode.INTERNAL_ERROR)
    }
  }

  #refuseHeaders(id: number, bytes: number): void {
    const answer = this.#tooLarge?.(bytes, this.ownHeaderListBytes)
    if (answer === undefined) {
      this.#refuse(id, Http2ErrorCode.ENHANCE_YOUR_CALM)
      return
    }
    this.spendReset()
    this.sendHeaderLists(id, answer, undefined, true)
    this.resetStream(id, Http2ErrorCode.NO_ERROR)
  }

  #refuse(id: number, code: number): void {
    this.spendReset()
    this.resetStream(id, code)
  }

  #trailers(stream: ConnectionStream, end: boolean, block: HeaderBlock): void {
    if (stream.remoteEnded) stream.refuse(Http2ErrorCode.STREAM_CLOSED, 'HEADERS after its end')
    else if (!end) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'trailers that do not end it')
    else if (block.tooLarge) stream.refuse(Http2ErrorCode.ENHANCE_YOUR_CALM, 'its trailers are larger than allowed')
    else if (block.problem !== undefined) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, block.problem)
    else if (stream.expected !== undefined && stream.expected > 0) {
      stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'content-length and body differ')
    } else {
      stream.finish(block.headers)
      return
    }
    this.spendReset()
  }

  #wasSkipped(id: number): boolean {
    return this.#skipped.some(([from, to]) => id >= from && id <= to)
  }

  #endWhenIdle(): void {
    if (this.streams.size === 0) this.end()
  }
}

const none = (): number => 0
