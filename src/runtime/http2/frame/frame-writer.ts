/** FrameWriter: the buffer that a connection writes its frames into. */

import { ByteWriter } from '../../core/bytes/byte-writer.ts'
import { allocateBytes } from '../../core/bytes/bytes.ts'
import { commonFrame, FrameFlag, FrameType, frameHeadBytes } from './frame.ts'

/** What a connection needs that says hello and then little. */
const firstSlab = 512
/** What small frames need, and what a turn full of DATA does: nothing in between, for growing step by step copies. */
const smallSlab = 32 * 1024
const largeSlab = 320 * 1024
const nothing = new Uint8Array(0)
/** Bodies from here on are handed to the socket as they are: to copy them costs more than another buffer in the write. */
const bulkBytes = 8 * 1024

/** Appends frames behind one another; what stands in it leaves with the connection's next write. */
export class FrameWriter extends ByteWriter {
  /** What stands before the bytes that are written now, with the bodies that are not copied. */
  #parts: Uint8Array[] | undefined = undefined
  #partBytes = 0

  /** How many bytes stand written. */
  override get position(): number {
    return this.at - this.start + this.#partBytes
  }

  override reset(): void {
    super.reset()
    this.#parts = undefined
    this.#partBytes = 0
  }

  /** Everything written, for good, when it is more than one piece of memory. */
  takeParts(): Uint8Array[] | undefined {
    const parts = this.#parts
    if (parts === undefined) return undefined
    if (this.at > this.start) parts.push(this.take())
    this.#parts = undefined
    this.#partBytes = 0
    return parts
  }

  /** DATA with `bytes[start, end)`, at most as long as a frame may be; nobody changes the bytes afterwards. */
  data(stream: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const length = end - start
    if (length >= bulkBytes) {
      this.#head(length, FrameType.DATA, last ? FrameFlag.END_STREAM : 0, stream, 0)
      this.#part(this.take())
      this.#part(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
      return
    }
    this.#head(length, FrameType.DATA, last ? FrameFlag.END_STREAM : 0, stream)
    const target = this.bytes
    const { at } = this
    if (length > 64) target.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at)
    else for (let i = 0; i < length; i++) target[at + i] = bytes[start + i]!
    this.at = at + length
  }

  /** HEADERS with the block `bytes[0, length)`, and CONTINUATION for what a frame does not hold. */
  headers(stream: number, bytes: Uint8Array, length: number, last: boolean): void {
    const flags = last ? FrameFlag.END_STREAM : 0
    if (length <= commonFrame) {
      this.#head(length, FrameType.HEADERS, flags | FrameFlag.END_HEADERS, stream)
      const target = this.bytes
      const { at } = this
      if (length > 64) target.set(bytes.subarray(0, length), at)
      else for (let i = 0; i < length; i++) target[at + i] = bytes[i]!
      this.at = at + length
      return
    }
    this.#head(commonFrame, FrameType.HEADERS, flags, stream)
    this.raw(bytes.subarray(0, commonFrame))
    for (let from = commonFrame; from < length; from += commonFrame) {
      const to = Math.min(length, from + commonFrame)
      this.#head(to - from, FrameType.CONTINUATION, to === length ? FrameFlag.END_HEADERS : 0, stream)
      this.raw(bytes.subarray(from, to))
    }
  }

  /** SETTINGS with pairs of identifier and value. */
  settings(pairs: readonly (readonly [number, number])[]): void {
    this.#head(pairs.length * 6, FrameType.SETTINGS, 0, 0)
    for (const [id, value] of pairs) {
      this.bytes[this.at++] = id >>> 8
      this.bytes[this.at++] = id
      this.#u32(value)
    }
  }

  settingsAck(): void {
    this.#head(0, FrameType.SETTINGS, FrameFlag.ACK, 0)
  }

  /** PING, or its answer, with the eight bytes at `start`. */
  ping(bytes: Uint8Array, start: number, ack: boolean): void {
    this.#head(8, FrameType.PING, ack ? FrameFlag.ACK : 0, 0)
    for (let i = 0; i < 8; i++) this.bytes[this.at++] = bytes[start + i]!
  }

  /** GOAWAY; `reason` is for people. */
  goaway(lastStream: number, code: number, reason: string): void {
    const text = new TextEncoder().encode(reason)
    this.#head(8 + text.length, FrameType.GOAWAY, 0, 0)
    this.#u32(lastStream)
    this.#u32(code)
    this.raw(text)
  }

  rstStream(stream: number, code: number): void {
    this.#head(4, FrameType.RST_STREAM, 0, stream)
    this.#u32(code)
  }

  windowUpdate(stream: number, increment: number): void {
    this.#head(4, FrameType.WINDOW_UPDATE, 0, stream)
    this.#u32(increment)
  }

  /** Lets a large buffer go, when nothing stands in it. */
  shrink(): void {
    if (this.position === 0 && this.capacity > smallSlab) this.#hold(nothing)
  }

  #part(bytes: Uint8Array): void {
    this.#parts ??= []
    this.#parts.push(bytes)
    this.#partBytes += bytes.length
  }

  protected override grow(size: number): void {
    const used = this.at - this.start
    const needed = used + size
    const bytes = allocateBytes(this.#slabFor(needed))
    bytes.set(this.written(), 0)
    this.#hold(bytes)
    this.at = used
  }

  #slabFor(needed: number): number {
    if (needed <= firstSlab && this.capacity === 0) return firstSlab
    return needed <= smallSlab ? smallSlab : Math.max(largeSlab, needed)
  }

  #hold(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.start = 0
    this.at = 0
  }

  /** `follows`: bytes to make room for behind it. */
  #head(length: number, type: number, flags: number, stream: number, follows: number = length): void {
    this.room(frameHeadBytes + follows)
    const { bytes, at } = this
    bytes[at] = length >>> 16
    bytes[at + 1] = length >>> 8
    bytes[at + 2] = length
    bytes[at + 3] = type
    bytes[at + 4] = flags
    bytes[at + 5] = stream >>> 24
    bytes[at + 6] = stream >>> 16
    bytes[at + 7] = stream >>> 8
    bytes[at + 8] = stream
    this.at = at + frameHeadBytes
  }

  #u32(value: number): void {
    const { bytes, at } = this
    bytes[at] = value >>> 24
    bytes[at + 1] = value >>> 16
    bytes[at + 2] = value >>> 8
    bytes[at + 3] = value
    this.at = at + 4
  }
}
