/** FrameReader: the frames in a socket's chunks. */

import { allocateBytes } from '../../core/bytes/bytes.ts'
import { ConnectionError } from '../connection-error.ts'
import { Http2ErrorCode } from '../error-code.ts'
import { commonFrame, frameHeadBytes } from './frame.ts'

/** Takes one frame whose payload is `bytes[start, end)`; the bytes may be kept. False stops the reading for good. */
export type TakeFrame = (
  type: number,
  flags: number,
  stream: number,
  bytes: Uint8Array,
  start: number,
  end: number,
) => boolean

/** A frame within a chunk is read in place; one that crosses chunks is put together, and only that one is copied. */
export class FrameReader {
  /** The largest payload to take. */
  limit: number = commonFrame
  readonly #take: TakeFrame
  /** The beginning of a frame: its head, then, once its length is known, all of it. */
  #partial: Uint8Array = new Uint8Array(0)
  #filled = 0
  readonly #head: Uint8Array = new Uint8Array(frameHeadBytes)

  constructor(take: TakeFrame) {
    this.#take = take
  }

  /** Reads what is whole. Throws ConnectionError for a frame beyond the limit, and what `take` throws. */
  push(chunk: Uint8Array, from = 0): void {
    let at = from
    if (this.#filled > 0) {
      at = this.#complete(chunk, at)
      if (at < 0) return
    }
    const size = chunk.length
    while (size - at >= frameHeadBytes) {
      const length = lengthOf(chunk, at)
      if (length > this.limit) throw tooLarge(length, this.limit)
      const end = at + frameHeadBytes + length
      if (end > size) break
      if (!this.#give(chunk, at, end)) return
      at = end
    }
    if (at < size) this.#keep(chunk, at)
  }

  #give(bytes: Uint8Array, at: number, end: number): boolean {
    const stream = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!
    return this.#take(bytes[at + 3]!, bytes[at + 4]!, stream, bytes, at + frameHeadBytes, end)
  }

  #keep(chunk: Uint8Array, at: number): void {
    const rest = chunk.length - at
    if (rest < frameHeadBytes) this.#partial = this.#head
    else this.#partial = allocateBytes(frameHeadBytes + lengthOf(chunk, at))
    this.#partial.set(chunk.subarray(at), 0)
    this.#filled = rest
  }

  /** Fills the partial frame; returns where the chunk goes on, -1 when nothing is left or nothing more is wanted. */
  #complete(chunk: Uint8Array, from: number): number {
    let at = from
    if (this.#partial === this.#head) {
      while (this.#filled < frameHeadBytes && at < chunk.length) this.#head[this.#filled++] = chunk[at++]!
      if (this.#filled < frameHeadBytes) return -1
      const length = lengthOf(this.#head, 0)
      if (length > this.limit) throw tooLarge(length, this.limit)
      this.#partial = allocateBytes(frameHeadBytes + length)
      this.#partial.set(this.#head)
    }
    const partial = this.#partial
    const missing = partial.length - this.#filled
    const there = chunk.length - at
    if (there < missing) {
      partial.set(at === 0 ? chunk : chunk.subarray(at), this.#filled)
      this.#filled += there
      return -1
    }
    partial.set(chunk.subarray(at, at + missing), this.#filled)
    this.#filled = 0
    this.#partial = this.#head
    return this.#give(partial, 0, partial.length) ? at + missing : -1
  }
}

function lengthOf(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
}

function tooLarge(length: number, limit: number): ConnectionError {
  return new ConnectionError(Http2ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes, above ${limit}`)
}
