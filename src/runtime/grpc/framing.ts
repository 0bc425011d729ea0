/** Length-prefixed messages: one flag byte, four bytes of length, the message. */

import { allocateBytes } from '../core/bytes/bytes.ts'
import { ChunkQueue } from '../core/bytes/chunk-queue.ts'
import { RpcError } from '../core/error.ts'

/** Bytes in front of each message. */
export const framePrefixBytes = 5

/** The default limit on a received message: 4 MiB. */
export const defaultMaxReceiveBytes: number = 4 * 1024 * 1024

const empty = new Uint8Array(0)

/** A received message as it stood in its frame. */
export interface Frame {
  readonly compressed: boolean
  readonly payload: Uint8Array
}

/**
 * Takes the chunks of a body and gives the messages in them. A message that lies in one chunk is a view of it. The
 * length is checked as soon as its prefix is there, and the memory in use is bounded by what has arrived, however small
 * the pieces.
 */
export class FrameReader {
  /** The first byte of the message that was given out last. */
  flag = 0
  readonly #maxBytes: number
  readonly #highestFlag: number
  readonly #chunks = new ChunkQueue()
  /** Bytes of the first chunk that have been given out. */
  #offset = 0

  /** `maxBytes`: the largest message to take, as it stands in the frame. gRPC-web has frames of trailers, marked by 0x80. */
  constructor(maxBytes: number, highestFlag = 1) {
    this.#maxBytes = maxBytes
    this.#highestFlag = highestFlag
  }

  /** Bytes that were pushed and not yet given out. */
  get buffered(): number {
    return this.#chunks.bytes - this.#offset
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
  }

  /** Whether a whole message is there. Throws as {@link next} does. */
  get ready(): boolean {
    return this.buffered >= framePrefixBytes && this.buffered >= framePrefixBytes + this.#length()
  }

  /**
   * The next whole message; undefined when more bytes are needed. Throws RpcError RESOURCE_EXHAUSTED for one beyond the
   * limit and INTERNAL for a prefix that is none.
   */
  next(): Frame | undefined {
    if (this.buffered < framePrefixBytes) return undefined
    const first = this.#chunks.peek()!
    const start = this.#offset + framePrefixBytes
    if (first.length >= start) {
      // The prefix lies in one chunk, and mostly the message behind it too.
      const length = this.#lengthAt(first, this.#offset)
      if (this.buffered < framePrefixBytes + length) return undefined
      const end = start + length
      if (first.length >= end) {
        const flag = first[this.#offset]!
        this.flag = flag
        if (first.length > end) this.#offset = end
        else {
          this.#offset = 0
          this.#chunks.shift()
        }
        return { compressed: flag === 1, payload: length === 0 ? empty : first.subarray(start, end) }
      }
    } else if (!this.ready) return undefined
    this.flag = this.#at(0)
    const compressed = this.flag === 1
    const length = this.#length()
    this.#skip(framePrefixBytes)
    return { compressed, payload: this.#take(length) }
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks.clear()
    this.#offset = 0
  }

  #length(): number {
    const first = this.#chunks.peek()!
    if (first.length - this.#offset >= framePrefixBytes) return this.#lengthAt(first, this.#offset)
    const prefix = new Uint8Array(framePrefixBytes)
    for (let i = 0; i < framePrefixBytes; i++) prefix[i] = this.#at(i)
    return this.#lengthAt(prefix, 0)
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const flag = bytes[at]!
    if (flag > this.#highestFlag) {
      throw new RpcError('INTERNAL', `malformed message frame: its first byte is ${flag}, not 0 or 1`, { stack: false })
    }
    const length = bytes[at + 1]! * 0x1000000 + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!)
    if (length > this.#maxBytes) throw tooLarge('received', length, this.#maxBytes)
    return length
  }

  #at(index: number): number {
    let at = this.#offset + index
    for (let i = 0; i < this.#chunks.length; i++) {
      const chunk = this.#chunks.at(i)
      if (at < chunk.length) return chunk[at]!
      at -= chunk.length
    }
    return 0
  }

  #skip(size: number): void {
    this.#offset += size
    let first = this.#chunks.peek()
    while (first !== undefined && this.#offset >= first.length) {
      this.#offset -= first.length
      this.#chunks.shift()
      first = this.#chunks.peek()
    }
  }

  #take(length: number): Uint8Array {
    if (length === 0) return empty
    const first = this.#chunks.peek()!
    if (first.length - this.#offset >= length) {
      const payload = first.subarray(this.#offset, this.#offset + length)
      this.#skip(length)
      return payload
    }
    const payload = allocateBytes(length)
    let filled = 0
    while (filled < length) {
      const chunk = this.#chunks.peek()!
      const part = chunk.subarray(this.#offset, this.#offset + length - filled)
      payload.set(part, filled)
      filled += part.length
      this.#skip(part.length)
    }
    return payload
  }
}

/** RpcError RESOURCE_EXHAUSTED for a message beyond a limit. */
export function tooLarge(how: 'received' | 'sent' | 'decompressed', size: number | undefined, limit: number): RpcError {
  const option = how === 'sent' ? 'maxSendBytes' : 'maxReceiveBytes'
  const what = size === undefined ? 'a message' : `a message of ${size} bytes`
  return new RpcError('RESOURCE_EXHAUSTED', `${how} ${what} is larger than the limit of ${limit} (${option})`, {
    stack: false,
  })
}
