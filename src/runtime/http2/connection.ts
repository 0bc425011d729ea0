/** Connection: what both ends of an HTTP/2 connection have in common (RFC 9113). */

import type { Socket } from '../net/socket.ts'
import { ClosedStreams } from './closed-streams.ts'
import { ConnectionError } from './connection-error.ts'
import { ConnectionOutput, type OutputHost } from './connection-output.ts'
import { Http2ErrorCode, http2ErrorName } from './error-code.ts'
import { FloodGuard } from './flood-guard.ts'
import { defaultWindow, largestWindow, ReceiveWindow } from './flow-control.ts'
import { FrameFlag, FrameType, Setting } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'
import { HeaderAssembly } from './header-assembly.ts'
import { type HeaderBlock, type HeaderCheck, HpackDecoder, HpackError } from './hpack-decoder.ts'
import { HpackEncoder } from './hpack-encoder.ts'
import { KeepaliveTimer } from './keepalive.ts'
import { defaultPeerSettings, type PeerSettings, readSettings } from './settings.ts'
import type { Http2Headers, Http2Keepalive, Http2Options } from './sink.ts'
import type { ConnectionStream, StreamHost } from './stream.ts'

const defaultStreamWindow = 1024 * 1024
const defaultConnectionWindow = 16 * 1024 * 1024
const defaultHeaderList = 16 * 1024
const defaultSettingsTimeoutMs = 10_000
const headerTable = 4_096
/** Milliseconds that a peer has to hang up after this side has. */
const hangUpMs = 1_000

const keepalivePing: Uint8Array = new TextEncoder().encode('volo-ka?')
const drainPing: Uint8Array = new TextEncoder().encode('volo-bye')

/** What the two ends of a connection do differently. */
export abstract class Connection implements StreamHost, OutputHost {
  abstract readonly isServer: boolean
  readonly writer: FrameWriter
  sendWindow: number = defaultWindow
  pendingBytes = 0
  readonly streams: Map<number, ConnectionStream> = new Map()
  readonly peerSettings: PeerSettings = defaultPeerSettings()
  /** The socket is gone, or this side has ended the connection. */
  over = false
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>
  /** Windows that this side gives each stream. */
  readonly streamWindow: number
  /** Resets that cost this side work, of streams or by streams. */
  protected readonly resets: FloodGuard = new FloodGuard(1_000, 33)
  /** The peer's SETTINGS have come. */
  protected settled = false
  /** Headers or data were sent since it was last set to false. */
  protected spoke = false
  protected readonly socket: Socket
  readonly #options: Http2Options
  readonly #output: ConnectionOutput
  readonly #reader: FrameReader = new FrameReader((type, flags, stream, bytes, start, end) =>
    this.#frame(type, flags, stream, bytes, start, end),
  )
  readonly #decoder: HpackDecoder
  readonly #encoder: HpackEncoder = new HpackEncoder()
  readonly #receive: ReceiveWindow
  readonly #connectionWindow: number
  /** Frames that cost their sender nothing. */
  readonly #control: FloodGuard = new FloodGuard(1_000, 200)
  readonly #keepalive: KeepaliveTimer
  readonly #settingsTimer: NodeJS.Timeout
  readonly #block: HeaderAssembly
  readonly #closedStreams: ClosedStreams = new ClosedStreams()
  #acknowledged = false

  protected constructor(socket: Socket, options: Http2Options, keepalive: Http2Keepalive) {
    this.socket = socket
    this.#options = options
    this.streamWindow = options.streamWindowBytes ?? defaultStreamWindow
    this.#connectionWindow = Math.max(defaultWindow, options.connectionWindowBytes ?? defaultConnectionWindow)
    this.#receive = new ReceiveWindow(this.#connectionWindow)
    const maxHeaderList = options.maxHeaderListBytes ?? defaultHeaderList
    this.#decoder = new HpackDecoder(headerTable, maxHeaderList)
    // Larger lists are read and dropped, so that the table stays in step; much larger ones end the connection.
    this.#block = new HeaderAssembly(maxHeaderList * 4 + 16 * 1024)
    this.#output = new ConnectionOutput(socket, this)
    this.writer = this.#output.writer
    this.#keepalive = new KeepaliveTimer(
      {
        isBusy: () => this.streams.size > 0,
        sendPing: () => this.sendPing(keepalivePing),
        bytesTaken: () => (this.#output.pressed ? socket.bytesWritten - socket.writableLength : -1),
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
    socket.on('error', () => {})
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk))
  }

  /** By which rules the next header list of a stream goes. */
  protected abstract headerCheck(id: number): HeaderCheck
  protected abstract headersReceived(id: number, end: boolean, block: HeaderBlock): void
  protected abstract goawayReceived(lastStream: number, code: number): void
  /** Whether a stream that is not open any more, or never was, is one that neither side has used yet. */
  protected abstract isIdle(id: number): boolean
  /** The socket is closed: every stream hears of it. */
  protected abstract lost(): void
  /** The highest stream of the peer that this side has seen. */
  protected abstract get lastPeerStream(): number
  /** The connection is of no use, with the reason. */
  protected abstract failed(reason: string): void
  abstract streamClosed(stream: ConnectionStream, clean: boolean): void
  /** The peer has answered {@link sendDrainPing}. */
  protected drainPingAnswered(): void {}
  /** The peer wants a sign of life. Throws ConnectionError when it asks too often. */
  protected pingReceived(): void {}

  get mayWrite(): boolean {
    return this.#output.mayWrite
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

  sendReset(stream: ConnectionStream, code: number): void {
    if (stream.id !== 0) this.resetStream(stream.id, code)
  }

  dataSent(bytes: number): void {
    this.sendWindow -= bytes
    this.spoke = true
    this.#control.earn(4)
    this.flushSoon()
  }

  creditConnection(bytes: number): void {
    const increment = this.#receive.credit(bytes)
    if (increment === 0 || this.over) return
    this.writer.windowUpdate(0, increment)
    this.flushSoon()
  }

  /** Says the preface of this side, and takes bytes that were read already. */
  protected begin(first: Uint8Array, settings: readonly (readonly [number, number])[]): void {
    const { streamWindow } = this
    this.writer.settings([
      ...settings,
      [Setting.INITIAL_WINDOW_SIZE, streamWindow],
      [Setting.MAX_HEADER_LIST_SIZE, this.#options.maxHeaderListBytes ?? defaultHeaderList],
    ])
    if (this.#connectionWindow > defaultWindow) this.writer.windowUpdate(0, this.#connectionWindow - defaultWindow)
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
    this.#control.earn(4)
    this.flushSoon()
  }

  /** RST_STREAM; frames of the stream that are still on their way are then forgiven. */
  protected resetStream(id: number, code: number): void {
    this.writer.rstStream(id, code)
    this.flushSoon()
    this.#closedStreams.addResetHere(id)
  }

  /** A frame of a stream that is not open. Throws ConnectionError where it is more than an error of the stream. */
  protected lateFrame(id: number, what: string): void {
    if (this.isIdle(id)) throw protocolError(`${what} on idle stream ${id}`)
    const verdict = this.#closedStreams.judge(id)
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

  /** The peer is given up. */
  protected giveUp(reason: string): void {
    if (this.over) return
    this.failed(reason)
    this.cut(Http2ErrorCode.NO_ERROR, reason)
  }

  #release(): void {
    this.#keepalive.stop()
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
    this.#keepalive.heard()
    try {
      const from = this.settled ? 0 : this.takePreface(chunk)
      if (from >= 0) this.#reader.push(chunk, from)
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
    this.failed(`the connection broke the rules of HTTP/2: ${reason}`)
    this.sendGoaway(this.lastPeerStream, code, reason)
    this.lost()
    this.end()
  }

  #frame(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#block.stream !== 0 && (type !== FrameType.CONTINUATION || id !== this.#block.stream)) {
      throw protocolError('a frame within a header block')
    }
    if (!this.settled && (type !== FrameType.SETTINGS || (flags & FrameFlag.ACK) !== 0)) {
      throw protocolError('the first frame is not SETTINGS')
    }
    switch (type) {
      case FrameType.DATA:
        this.#dataFrame(flags, id, bytes, start, end)
        break
      case FrameType.HEADERS:
        this.#headersFrame(flags, id, bytes, start, end)
        break
      case FrameType.PRIORITY:
        this.#priorityFrame(id, bytes, start, end)
        break
      case FrameType.RST_STREAM:
        this.#rstStreamFrame(id, bytes, start, end)
        break
      case FrameType.SETTINGS:
        this.#settingsFrame(flags, id, bytes, start, end)
        break
      case FrameType.PUSH_PROMISE:
        throw protocolError('PUSH_PROMISE')
      case FrameType.PING:
        this.#pingFrame(flags, id, bytes, start, end)
        break
      case FrameType.GOAWAY:
        if (id !== 0) throw protocolError('GOAWAY on a stream')
        if (end - start < 8) throw sizeError('GOAWAY')
        this.#spend()
        this.goawayReceived(u32(bytes, start) & largestWindow, u32(bytes, start + 4))
        break
      case FrameType.WINDOW_UPDATE:
        this.#windowUpdateFrame(id, bytes, start, end)
        break
      case FrameType.CONTINUATION:
        this.#continuationFrame(flags, bytes, start, end)
        break
      default:
        this.#spend()
    }
    return !this.over
  }

  #dataFrame(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError('DATA on stream 0')
    const size = end - start
    let from = start
    let to = end
    if ((flags & FrameFlag.PADDED) !== 0) {
      const padding = size > 0 ? bytes[start]! : 0
      if (padding >= size) throw protocolError('padding longer than its frame')
      from++
      to -= padding
    }
    this.#receive.left -= size
    if (this.#receive.left < 0) {
      throw new ConnectionError(Http2ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the window of the connection')
    }
    const last = (flags & FrameFlag.END_STREAM) !== 0
    if (to > from || last) this.#control.earn(4)
    else this.#spend()
    const stream = this.streams.get(id)
    if (stream === undefined) {
      this.creditConnection(size)
      this.lateFrame(id, 'DATA')
      return
    }
    const problem = this.#problemOfData(stream, to - from, last)
    if (problem !== undefined) {
      const code = stream.remoteEnded ? Http2ErrorCode.STREAM_CLOSED : Http2ErrorCode.PROTOCOL_ERROR
      this.#refuse(stream, size, code, problem)
      return
    }
    const body = to - from === bytes.length ? bytes : bytes.subarray(from, to)
    if (!stream.receive(body, size - body.length, last)) {
      this.#refuse(stream, size, Http2ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than its window')
    }
  }

  #problemOfData(stream: ConnectionStream, size: number, last: boolean): string | undefined {
    if (stream.remoteEnded) return 'DATA after its end'
    if (!this.isServer && !stream.responded) return 'DATA before its headers'
    if (stream.expected === undefined) return undefined
    stream.expected -= size
    return stream.expected < 0 || (last && stream.expected > 0) ? 'content-length and body differ' : undefined
  }

  /** A stream whose peer broke a rule with so many bytes of DATA. */
  #refuse(stream: ConnectionStream, size: number, code: number, what: string): void {
    this.creditConnection(size)
    this.spendReset()
    stream.refuse(code, what)
  }

  #headersFrame(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError('HEADERS on stream 0')
    let from = start
    let to = end
    if ((flags & FrameFlag.PADDED) !== 0) {
      if (from >= to) throw sizeError('HEADERS')
      const padding = bytes[from++]!
      if (padding > to - from) throw protocolError('padding longer than its frame')
      to -= padding
    }
    let selfDependent = false
    if ((flags & FrameFlag.PRIORITY) !== 0) {
      if (to - from < 5) throw sizeError('HEADERS')
      selfDependent = (u32(bytes, from) & largestWindow) === id
      from += 5
    }
    if ((flags & FrameFlag.END_HEADERS) === 0) {
      this.#block.begin(id, flags)
      this.#block.add(bytes, from, to)
    } else this.#headerBlock(id, flags, bytes, from, to)
    if (selfDependent) this.#selfDependent(id)
  }

  #continuationFrame(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const { stream, flags: first } = this.#block
    if (stream === 0) throw protocolError('CONTINUATION without HEADERS')
    this.#block.add(bytes, start, end)
    if ((flags & FrameFlag.END_HEADERS) === 0) return
    const block = this.#block.end()
    this.#headerBlock(stream, first, block, 0, block.length)
  }

  #headerBlock(id: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
    let block: HeaderBlock
    try {
      block = this.#decoder.decode(bytes, start, end, this.headerCheck(id))
    } catch (error) {
      if (!(error instanceof HpackError)) throw error
      throw new ConnectionError(Http2ErrorCode.COMPRESSION_ERROR, error.message)
    }
    this.#control.earn(4)
    this.headersReceived(id, (flags & FrameFlag.END_STREAM) !== 0, block)
  }

  #selfDependent(id: number): void {
    const stream = this.streams.get(id)
    this.spendReset()
    if (stream !== undefined) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'it depends on itself')
    else this.resetStream(id, Http2ErrorCode.PROTOCOL_ERROR)
  }

  #priorityFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError('PRIORITY on stream 0')
    this.#spend()
    if (end - start !== 5) {
      const stream = this.streams.get(id)
      this.spendReset()
      if (stream !== undefined) stream.refuse(Http2ErrorCode.FRAME_SIZE_ERROR, 'PRIORITY of a wrong size')
      else this.resetStream(id, Http2ErrorCode.FRAME_SIZE_ERROR)
    } else if ((u32(bytes, start) & largestWindow) === id) this.#selfDependent(id)
  }

  #rstStreamFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError('RST_STREAM on stream 0')
    if (end - start !== 4) throw sizeError('RST_STREAM')
    const stream = this.streams.get(id)
    if (stream === undefined) {
      this.#spend()
      if (this.isIdle(id)) throw protocolError(`RST_STREAM on idle stream ${id}`)
      return
    }
    // A client has asked for its streams, so a server that resets them costs it nothing.
    if (this.isServer) this.spendReset()
    this.#closedStreams.addResetThere(id)
    const code = u32(bytes, start)
    stream.die(code, `the stream was reset with ${http2ErrorName(code)}`, code !== Http2ErrorCode.REFUSED_STREAM)
  }

  #settingsFrame(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream')
    this.#spend()
    if ((flags & FrameFlag.ACK) !== 0) {
      if (end > start) throw sizeError('SETTINGS')
      this.#acknowledged = true
      return
    }
    const settings = this.peerSettings
    const before = settings.initialWindow
    readSettings(settings, bytes, start, end)
    this.settled = true
    this.#encoder.limitTable(settings.headerTableSize)
    const grown = settings.initialWindow - before
    if (grown !== 0) {
      for (const stream of this.streams.values()) {
        if (!stream.widen(grown)) throw new ConnectionError(Http2ErrorCode.FLOW_CONTROL_ERROR, 'a window too large')
      }
    }
    this.writer.settingsAck()
    this.flushSoon()
    this.onRoom()
  }

  #pingFrame(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError('PING on a stream')
    if (end - start !== 8) throw sizeError('PING')
    this.#spend()
    if ((flags & FrameFlag.ACK) === 0) {
      this.pingReceived()
      this.writer.ping(bytes, start, true)
      this.flushSoon()
    } else if (bytes[start + 5] === drainPing[5] && bytes[start + 7] === drainPing[7]) this.drainPingAnswered()
  }

  #windowUpdateFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw sizeError('WINDOW_UPDATE')
    this.#spend()
    const increment = u32(bytes, start) & largestWindow
    if (id === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE by 0')
      this.sendWindow += increment
      if (this.sendWindow > largestWindow) {
        throw new ConnectionError(Http2ErrorCode.FLOW_CONTROL_ERROR, 'a window too large')
      }
      return
    }
    const stream = this.streams.get(id)
    if (stream === undefined) {
      if (this.isIdle(id)) throw protocolError(`WINDOW_UPDATE on idle stream ${id}`)
      return
    }
    if (increment === 0) {
      this.spendReset()
      stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0')
    } else if (!stream.widen(increment)) {
      this.spendReset()
      stream.refuse(Http2ErrorCode.FLOW_CONTROL_ERROR, 'a window too large')
    }
  }

  #spend(): void {
    if (!this.#control.spend()) throw new ConnectionError(Http2ErrorCode.ENHANCE_YOUR_CALM, 'too many idle frames')
  }

  /** Counts a stream that the peer reset, or that this side reset because of the peer. */
  protected spendReset(): void {
    if (!this.resets.spend()) throw new ConnectionError(Http2ErrorCode.ENHANCE_YOUR_CALM, 'too many resets')
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** ConnectionError PROTOCOL_ERROR. */
export function protocolError(message: string): ConnectionError {
  return new ConnectionError(Http2ErrorCode.PROTOCOL_ERROR, message)
}

function sizeError(what: string): ConnectionError {
  return new ConnectionError(Http2ErrorCode.FRAME_SIZE_ERROR, `${what} of a wrong size`)
}
