/** The client's end of an HTTP/2 connection (RFC 9113). */

import type { Peer } from '../../core/context/context.ts'
import { type InLine, WaitingLine } from '../../core/waiting-line.ts'
import { type Dialed, reasonOf } from '../../net/dial.ts'
import { foreignProtocolHint } from '../../net/foreign-protocol.ts'
import { ProcessHold } from '../../net/process-hold.ts'
import { closedEarly } from '../../net/tls-failure.ts'
import { Connection } from '../connection.ts'
import { Http2ErrorCode, http2ErrorName } from '../error-code.ts'
import { FloodGuard } from '../flood-guard.ts'
import { clientPreface, largestStream, Setting } from '../frame/frame.ts'
import { contentLength, problemOfResponse, problemOfTrailers } from '../header-rules.ts'
import type { HeaderBlock, HeaderCheck } from '../hpack/decoder.ts'
import { clientKeepalive } from '../keepalive.ts'
import type { Http2ClientConnection, Http2ClientOptions, Http2Headers, Http2Sink, Http2Stream } from '../sink.ts'
import { ConnectionStream } from '../stream.ts'

/** HTTP/2 over a dialled socket, with prior knowledge or after ALPN. */
export function http2Client(dialed: Dialed, options: Http2ClientOptions = {}): Http2ClientConnection {
  return new ClientConnection(dialed, options)
}

/** Streams to open before the server has said how many it takes. */
const streamsBeforeSettings = 100

/** A stream that waits for the server to take another one. */
interface Queued extends InLine {
  readonly stream: ConnectionStream
  readonly headers: Http2Headers
  readonly more: Http2Headers | undefined
}

/** Bytes of a server that are enough to tell what it speaks. */
const shownBytes = 16

/** Bytes of a GOAWAY's debug data that are shown. */
const mostWords = 200

/** Bytes of requests that may wait for a server together before a stream that adds more is reset. */
const mostPending = 512 * 1024 * 1024

class ClientConnection extends Connection implements Http2ClientConnection {
  readonly isServer = false
  readonly peer: Peer
  #nextId = 1
  readonly #queue = new WaitingLine<Queued>()
  readonly #queued = new Map<ConnectionStream, Queued>()
  /** The connection takes no new stream, with the reason. */
  #failure: string | undefined
  /** What the server sent first, until it has sent SETTINGS. */
  #first: Uint8Array = new Uint8Array(0)
  readonly #options: Http2ClientOptions
  readonly #mostStreams: number
  #closing = false
  /** The highest stream that the server says it has seen or may still answer, after its GOAWAY. */
  #lastStream = Number.POSITIVE_INFINITY
  /**
   * Resets that this side may send. Against rapid reset (CVE-2023-44487) servers cut a connection with many of them,
   * nghttp2 one with more than 1,000 at once and 33 a second after that; this side moves on to a fresh one before.
   */
  readonly #ownResets = new FloodGuard(500, 33)
  readonly #hold: ProcessHold

  constructor(dialed: Dialed, options: Http2ClientOptions) {
    super(dialed.socket, options, options.keepalive ?? clientKeepalive)
    this.peer = dialed.peer
    this.#options = options
    this.#mostStreams = options.maxConcurrentStreams ?? Number.POSITIVE_INFINITY
    const { onClose } = options
    if (onClose !== undefined) this.closed.then(onClose)
    this.#hold = new ProcessHold(dialed.socket, () => this.openStreams === 0 && !this.#closing)
    this.writer.raw(clientPreface)
    this.begin(new Uint8Array(0), [[Setting.ENABLE_PUSH, 0]])
  }

  get usable(): boolean {
    return this.#failure === undefined && !this.over
  }

  get available(): boolean {
    return this.usable && this.openStreams < this.#most
  }

  get openStreams(): number {
    return this.streams.size + this.#queue.length
  }

  get opened(): number {
    return (this.#nextId - 1) / 2
  }

  protected get lastPeerStream(): number {
    return 0
  }

  open(headers: Http2Headers, more: Http2Headers | undefined, sink: Http2Sink): Http2Stream {
    const stream = new ConnectionStream(this, this.peerSettings.initialWindow)
    stream.sink = sink
    this.#hold.take()
    if (!this.usable) process.nextTick(refuse, stream, this.#failure ?? this.#lostReason())
    else if (this.#queue.length > 0 || !this.#takesAnother()) this.#enqueue(stream, headers, more)
    else this.#start(stream, headers, more)
    return stream
  }

  close(): Promise<void> {
    this.#retire(`the connection to ${this.peer.address} is closed on this side`)
    if (!this.#closing) {
      this.#closing = true
      this.#hold.take()
      this.#endWhenIdle()
    }
    return this.closed
  }

  destroy(): void {
    this.#retire(`the connection to ${this.peer.address} is closed on this side`)
    this.cut(Http2ErrorCode.NO_ERROR, '')
  }

  mayHold(bytes: number): boolean {
    return this.pendingBytes === 0 || this.pendingBytes + bytes <= mostPending
  }

  streamClosed(stream: ConnectionStream): void {
    if (stream.id === 0) this.#dequeue(this.#queued.get(stream))
    this.streams.delete(stream.id)
    if (this.#queue.length > 0) this.onRoom()
    else this.#options.onRoom?.()
    if (this.openStreams === 0) this.#hold.letGo()
    this.#endWhenIdle()
  }

  override sendReset(stream: ConnectionStream, code: number, late: boolean): void {
    super.sendReset(stream, code, late)
    if (late && stream.id !== 0 && stream.readsBefore === this.reads) this.keepalive.doubt()
    if (stream.id !== 0 && !stream.remoteEnded && !this.#ownResets.spend() && this.usable) this.close()
  }

  override settingsReceived(): void {
    const { settled } = this
    super.settingsReceived()
    if (!settled) this.#options.onSettled?.()
    this.#options.onRoom?.()
    this.#hold.letGo()
  }

  override onRoom(): void {
    if (this.#queue.length === 0) return
    for (let next = this.#queue.first; next !== undefined && this.#takesAnother(); next = this.#queue.first) {
      this.#dequeue(next)
      this.#start(next.stream, next.headers, next.more)
    }
    this.#endWhenIdle()
  }

  #enqueue(stream: ConnectionStream, headers: Http2Headers, more: Http2Headers | undefined): void {
    const queued: Queued = { stream, headers, more, next: undefined, previous: undefined, isInLine: false }
    this.#queued.set(stream, queued)
    this.#queue.append(queued)
  }

  #dequeue(queued: Queued | undefined): void {
    if (queued === undefined) return
    this.#queued.delete(queued.stream)
    this.#queue.remove(queued)
  }

  /** Ends the streams that have not been opened. */
  #refuseQueued(code: number | undefined, reason: string): void {
    for (let next = this.#queue.first; next !== undefined; next = this.#queue.first) {
      this.#dequeue(next)
      next.stream.die(code, reason, false)
    }
  }

  headerCheck(id: number): HeaderCheck {
    return this.streams.get(id)?.responded === true ? problemOfTrailers : problemOfResponse
  }

  headersReceived(id: number, end: boolean, block: HeaderBlock): void {
    this.keepalive.answered()
    const stream = this.streams.get(id)
    if (stream === undefined) {
      this.lateFrame(id, 'HEADERS')
      return
    }
    if (stream.remoteEnded) stream.refuse(Http2ErrorCode.STREAM_CLOSED, 'HEADERS after its end')
    else if (block.tooLarge) stream.refuse(Http2ErrorCode.ENHANCE_YOUR_CALM, this.#tooLarge(block))
    else if (block.problem !== undefined) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, block.problem)
    else if (stream.responded) this.#trailers(stream, end, block.headers)
    else this.#response(stream, end, block.headers)
  }

  goawayReceived(lastStream: number, code: number, words: Uint8Array): void {
    const text = asciiOf(words)
    const calm = code === Http2ErrorCode.ENHANCE_YOUR_CALM && text === 'too_many_pings'
    const why = `GOAWAY ${http2ErrorName(code)}${text === '' ? '' : `: ${text}`}`
    const reason = this.#retire(`${this.peer.address} closes the connection (${why})`, calm)
    this.#lastStream = Math.min(this.#lastStream, lastStream)
    this.#refuseQueued(Http2ErrorCode.REFUSED_STREAM, reason)
    for (const stream of [...this.streams.values()]) {
      if (stream.id > this.#lastStream) stream.die(Http2ErrorCode.REFUSED_STREAM, reason, false)
    }
    this.#closing = true
    // An error of the connection: nothing more will come (RFC 9113 section 5.4.1), whether or not the socket stays open.
    if (code === Http2ErrorCode.NO_ERROR) this.#endWhenIdle()
    else this.cut(Http2ErrorCode.NO_ERROR, '')
  }

  isIdle(id: number): boolean {
    return id % 2 === 0 || id >= this.#nextId
  }

  protected override suspected(reason: string): void {
    this.#retire(`${this.peer.address}: ${reason}`)
    this.close()
  }

  protected failed(reason: string): void {
    this.#retire(`${this.peer.address}: ${reason}`)
  }

  protected lost(): void {
    const reason = this.#retire(this.#lostReason())
    this.#refuseQueued(undefined, reason)
    for (const stream of [...this.streams.values()]) stream.die(undefined, reason, stream.id <= this.#lastStream)
  }

  #lostReason(): string {
    const lost = `the connection to ${this.peer.address} was lost`
    const error = this.socketError as NodeJS.ErrnoException | undefined
    if (this.settled) return error?.code === undefined ? lost : `${lost} (${error.code})`
    const hint = foreignProtocolHint(this.#first, 'HTTP/2')
    if (hint !== '') return `${lost}${hint}`
    return `${lost} before the server sent SETTINGS: ${error === undefined ? closedEarly(this.socket) : reasonOf(error)}`
  }

  /** Keeps the first bytes of the server until it has shown that it speaks HTTP/2. */
  protected override takePreface(chunk: Uint8Array): number {
    if (this.#first.length < shownBytes) this.#first = Buffer.concat([this.#first, chunk]).subarray(0, shownBytes)
    return 0
  }

  protected override brokenRule(reason: string): string {
    const rule = super.brokenRule(reason)
    if (this.settled) return rule
    const hint = foreignProtocolHint(this.#first, 'HTTP/2')
    return hint === '' ? `${rule}; does this port speak gRPC?` : `this is not HTTP/2${hint}`
  }

  #tooLarge({ listBytes }: HeaderBlock): string {
    return `its header list of ${listBytes} bytes is larger than the ${this.ownHeaderListBytes} that this side takes`
  }

  #takesAnother(): boolean {
    return this.streams.size < this.#most && this.hasRoom && !this.over
  }

  get #most(): number {
    return Math.min(this.settled ? this.peerSettings.maxConcurrentStreams : streamsBeforeSettings, this.#mostStreams)
  }

  /** Takes no new stream from now on; gives the reason, which is the first one. */
  #retire(reason: string, tooManyPings = false): string {
    if (this.#failure !== undefined) return this.#failure
    this.#failure = reason
    this.#options.onRetired?.({ reason, tooManyPings })
    return reason
  }

  #start(stream: ConnectionStream, headers: Http2Headers, more: Http2Headers | undefined): void {
    const id = this.#nextId
    try {
      this.sendHeaderLists(id, headers, more, false)
    } catch (error) {
      process.nextTick(refuseHeaders, stream, error)
      return
    }
    this.#nextId += 2
    if (this.#nextId > largestStream) this.close()
    this.streams.set(id, stream)
    this.keepalive.opened()
    stream.opened(id, this.peerSettings.initialWindow)
  }

  #response(stream: ConnectionStream, end: boolean, headers: Http2Headers): void {
    if (headers[1]!.charCodeAt(0) === 0x31) {
      // 1xx: an interim answer, which gRPC has no use for.
      if (end) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'an interim response that ends it')
      return
    }
    stream.responded = true
    const length = contentLength(headers)
    if (Number.isNaN(length)) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'a malformed content-length')
    else if (end) stream.finishWithHeaders(headers)
    else {
      stream.expected = length
      stream.sink?.headers(headers, false)
    }
  }

  #trailers(stream: ConnectionStream, end: boolean, headers: Http2Headers): void {
    if (!end) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'trailers that do not end it')
    else if (stream.expected !== undefined && stream.expected !== 0) {
      stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'content-length and body differ')
    } else stream.finish(headers)
  }

  #endWhenIdle(): void {
    if (!this.#closing || this.over || this.streams.size > 0 || this.#queue.length > 0) return
    this.sendGoaway(0, Http2ErrorCode.NO_ERROR, '')
    this.end()
  }
}

function refuse(stream: ConnectionStream, reason: string): void {
  stream.die(undefined, reason, false)
}

function refuseHeaders(stream: ConnectionStream, error: unknown): void {
  stream.die(Http2ErrorCode.INTERNAL_ERROR, error instanceof Error ? error.message : String(error), false)
}

/** What a peer says for people, made safe for messages and logs. */
function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, mostWords)).replace(/[^\x20-\x7e]/g, '?')
}
