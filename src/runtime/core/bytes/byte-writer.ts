/** ByteWriter: the growing buffer under every codec's writer, with room in front for headers that are patched in later. */

import { allocateBytes } from './bytes.ts'
import { utf8Length, utf8Write } from './utf8.ts'

// Up to here the UTF-8 form takes less than 2^14 bytes, whose length fits two bytes.
const longestGuess = 5461

const slabSize = 32 * 1024

/**
 * A growing buffer. Offsets count from the start of what has been written since the last `reset` or `take`.
 *
 * One writer serves any number of messages: append several and `take()` them as one chunk, or `take()` each. What
 * `take` returned is never written again, so it can be handed to a socket; the next message goes behind it in the same slab.
 */
export class ByteWriter {
  /** The slab; bytes before `start` have been taken. For codecs only. */
  protected bytes: Uint8Array
  protected view: DataView
  protected start: number
  /** Absolute place of the next byte in `bytes`. */
  protected at: number
  /** How many messages are open; codecs refuse what nests too deep, a cycle for instance. */
  protected depth = 0

  constructor() {
    this.bytes = empty
    this.view = emptyView
    this.start = 0
    this.at = 0
  }

  /** How many bytes stand written. */
  get position(): number {
    return this.at - this.start
  }

  /** How many bytes of memory it holds. */
  get capacity(): number {
    return this.bytes.length
  }

  /** Drops what was written since the last `take`. Views that `written` gave out become invalid. */
  reset(): void {
    this.at = this.start
    this.depth = 0
    this.opened()
  }

  /** Drops what was written behind an offset, for instance a message that failed half way. */
  truncate(position: number): void {
    if (position < this.at - this.start) this.at = this.start + position
    this.depth = 0
    this.opened()
  }

  /** Leaves `size` zero bytes to be set later and returns their offset. */
  reserve(size: number): number {
    this.room(size)
    const { bytes, at } = this
    // A few bytes as a rule, for which Buffer's own fill costs ten times as much.
    for (let i = at; i < at + size; i++) bytes[i] = 0
    this.at = at + size
    return at - this.start
  }

  setU8(position: number, value: number): void {
    this.view.setUint8(this.start + position, value)
  }

  /** Sets two bytes, big-endian. */
  setU16(position: number, value: number): void {
    this.view.setUint16(this.start + position, value)
  }

  /** Sets four bytes, big-endian. */
  setU32(position: number, value: number): void {
    this.view.setUint32(this.start + position, value)
  }

  /** Appends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Appends text as UTF-8 and returns how many bytes it took. */
  utf8(text: string): number {
    this.room(text.length < 1024 ? text.length * 3 : utf8Length(text))
    const size = utf8Write(this.bytes, text, this.at)
    this.at += size
    return size
  }

  /** What was written from an offset on, without a copy; valid until the next `reset`, `take` or growth. */
  written(from = 0): Uint8Array {
    return this.bytes.subarray(this.start + from, this.at)
  }

  /** Everything written, without a copy and for good: the writer starts afresh behind it. */
  take(): Uint8Array {
    const chunk = this.bytes.subarray(this.start, this.at)
    this.start = this.at
    this.depth = 0
    this.opened()
    return chunk
  }

  /** Called when the writer stands between messages again. */
  protected opened(): void {}

  /** Text behind its length in bytes, which is a varint. */
  protected varintText(value: string): void {
    const units = value.length
    if (units > longestGuess) {
      this.#longText(value)
      return
    }
    // The width of the length is known before the text is written, but for 43 to 127 units: then one byte is the guess.
    this.room(5 + units * 3)
    const { bytes, at } = this
    const width = units < 128 ? 1 : 2
    const size = utf8Write(bytes, value, at + width)
    if (size < 128) {
      bytes[at] = size
      this.at = at + 1 + size
      return
    }
    if (width === 1) bytes.copyWithin(at + 2, at + 1, at + 1 + size)
    bytes[at] = (size & 127) | 128
    bytes[at + 1] = size >>> 7
    this.at = at + 2 + size
  }

  #longText(value: string): void {
    const size = utf8Length(value)
    this.room(5 + size)
    const { bytes } = this
    let at = this.at
    let rest = size
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128
    bytes[at++] = rest
    utf8Write(bytes, value, at)
    this.at = at + size
  }

  /** Makes room for `size` more bytes. */
  protected room(size: number): void {
    if (this.at + size > this.bytes.length) this.grow(size)
  }

  protected grow(size: number): void {
    const used = this.at - this.start
    const bytes = allocateBytes(Math.max(slabSize, (used + size) * 2))
    if (used > 0) bytes.set(this.bytes.subarray(this.start, this.at))
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.start = 0
    this.at = used
  }
}

const empty = new Uint8Array(0)
const emptyView = new DataView(empty.buffer)
