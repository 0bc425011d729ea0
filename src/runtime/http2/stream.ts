/** ConnectionStream: one stream of a connection, both directions, whichever end it is. */

import { ChunkQueue } from '../core/bytes/chunk-queue.ts'
import { Fifo } from '../core/fifo.ts'
import type { ConnectionWindow } from './connection-window.ts'
import { Http2ErrorCode, http2ErrorName } from './error-code.ts'
import { ReceiveWindow, type RoundTrip } from './flow-control.ts'
import type { FrameWriter } from './frame/frame-writer.ts'
import type { PeerSettings } from './settings.ts'
import type { Http2Headers, Http2Sink, Http2Stream } from './sink.ts'

/** What a stream asks of its connection. */
export interface StreamHost {
  readonly isServer: boolean
  readonly writer: FrameWriter
  readonly peerSettings: PeerSettings
  /** Bytes that may be sent on all streams together. */
  readonly sendWindow: number
  /** Bytes of all streams that wait to be sent. */
  pendingBytes: number
  /** Whether so many more may wait. */
  mayHold(bytes: number): boolean
  /** Counts bytes that wait for their reader; false when there may not be so many. */
  holdUnread(bytes: number): boolean
  releaseUnread(bytes: number): void
  /** Whether bytes may be written now: the socket takes them and nobody waits in front. */
  readonly mayWrite: boolean
  /** Sees to it that what stands in the writer leaves with this turn. */
  flushSoon(): void
  /** Bytes of a stream wait for its peer. */
  stalls(stream: ConnectionStream): void
  /** Calls {@link ConnectionStream.turn} when bytes may be written. */
  awaitTurn(stream: ConnectionStream): void
  /** So many bytes of DATA were written; `isDribble`: few, because the peer's window lets no more through. */
  dataSent(bytes: number, isDribble: boolean): void
  /** Encodes and sends a header list. Throws TypeError for what no header can carry. */
  sendHeaders(stream: ConnectionStream, headers: Http2Headers, last: boolean): void
  /** Chunks that were read from the peer so far. */
  readonly reads: number
  /** Sends RST_STREAM and remembers it. `late`: its user had no answer in time. */
  sendReset(stream: ConnectionStream, code: number, late: boolean): void
  /** What the peer may send on all streams together. */
  readonly window: ConnectionWindow
  /** What it may send on one, and how far that may grow; 0: not at all. */
  readonly streamWindow: number
  readonly mostStreamWindow: number
  readonly roundTrip: RoundTrip
  /** The stream is over on the wire; `clean`: both sides have ended it. */
  streamClosed(stream: ConnectionStream, clean: boolean): void
}

/** A smaller piece of a chunk costs more than its bytes. */
const dribbleBytes = 1024
const nothing = new Uint8Array(0)

/** A stream. The connection feeds it with frames, its user writes to it. */
export class ConnectionStream implements Http2Stream {
  /** 0 while it waits for its turn to be opened. */
  id = 0
  /** Undefined once it has heard the last. */
  sink: Http2Sink | undefined
  sendWindow: number
  /** Over on the wire. */
  dead = false
  /** The peer has sent END_STREAM. */
  remoteEnded = false
  /** Response headers have gone (server) or come (client). */
  responded = false
  /** Bytes of body that the peer announced and has not sent; undefined when it did not. */
  expected: number | undefined = undefined
  /** {@link StreamHost.reads} when it was opened. */
  readsBefore = 0
  /** Bytes of DATA that have been sent. */
  dataBytes = 0
  /** In the queue of those that wait for room. */
  waiting = false
  readonly #host: StreamHost
  readonly #receive: ReceiveWindow
  /** Chunks to send, once there is room for them. */
  #outbox: Fifo<Uint8Array> | undefined = undefined
  /** Bytes of the first chunk that have gone. */
  #sent = 0
  #pending = 0
  #trailers: Http2Headers | undefined = undefined
  /** Nothing more will be written. */
  #ending = false
  /** END_STREAM has gone. */
  #ended = false
  #wantsDrain = false
  #onSent: (() => void) | undefined = undefined
  #paused = false
  /** Chunks that came while the stream was paused. */
  #inbox: ChunkQueue | undefined = undefined
  /** The end that stands behind the inbox. */
  #inboxEnd: { readonly trailers: Http2Headers | undefined } | undefined = undefined

  constructor(host: StreamHost, sendWindow: number) {
    this.#host = host
    this.sendWindow = sendWindow
    this.#receive = new ReceiveWindow(host.streamWindow, host.mostStreamWindow, host.roundTrip)
  }

  get maxHeaderListBytes(): number {
    return this.#host.peerSettings.maxHeaderListBytes
  }

  headers(headers: Http2Headers, end: boolean): void {
    if (this.dead || this.#ending || this.responded || !this.#host.isServer) return
    this.responded = true
    if (end) this.#ending = true
    if (this.#send(headers, end) && end) this.#endLocal()
  }

  write(chunk: Uint8Array, end: boolean): boolean {
    if (this.dead || this.#ending) return true
    const host = this.#host
    const size = chunk.length
    if (end) this.#ending = true
    else if (size === 0) return true
    if (
      this.#pending === 0 &&
      this.id !== 0 &&
      size <= host.peerSettings.maxFrame &&
      (size === 0 || (size <= this.sendWindow && size <= host.sendWindow && host.mayWrite))
    ) {
      this.#data(chunk, 0, size, end)
      if (end) this.#endLocal()
      else if (!host.mayWrite) return this.#askForDrain()
      return true
    }
    this.#queue(chunk)
    if (this.id !== 0 && host.mayWrite) while (this.#sendSome());
    if (this.#pending === 0 || this.dead) return true
    if (this.hungry) host.awaitTurn(this)
    host.stalls(this)
    if (end) return true
    this.#wantsDrain = true
    return false
  }

  trailers(headers: Http2Headers): void {
    if (this.dead || this.#ending) return
    if (!this.#host.isServer) {
      this.write(nothing, true)
      return
    }
    this.#ending = true
    this.#trailers = headers
    if (this.#pending === 0) this.#sendTrailers()
  }

  reset(code: number, late = false): void {
    this.sink = undefined
    this.#dropInbox()
    if (this.dead) return
    const clean = this.remoteEnded && this.#ended
    if (!clean) this.#host.sendReset(this, code, late)
    this.#close(clean)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#inbox !== undefined || this.#inboxEnd !== undefined) process.nextTick(deliver, this)
  }

  /** The stream was opened on the wire. */
  opened(id: number, sendWindow: number): void {
    this.id = id
    this.sendWindow = sendWindow
    this.readsBefore = this.#host.reads
    if (this.#pending > 0 || this.#ending) this.#host.awaitTurn(this)
  }

  /** Whether its user may still hear of it: it is neither dead nor answered. */
  get listens(): boolean {
    return !this.dead && !this.#ended
  }

  /** Bytes that wait to be sent. */
  get pending(): number {
    return this.#pending
  }

  accepts(bytes: number): boolean {
    return this.dead || this.#host.mayHold(bytes)
  }

  whenSent(done: () => void): void {
    if (this.#pending === 0 || this.dead) done()
    else this.#onSent = done
  }

  /** Whether nothing more will be written. */
  get isEnding(): boolean {
    return this.#ending
  }

  /** Whether it has bytes that its own window lets through. */
  get hungry(): boolean {
    return this.#pending > 0 && this.sendWindow > 0 && this.id !== 0
  }

  /** Sends a frame, now that there is room. */
  turn(): void {
    this.#sendSome()
    if (this.#pending === 0 && !this.dead) {
      if (this.#ending && !this.#ended && this.#trailers === undefined) {
        this.#data(nothing, 0, 0, true)
        this.#endLocal()
      } else if (this.#wantsDrain) {
        this.#wantsDrain = false
        this.sink?.drain()
      }
    }
  }

  /** The peer lets more bytes through; false when the window becomes larger than windows may be. */
  widen(increment: number): boolean {
    this.sendWindow += increment
    if (this.sendWindow > 0x7fff_ffff) return false
    if (this.hungry) this.#host.awaitTurn(this)
    return true
  }

  /** Takes DATA: `chunk` is the body, `padding` what came beside it. False when it is more than the window allows. */
  receive(chunk: Uint8Array, padding: number, end: boolean): boolean {
    const window = this.#receive
    window.left -= chunk.length + padding
    if (window.left < 0) return false
    if (padding > 0) this.#credit(padding)
    if (this.sink === undefined) this.#credit(chunk.length)
    else if (this.#paused || this.#inbox !== undefined) {
      if (chunk.length > 0) {
        if (!this.#host.holdUnread(chunk.length)) {
          this.refuse(Http2ErrorCode.ENHANCE_YOUR_CALM, 'it is read too slowly for what is sent')
          return true
        }
        this.#inbox ??= new ChunkQueue()
        this.#inbox.push(chunk)
        this.#host.window.hold(chunk.length)
      }
    } else if (chunk.length > 0) {
      this.sink.data(chunk, end)
      this.#credit(chunk.length)
    }
    if (end) this.finish(undefined)
    return true
  }

  /** The peer has ended its side. */
  finish(trailers: Http2Headers | undefined): void {
    this.remoteEnded = true
    if (this.#paused || this.#inbox !== undefined) this.#inboxEnd = { trailers }
    else this.#hearEnd(trailers)
    if (this.#ended) this.#close(true)
  }

  /** The response is whole, on the client: the sink hears no more. */
  finishWithHeaders(headers: Http2Headers): void {
    const { sink } = this
    this.sink = undefined
    this.remoteEnded = true
    sink?.headers(headers, true)
    this.#giveUpRequest()
    if (this.#ended) this.#close(true)
  }

  /** The stream is dead: the peer reset it, the connection has gone, or it broke a rule. */
  die(code: number | undefined, message: string, processed: boolean): void {
    const wasDead = this.dead
    if (!wasDead) this.#close(false)
    // What has come whole is still read.
    if (this.remoteEnded && !this.#host.isServer) return
    this.#dropInbox()
    const { sink } = this
    this.sink = undefined
    sink?.reset({ code, message, processed, sent: this.id !== 0 })
  }

  /** Ends the stream for a rule that the peer broke. */
  refuse(code: number, what: string): void {
    if (!this.dead) this.#host.sendReset(this, code, false)
    this.die(code, `the stream was reset with ${http2ErrorName(code)}: ${what}`, true)
  }

  #send(headers: Http2Headers, last: boolean): boolean {
    try {
      this.#host.sendHeaders(this, headers, last)
      return true
    } catch {
      // Headers that HTTP/2 cannot carry cost the stream, not the process.
      this.reset(Http2ErrorCode.INTERNAL_ERROR)
      return false
    }
  }

  #sendTrailers(): void {
    const headers = this.#trailers
    this.#trailers = undefined
    if (headers !== undefined && this.#send(headers, true)) this.#endLocal()
  }

  #data(bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const host = this.#host
    const size = end - start
    host.writer.data(this.id, bytes, start, end, last)
    this.sendWindow -= size
    this.dataBytes += size
    host.dataSent(size, this.#pending > 0 && size < dribbleBytes && (this.sendWindow <= 0 || host.sendWindow <= size))
  }

  #queue(chunk: Uint8Array): void {
    const host = this.#host
    if (chunk.length === 0) return
    if (!host.mayHold(chunk.length)) {
      this.refuse(Http2ErrorCode.ENHANCE_YOUR_CALM, 'the peer reads too slowly')
      return
    }
    this.#outbox ??= new Fifo()
    this.#outbox.push(chunk)
    this.#pending += chunk.length
    host.pendingBytes += chunk.length
  }

  /** Sends one frame of what waits; true when there is more and room for it. */
  #sendSome(): boolean {
    const host = this.#host
    const chunk = this.#outbox?.peek()
    if (chunk === undefined || this.id === 0) return false
    const most = host.peerSettings.maxFrame
    const size = Math.min(chunk.length - this.#sent, this.sendWindow, host.sendWindow, most)
    if (size <= 0) return false
    const start = this.#sent
    this.#pending -= size
    host.pendingBytes -= size
    if (start + size === chunk.length) {
      this.#outbox?.shift()
      this.#sent = 0
    } else this.#sent = start + size
    const done = this.#pending === 0
    const last = done && this.#ending && this.#trailers === undefined
    this.#data(chunk, start, start + size, last)
    if (last) this.#endLocal()
    else if (done) this.#sendTrailers()
    return !done && this.sendWindow > 0 && host.sendWindow > 0 && host.mayWrite
  }

  #askForDrain(): boolean {
    this.#wantsDrain = true
    this.#host.awaitTurn(this)
    return false
  }

  #endLocal(): void {
    this.#ended = true
    this.#sentAll()
    if (this.remoteEnded) this.#close(true)
    else if (this.#host.isServer) {
      this.sink = undefined
      this.#dropInbox()
      // Not at once: the end of the request may be in the bytes that are being read.
      setImmediate(stopRequest, this)
    }
  }

  #close(clean: boolean): void {
    if (this.dead) return
    this.dead = true
    this.#host.pendingBytes -= this.#pending
    this.#pending = 0
    this.#outbox = undefined
    this.#trailers = undefined
    this.#sentAll()
    this.#host.streamClosed(this, clean)
  }

  #sentAll(): void {
    const done = this.#onSent
    this.#onSent = undefined
    done?.()
  }

  /** Bytes have been read. */
  #credit(bytes: number): void {
    if (bytes === 0) return
    this.#host.window.credit(bytes)
    this.#creditStream(bytes)
  }

  /** Bytes of the inbox have been read. */
  #creditHeld(bytes: number): void {
    this.#host.releaseUnread(bytes)
    this.#host.window.release(bytes)
    this.#creditStream(bytes)
  }

  #creditStream(bytes: number): void {
    if (this.dead || this.remoteEnded) return
    const increment = this.#receive.credit(bytes)
    if (increment === 0) return
    this.#host.writer.windowUpdate(this.id, increment)
    this.#host.flushSoon()
  }

  #dropInbox(): void {
    const inbox = this.#inbox
    this.#inbox = undefined
    this.#inboxEnd = undefined
    if (inbox === undefined) return
    this.#creditHeld(inbox.bytes)
  }

  /** Gives out what came while the stream was paused. For {@link deliver}. */
  deliverInbox(): void {
    while (!this.#paused && this.sink !== undefined) {
      const chunk = this.#inbox?.shift()
      if (chunk === undefined) break
      this.sink.data(chunk)
      this.#creditHeld(chunk.length)
    }
    if (this.#paused || (this.#inbox !== undefined && this.#inbox.length > 0)) return
    this.#inbox = undefined
    const end = this.#inboxEnd
    this.#inboxEnd = undefined
    if (end !== undefined) this.#hearEnd(end.trailers)
  }

  #hearEnd(trailers: Http2Headers | undefined): void {
    const { sink } = this
    if (!this.#host.isServer) this.sink = undefined
    sink?.end(trailers)
    if (!this.#host.isServer) this.#giveUpRequest()
  }

  /** The call is over, so a request that still waits to be sent is not. */
  #giveUpRequest(): void {
    if (this.#ending && !this.#ended) this.reset(Http2ErrorCode.CANCEL)
  }
}

function deliver(stream: ConnectionStream): void {
  stream.deliverInbox()
}

function stopRequest(stream: ConnectionStream): void {
  if (!stream.dead) stream.reset(Http2ErrorCode.NO_ERROR)
}
