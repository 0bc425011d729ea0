/** Cuts a byte stream into Thrift messages, whatever is around them. */

import { RpcError } from '../core/error.ts'
import { foreignProtocolHint, isTlsRecord } from '../net/foreign-protocol.ts'
import { MessageScanner } from './message-scanner.ts'
import { malformed } from './protocol/error.ts'
import { defaultMaxDepth } from './protocol/protocol.ts'
import { sniffBytes, sniffFraming, sniffProtocol, type ThriftFraming } from './sniff.ts'

/** The default limit of a message with all that is around it: 16 MiB. */
export const defaultMaxFrameBytes: number = 16 * 1024 * 1024

/** The longest frame over the limit that is discarded, so that the stream can be read on: 64 MiB. */
const maxSkippedBytes = 64 * 1024 * 1024
/** How much of such a frame is kept, to find out what it was about. */
const keptBytes = 16 * 1024

/**
 * Splits what arrives into messages without copying those that lie whole in a chunk. Memory in use is bounded by the
 * bytes that have really arrived, never by a length that a peer merely claims.
 */
export class FrameReader {
  /** The message that the last `next` found is `bytes[start, end)`, with what is around it. */
  bytes: Uint8Array = none
  start = 0
  end = 0
  framing: ThriftFraming = 'framed'
  /** The refusal of a frame over the limit, of which `bytes[start, end)` is the beginning and the rest has been discarded. */
  oversized: RpcError | undefined = undefined
  readonly #maxFrameBytes: number
  readonly #scanner: MessageScanner
  #scanning = false
  /** Unread bytes are `#buffer[#from, #to)`; behind `#to` it may only be written when `#owned`. */
  #buffer: Uint8Array = none
  #from = 0
  #to = 0
  #owned = false
  /** Bytes to discard, and the beginning of the frame that they belong to. */
  #skipping = 0
  #kept: Uint8Array = none
  #refusal: RpcError | undefined

  constructor(maxFrameBytes: number = defaultMaxFrameBytes, maxDepth: number = defaultMaxDepth) {
    this.#maxFrameBytes = maxFrameBytes
    this.#scanner = new MessageScanner(maxDepth)
  }

  /** Bytes that have arrived and belong to no finished message. */
  get pending(): number {
    return this.#to - this.#from
  }

  /** A message has arrived in part. */
  get isPartial(): boolean {
    return this.#skipping > 0 || this.#to > this.#from
  }

  /** A frame over the limit is being discarded. */
  get isSkipping(): boolean {
    return this.#skipping > 0
  }

  /** The beginning of the unfinished message, to find out what it is about. */
  peek(): Uint8Array {
    return this.#skipping > 0 ? this.#kept : this.#unread()
  }

  #unread(): Uint8Array {
    return this.#buffer.subarray(this.#from, this.#to)
  }

  /**
   * Gives up the unfinished message: its frame is discarded, and then told as `oversized` with this refusal. Throws the
   * refusal where nothing says how long the message is.
   */
  discard(refusal: RpcError): void {
    if (this.#skipping > 0 || this.#to === this.#from) return
    if (this.#scanning || this.#to - this.#from < sniffBytes) throw refusal
    const framing = sniffFraming(this.#buffer, this.#from)
    if (framing === undefined || framing === 'buffered') throw refusal
    this.#startSkip(framing, readU32(this.#buffer, this.#from), refusal)
    this.#skip()
    this.#buffer = none
    this.#from = 0
    this.#to = 0
  }

  /** Adds bytes; they must not change afterwards. */
  push(chunk: Uint8Array): void {
    const unread = this.#to - this.#from
    if (unread === 0) {
      this.#buffer = chunk
      this.#from = 0
      this.#to = chunk.length
      this.#owned = false
      return
    }
    const size = unread + chunk.length
    if (!this.#owned || this.#to + chunk.length > this.#buffer.length) {
      // Regions that were handed out are never written again: what is unread moves to new memory.
      const grown = Buffer.allocUnsafeSlow(size <= 4096 ? 4096 : size * 2)
      grown.set(this.#unread())
      this.#buffer = grown
      this.#from = 0
      this.#to = unread
      this.#owned = true
    }
    this.#buffer.set(chunk, this.#to)
    this.#to += chunk.length
  }

  /**
   * Finds the next whole message, or the end of a frame over the limit (`oversized`). Throws RpcError INTERNAL on bytes
   * that are no Thrift and RESOURCE_EXHAUSTED on a message without a frame, or of more than 64 MiB, over the limit; the
   * stream cannot be read further then.
   */
  next(): boolean {
    const size = this.#to - this.#from
    if (this.#skipping > 0) return this.#skip()
    if (size === 0) {
      // An idle connection holds on to nothing.
      this.#buffer = none
      this.bytes = none
      this.#from = 0
      this.#to = 0
      return false
    }
    if (this.#scanning) return this.#scan()
    if (size < sniffBytes) return this.#tooShortYet(size)
    const framing = sniffFraming(this.#buffer, this.#from)
    if (framing === undefined) throw notThrift(this.peek())
    if (framing === 'buffered') {
      this.#scanner.reset(sniffProtocol(this.#buffer[this.#from]!))
      this.#scanning = true
      return this.#scan()
    }
    const length = readU32(this.#buffer, this.#from)
    // The old binary form begins with the length of a name, which is not empty; a frame of HTTP/2 looks like that.
    if (this.#buffer[this.#from + 4] === 0 && size >= 8 && readU32(this.#buffer, this.#from + 4) === 0) {
      throw notThrift(this.peek())
    }
    if (length > this.#maxFrameBytes) return this.#beginSkip(framing, length)
    if (size < length + 4) return false
    this.#found(framing, length + 4)
    return true
  }

  /** Fewer bytes than sniffing wants may already hold a length that is over the limit, or bytes that are no Thrift. */
  #tooShortYet(size: number): false {
    const head = this.#buffer[this.#from]!
    if (head >= 0x40 && head !== 0x80 && head !== 0x82) throw notThrift(this.peek())
    if (size >= 4 && head < 0x40) {
      const length = readU32(this.#buffer, this.#from)
      if (length > Math.max(this.#maxFrameBytes, maxSkippedBytes)) throw this.#tooLarge(length)
      if (length < 2) throw malformed('invalid_data', `a frame of ${length} bytes`)
    }
    return false
  }

  #scan(): boolean {
    const length = this.#scanner.scan(this.#buffer, this.#from, this.#to)
    const claimed = Math.max(this.#scanner.claimed, length)
    if (claimed > this.#maxFrameBytes) throw this.#tooLarge(claimed)
    if (length < 0) return false
    this.#scanning = false
    this.#found('buffered', length)
    return true
  }

  #beginSkip(framing: ThriftFraming, length: number): boolean {
    const refusal = this.#tooLarge(length)
    if (length > maxSkippedBytes) throw refusal
    this.#startSkip(framing, length, refusal)
    return this.#skip()
  }

  #startSkip(framing: ThriftFraming, length: number, refusal: RpcError): void {
    this.#refusal = refusal
    this.#skipping = length + 4
    this.#kept = none
    this.framing = framing
  }

  #skip(): boolean {
    const taken = Math.min(this.#skipping, this.#to - this.#from)
    const wanted = Math.min(taken, keptBytes - this.#kept.length)
    if (wanted > 0) this.#kept = Buffer.concat([this.#kept, this.#buffer.subarray(this.#from, this.#from + wanted)])
    this.#from += taken
    this.#skipping -= taken
    if (this.#skipping > 0) return false
    this.bytes = this.#kept
    this.start = 0
    this.end = this.#kept.length
    this.oversized = this.#refusal
    this.#kept = none
    this.#refusal = undefined
    return true
  }

  #found(framing: ThriftFraming, size: number): void {
    this.framing = framing
    this.oversized = undefined
    this.bytes = this.#buffer
    this.start = this.#from
    this.end = this.#from + size
    this.#from = this.end
  }

  #tooLarge(length: number): RpcError {
    const first = this.peek()
    if (isTlsRecord(first)) return notThrift(first)
    const message = `a Thrift message of ${length} bytes; the limit is ${this.#maxFrameBytes} (maxFrameBytes)`
    return new RpcError('RESOURCE_EXHAUSTED', message, { stack: false })
  }
}

const none = new Uint8Array(0)

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function notThrift(bytes: Uint8Array): RpcError {
  const shown = Buffer.from(bytes.subarray(0, 8)).toString('hex')
  return malformed('bad_version', `bytes that are no Thrift message: ${shown}${foreignProtocolHint(bytes)}`)
}
