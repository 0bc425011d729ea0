/** IncomingFrames: what a peer sends, frame by frame, held against the rules of RFC 9113 and handed to the connection. */

import type { ClosedStreams } from './closed-streams.ts'
import { ConnectionError, protocolError, sizeError } from './connection-error.ts'
import type { ConnectionWindow } from './connection-window.ts'
import { Http2ErrorCode, http2ErrorName } from './error-code.ts'
import { FloodGuard } from './flood-guard.ts'
import { largestWindow } from './flow-control.ts'
import { commonFrame, FrameFlag, FrameType } from './frame/frame.ts'
import { FrameReader } from './frame/frame-reader.ts'
import { HeaderAssembly } from './frame/header-assembly.ts'
import { type HeaderBlock, type HeaderCheck, HpackDecoder, HpackError } from './hpack/decoder.ts'
import { type PeerSettings, readSettings } from './settings.ts'
import type { ConnectionStream } from './stream.ts'

const headerTable = 4_096
/** Streams that one SETTINGS frame may wake for the price of another idle frame. */
const wokenPerToken = 8
const mostWakingTokens = 250
/** Full frames of DATA after which larger ones are asked for. */
const fullFrames = 8

/** What frames mean to the connection they came over. Every member may throw ConnectionError. */
export interface FrameHost {
  readonly isServer: boolean
  /** Nothing more is wanted. */
  readonly over: boolean
  /** The peer's SETTINGS have come. */
  readonly settled: boolean
  /** Bytes that may be sent on all streams together. */
  sendWindow: number
  readonly streams: ReadonlyMap<number, ConnectionStream>
  readonly closedStreams: ClosedStreams
  readonly peerSettings: PeerSettings
  readonly window: ConnectionWindow
  /** By which rules the next header list of a stream goes. */
  headerCheck(id: number): HeaderCheck
  headersReceived(id: number, end: boolean, block: HeaderBlock): void
  /** `reason`: what the peer says for people. */
  goawayReceived(lastStream: number, code: number, reason: Uint8Array): void
  /** The peer's settings have been read into `peerSettings`. */
  settingsReceived(): void
  settingsAcknowledged(): void
  /** The peer sends bodies that larger frames would carry better; called once. */
  bodyReceived(): void
  /** A PING with its eight bytes at `start`, to be answered. */
  pingReceived(bytes: Uint8Array, start: number): void
  pingAnswered(bytes: Uint8Array, start: number): void
  /** Whether a stream that is not open any more, or never was, is one that neither side has used yet. */
  isIdle(id: number): boolean
  /** A frame of a stream that is not open. */
  lateFrame(id: number, what: string): void
  resetStream(id: number, code: number): void
  /** Counts a stream that the peer reset, or that this side reset because of the peer. */
  spendReset(): void
}

/** Reads the frames in a socket's chunks. */
export class IncomingFrames {
  readonly #host: FrameHost
  /** Frames that cost their sender nothing. */
  readonly #control: FloodGuard = new FloodGuard(1_000, 200)
  readonly #decoder: HpackDecoder
  readonly #block: HeaderAssembly
  readonly #mostBlockBytes: number
  /** Full frames of DATA that have come. */
  #full = 0
  readonly #reader: FrameReader = new FrameReader((type, flags, stream, bytes, start, end) =>
    this.#frame(type, flags, stream, bytes, start, end),
  )

  constructor(host: FrameHost, maxHeaderListBytes: number) {
    this.#host = host
    this.#decoder = new HpackDecoder(headerTable, maxHeaderListBytes)
    // Larger lists are read and dropped, so that the table stays in step; much larger ones end the connection.
    // What is larger costs the connection, for the table of HPACK needs every block.
    this.#mostBlockBytes = Math.max(maxHeaderListBytes * 4, 512 * 1024) + 16 * 1024
    this.#block = new HeaderAssembly(this.#mostBlockBytes)
  }

  /** Takes a chunk from `from` on. Throws ConnectionError for what ends the connection. */
  push(chunk: Uint8Array, from: number): void {
    this.#reader.push(chunk, from)
  }

  /** The peer has been, or is being, told that it may send frames of that size. */
  takeFrames(limit: number): void {
    this.#reader.limit = limit
  }

  /** Honest work was done: the peer may again send frames that cost it nothing. */
  earn(): void {
    this.#control.earn(4)
  }

  #frame(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#block.stream !== 0 && (type !== FrameType.CONTINUATION || id !== this.#block.stream)) {
      throw protocolError('a frame within a header block')
    }
    if (!this.#host.settled && (type !== FrameType.SETTINGS || (flags & FrameFlag.ACK) !== 0)) {
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
        this.#host.goawayReceived(
          u32(bytes, start) & largestWindow,
          u32(bytes, start + 4),
          bytes.subarray(start + 8, end),
        )
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
    return !this.#host.over
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
    if (size === commonFrame && ++this.#full === fullFrames) this.#host.bodyReceived()
    if (!this.#host.window.take(size)) {
      throw new ConnectionError(Http2ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the window of the connection')
    }
    const last = (flags & FrameFlag.END_STREAM) !== 0
    if (to > from || last) this.#control.earn(4)
    else this.#spend()
    const stream = this.#host.streams.get(id)
    if (stream === undefined) {
      this.#host.window.credit(size)
      this.#host.lateFrame(id, 'DATA')
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
    if (!this.#host.isServer && !stream.responded) return 'DATA before its headers'
    if (stream.expected === undefined) return undefined
    stream.expected -= size
    return stream.expected < 0 || (last && stream.expected > 0) ? 'content-length and body differ' : undefined
  }

  /** A stream whose peer broke a rule with so many bytes of DATA. */
  #refuse(stream: ConnectionStream, size: number, code: number, what: string): void {
    this.#host.window.credit(size)
    this.#host.spendReset()
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
    if ((flags & FrameFlag.END_HEADERS) === 0 || to - from > this.#mostBlockBytes) {
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
      block = this.#decoder.decode(bytes, start, end, this.#host.headerCheck(id))
    } catch (error) {
      if (!(error instanceof HpackError)) throw error
      throw new ConnectionError(Http2ErrorCode.COMPRESSION_ERROR, error.message)
    }
    this.#control.earn(4)
    this.#host.headersReceived(id, (flags & FrameFlag.END_STREAM) !== 0, block)
  }

  #selfDependent(id: number): void {
    const stream = this.#host.streams.get(id)
    this.#host.spendReset()
    if (stream !== undefined) stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'it depends on itself')
    else this.#host.resetStream(id, Http2ErrorCode.PROTOCOL_ERROR)
  }

  #priorityFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError('PRIORITY on stream 0')
    this.#spend()
    if (end - start !== 5) {
      const stream = this.#host.streams.get(id)
      this.#host.spendReset()
      if (stream !== undefined) stream.refuse(Http2ErrorCode.FRAME_SIZE_ERROR, 'PRIORITY of a wrong size')
      else this.#host.resetStream(id, Http2ErrorCode.FRAME_SIZE_ERROR)
    } else if ((u32(bytes, start) & largestWindow) === id) this.#selfDependent(id)
  }

  #rstStreamFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError('RST_STREAM on stream 0')
    if (end - start !== 4) throw sizeError('RST_STREAM')
    const stream = this.#host.streams.get(id)
    if (stream === undefined) {
      this.#spend()
      if (this.#host.isIdle(id)) throw protocolError(`RST_STREAM on idle stream ${id}`)
      return
    }
    // A client has asked for its streams, so a server that resets them costs it nothing.
    if (this.#host.isServer) this.#host.spendReset()
    this.#host.closedStreams.addResetThere(id)
    const code = u32(bytes, start)
    stream.die(code, `the stream was reset with ${http2ErrorName(code)}`, code !== Http2ErrorCode.REFUSED_STREAM)
  }

  #settingsFrame(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream')
    this.#spend()
    const host = this.#host
    if ((flags & FrameFlag.ACK) !== 0) {
      if (end > start) throw sizeError('SETTINGS')
      host.settingsAcknowledged()
      return
    }
    const settings = host.peerSettings
    const before = settings.initialWindow
    readSettings(settings, bytes, start, end, !host.isServer)
    const grown = settings.initialWindow - before
    if (grown !== 0) {
      let woken = 0
      for (const stream of host.streams.values()) {
        if (!stream.widen(grown)) throw new ConnectionError(Http2ErrorCode.FLOW_CONTROL_ERROR, 'a window too large')
        if (stream.hungry) woken++
      }
      // A frame of a few bytes makes this side send one on each of these streams.
      this.#spend(Math.min(mostWakingTokens, Math.ceil(woken / wokenPerToken)))
    }
    host.settingsReceived()
  }

  #pingFrame(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError('PING on a stream')
    if (end - start !== 8) throw sizeError('PING')
    this.#spend()
    if ((flags & FrameFlag.ACK) === 0) this.#host.pingReceived(bytes, start)
    else this.#host.pingAnswered(bytes, start)
  }

  #windowUpdateFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw sizeError('WINDOW_UPDATE')
    this.#spend()
    const increment = u32(bytes, start) & largestWindow
    if (id === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE by 0')
      this.#host.sendWindow += increment
      if (this.#host.sendWindow > largestWindow) {
        throw new ConnectionError(Http2ErrorCode.FLOW_CONTROL_ERROR, 'a window too large')
      }
      return
    }
    const stream = this.#host.streams.get(id)
    if (stream === undefined) {
      if (this.#host.isIdle(id)) throw protocolError(`WINDOW_UPDATE on idle stream ${id}`)
      return
    }
    if (increment === 0) {
      this.#host.spendReset()
      stream.refuse(Http2ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0')
    } else if (!stream.widen(increment)) {
      this.#host.spendReset()
      stream.refuse(Http2ErrorCode.FLOW_CONTROL_ERROR, 'a window too large')
    }
  }

  #spend(tokens = 1): void {
    if (!this.#control.spend(tokens))
      throw new ConnectionError(Http2ErrorCode.ENHANCE_YOUR_CALM, 'too many idle frames')
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
