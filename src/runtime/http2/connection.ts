/** Connection: what both ends of an HTTP/2 connection have in common (RFC 9113). */

import type { MemoryAccount } from '../core/bytes/memory-account.ts'
import type { Socket } from '../net/socket.ts'
import { ClosedStreams } from './closed-streams.ts'
import { ConnectionError, protocolError } from './connection-error.ts'
import { ConnectionOutput, type OutputHost } from './connection-output.ts'
import { ConnectionWindow } from './connection-window.ts'
import { Http2ErrorCode } from './error-code.ts'
import { FloodGuard } from './flood-guard.ts'
import { defaultWindow, type RoundTrip } from './flow-control.ts'
import { largestFrame, Setting } from './frame/frame.ts'
import type { FrameWriter } from './frame/frame-writer.ts'
import type { HeaderBlock, HeaderCheck } from './hpack/decoder.ts'
import { HpackEncoder } from './hpack/encoder.ts'
import { type FrameHost, IncomingFrames } from './incoming-frames.ts'
import { Keepalive } from './keepalive.ts'
import { defaultPeerSettings, type PeerSettings } from './settings.ts'
import type { Http2Headers, Http2Keepalive, Http2Options } from './sink.ts'
import type { ConnectionStream, StreamHost } from './stream.ts'

const defaultStreamWindow = 1024 * 1024
const defaultConnectionWindow = 16 * 1024 * 1024
/** What `node:http2`, and grpc-js with it, takes. */
const defaultHeaderList = 64 * 1024
const defaultSettingsTimeoutMs = 10_000
/** How far the window of a stream may grow when nobody has fixed it. */
const mostStreamWindow = 16 * 1024 * 1024
/** Milliseconds that a peer has to hang up after this side has. */
const hangUpMs = 1_000

const keepalivePing: Uint8Array = new TextEncoder().encode('volo-ka?')
const drainPing: Uint8Array = new TextEncoder().encode('volo-bye')

/** What the two ends of a connection do differently. */
export abstract class Connection implements StreamHost, OutputHost, FrameHost {
  abstract readonly isServer: boolean
  readonly writer: FrameWriter
  sendWindow: number = defaultWindow
  readonly streams: Map<number, ConnectionStream> = new Map()
  readonly peerSettings: PeerSettings = defaultPeerSettings()
  /** The socket is gone, or this side has ended the connection. */
  over = false
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>
  readonly window: ConnectionWindow
  readonly closedStreams: ClosedStreams = new ClosedStreams()
  /** Windows that this side gives each stream. */
  readonly streamWindow: number
  readonly mostStreamWindow: number
  readonly roundTrip: RoundTrip = { ms: 0 }
  /** Resets that cost this side work, of streams or by streams. */
  protected readonly resets: FloodGuard = new FloodGuard(1_000, 33)
  settled = false
  /** Headers or data were sent since it was last set to false. */
  protected spoke = false
  protected readonly socket: Socket
  /** Why the socket was closed, where that is known. */
  protected socketError: Error | undefined = undefined
  /** Chunks that were read so far, round again after 2^30. */
  reads = 0
  readonly #options: Http2Options
  readonly #memory: MemoryAccount | undefined
  #pendingBytes = 0
  readonly #output: ConnectionOutput
  readonly #incoming: IncomingFrames
  readonly #encoder: HpackEncoder = new HpackEncoder()
  protected readonly keepalive: Keepalive
  readonly #settingsTimer: NodeJS.Timeout
  #acknowledged = false
  #begunAt = 0

  protected constructor(socket: Socket, options: Http2Options, keepalive: Http2Keepalive, memory?: MemoryAccount) {
    this.socket = socket
    this.#options = options
    this.#memory = memory
    this.streamWindow = options.streamWindowBytes ?? defaultStreamWindow
    this.mostStreamWindow = options.streamWindowBytes === undefined ? mostStreamWindow : 0
    this.window = new ConnectionWindow(
      options.connectionWindowBytes ?? defaultConnectionWindow,
      options.connectionWindowBytes === undefined ? this.roundTrip : undefined,
      (increment) => this.#widen(increment),
    )
    this.#incoming = new IncomingFrames(this, this.ownHeaderListBytes)
    this.#output = new ConnectionOutput(socket, this, memory)
    this.writer = this.#output.writer
    this.keepalive = new Keepalive(
      {
        isBusy: () => this.streams.size > 0,
        sendPing: () => this.sendPing(keepalivePing),
        bytesTaken: () => (this.#output.pressed ? socket.bytesWritten - socket.writableLength : -1),
        suspect: (reason) => this.suspected(reason),
        giveUp: (reason) => this.giveUp(reason),
      },
      keepalive,
    )
    const settingsMs = this.settingsTimeoutMs
    this.#settingsTimer = setTimeout(() => setImmediate(() => this.#checkSettings(settingsMs)), settingsMs).unref()
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.over = true
        this.#release()
        this.lost()
        resolve()
      })
    })
    socket.on('error', (error) => {
      this.socketError = error
    })
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk))
  }

  abstract headerCheck(id: number): HeaderCheck
  abstract headersReceived(id: number, end: boolean, block: HeaderBlock): void
  abstract goawayReceived(lastStream: number, code: number, reason: Uint8Array): void
  abstract isIdle(id: number): boolean
  /** The socket is closed: every stream hears of it. */
  protected abstract lost(): void
  /** The highest stream of the peer that this side has seen. */
  protected abstract get lastPeerStream(): number
  /** The connection is of no use, with the reason. */
  protected abstract failed(reason: string): void
  abstract mayHold(bytes: number): boolean
  abstract streamClosed(stream: ConnectionStream, clean: boolean): void
  /** The peer has answered {@link sendDrainPing}. */
  protected drainPingAnswered(): void {}

  /** Bytes of all streams that wait to be sent. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  set pendingBytes(bytes: number) {
    this.#memory?.chargeUnsent(bytes - this.#pendingBytes)
    this.#pendingBytes = bytes
  }

  get mayWrite(): boolean {
    return this.#output.mayWrite
  }

  /** Largest header list that the peer takes. */
  get maxHeaderListBytes(): number {
    return this.peerSettings.maxHeaderListBytes
  }

  /** Largest header list that this side takes. */
  get ownHeaderListBytes(): number {
    return this.#options.maxHeaderListBytes ?? defaultHeaderList
  }

  /** Whether the socket takes more. */
  protected get hasRoom(): boolean {
    return this.#output.hasRoom
  }

  get settingsTimeoutMs(): number {
    return this.#options.settingsTimeoutMs ?? defaultSettingsTimeoutMs
  }

  flushSoon(): void {
    this.#output.flushSoon()
  }

  awaitTurn(stream: ConnectionStream): void {
    this.#output.awaitTurn(stream)
  }

  onPressure(high: boolean): void {
    if (this.over || !this.isServer) return
    // Whoever does not read its answers is not read from either. A client has asked for what comes, so it reads on.
    if (high) this.socket.pause()
    else this.socket.resume()
  }

  /** There may be room for a new stream: the socket takes bytes again, or the peer has said so. */
  onRoom(): void {}

  sendHeaders(stream: ConnectionStream, headers: Http2Headers, last: boolean): void {
    this.sendHeaderLists(stream.id, headers, undefined, last)
  }

  sendReset(stream: ConnectionStream, code: number, _late: boolean): void {
    if (stream.id !== 0) this.resetStream(stream.id, code)
  }

  holdUnread(_bytes: number): boolean {
    return true
  }

  releaseUnread(_bytes: number): void {}

  stalls(_stream: ConnectionStream): void {}

  dataSent(bytes: number, isDribble: boolean): void {
    this.sendWindow -= bytes
    this.spoke = true
    if (!isDribble) this.#incoming.earn()
    this.flushSoon()
  }

  settingsReceived(): void {
    this.settled = true
    this.#encoder.limitTable(this.peerSettings.headerTableSize)
    this.writer.settingsAck()
    this.flushSoon()
    this.onRoom()
  }

  bodyReceived(): void {
    this.#incoming.takeFrames(largestFrame)
    this.writer.settings([[Setting.MAX_FRAME_SIZE, largestFrame]])
    this.flushSoon()
  }

  settingsAcknowledged(): void {
    if (this.#acknowledged) return
    this.#acknowledged = true
    this.roundTrip.ms = performance.now() - this.#begunAt
  }

  /** Throws ConnectionError when the peer asks too often. */
  pingReceived(bytes: Uint8Array, start: number): void {
    this.writer.ping(bytes, start, true)
    this.flushSoon()
  }

  pingAnswered(bytes: Uint8Array, start: number): void {
    if (bytes[start + 5] === drainPing[5] && bytes[start + 7] === drainPing[7]) this.drainPingAnswered()
  }

  /** Says the preface of this side, and takes bytes that were read already. */
  protected begin(first: Uint8Array, settings: readonly (readonly [number, number])[]): void {
    const { streamWindow } = this
    this.writer.settings([
      ...settings,
      [Setting.INITIAL_WINDOW_SIZE, streamWindow],
      [Setting.MAX_HEADER_LIST_SIZE, this.ownHeaderListBytes],
    ])
    this.window.announce()
    this.#begunAt = performance.now()
    this.flushSoon()
    if (first.length > 0) this.#read(first)
    if (!this.socket.destroyed) this.socket.resume()
  }

  /** HEADERS with two lists in one block. Throws TypeError for what no header can carry. */
  protected sendHeaderLists(id: number, headers: Http2Headers, more: Http2Headers | undefined, last: boolean): void {
    const encoder = this.#encoder
    encoder.encode(headers, more)
    this.writer.headers(id, encoder.bytes, encoder.length, last)
    this.spoke = true
    this.#incoming.earn()
    this.flushSoon()
  }

  /** RST_STREAM; frames of the stream that are still on their way are then forgiven. */
  resetStream(id: number, code: number): void {
    this.writer.rstStream(id, code)
    this.flushSoon()
    this.closedStreams.addResetHere(id)
  }

  lateFrame(id: number, what: string): void {
    if (this.isIdle(id)) throw protocolError(`${what} on idle stream ${id}`)
    const verdict = this.closedStreams.judge(id)
    if (verdict === 'forgiven') return
    if (verdict === 'after-end') throw new ConnectionError(Http2ErrorCode.STREAM_CLOSED, `${what} on a closed stream`)
    this.spendReset()
    this.resetStream(id, Http2ErrorCode.STREAM_CLOSED)
  }

  protected sendPing(bytes: Uint8Array): void {
    if (this.over) return
    this.writer.ping(bytes, 0, false)
    this.flushSoon()
  }

  /** A PING whose answer says that the peer has read all that was sent before. */
  protected sendDrainPing(): void {
    this.sendPing(drainPing)
  }

  protected sendGoaway(lastStream: number, code: number, reason: string): void {
    if (this.over) return
    this.writer.goaway(lastStream, code, reason)
    this.flushSoon()
  }

  /** Sends what waits, then FIN; a peer that does not hang up is cut off. */
  protected end(): void {
    if (this.over) return
    this.over = true
    this.#release()
    const { socket } = this
    this.#output.end()
    // What still comes is read and dropped: closing before would reset the connection, and lose what was sent last.
    if (!socket.destroyed) socket.resume()
    const timer = setTimeout(() => socket.destroy(), hangUpMs).unref()
    socket.once('close', () => clearTimeout(timer))
  }

  /** Ends it now. */
  protected cut(code: number, reason: string): void {
    if (!this.over) {
      this.sendGoaway(this.lastPeerStream, code, reason)
      this.over = true
      this.#output.flush()
    }
    this.#release()
    this.lost()
    this.socket.destroy()
  }

  /** The peer may be gone, with the reason. */
  protected suspected(_reason: string): void {}

  /** The peer is given up. */
  protected giveUp(reason: string): void {
    if (this.over) return
    this.failed(reason)
    this.cut(Http2ErrorCode.NO_ERROR, reason)
  }

  #widen(increment: number): void {
    if (this.over) return
    this.writer.windowUpdate(0, increment)
    this.flushSoon()
  }

  #release(): void {
    this.keepalive.stop()
    clearTimeout(this.#settingsTimer)
  }

  #checkSettings(afterMs: number): void {
    if (this.over || (this.settled && this.#acknowledged)) return
    const what = this.settled ? 'did not acknowledge HTTP/2 SETTINGS' : 'sent no HTTP/2 SETTINGS'
    this.failed(`${what} within ${afterMs} ms${this.settled ? '' : '; does this port speak gRPC?'}`)
    this.cut(Http2ErrorCode.SETTINGS_TIMEOUT, what)
  }

  #read(chunk: Uint8Array): void {
    if (this.over) return
    this.keepalive.heard()
    this.reads = (this.reads + 1) & 0x3fff_ffff
    try {
      const from = this.settled ? 0 : this.takePreface(chunk)
      if (from >= 0) this.#incoming.push(chunk, from)
    } catch (error) {
      this.#fail(error)
    }
    this.#output.pump()
  }

  /** Where the frames begin in a chunk that may hold what a client says first; -1 when nothing else is there. */
  protected takePreface(_chunk: Uint8Array): number {
    return 0
  }

  #fail(error: unknown): void {
    const known = error instanceof ConnectionError
    const code = known ? error.code : Http2ErrorCode.INTERNAL_ERROR
    const reason = known ? error.message : 'internal error'
    this.failed(this.brokenRule(reason))
    this.sendGoaway(this.lastPeerStream, code, reason)
    this.lost()
    this.end()
  }

  /** What went wrong when the peer sent what HTTP/2 does not allow. */
  protected brokenRule(reason: string): string {
    return `the connection broke the rules of HTTP/2: ${reason}`
  }

  spendReset(): void {
    if (!this.resets.spend()) throw new ConnectionError(Http2ErrorCode.ENHANCE_YOUR_CALM, 'too many resets')
  }
}
