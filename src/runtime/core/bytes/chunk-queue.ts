/** ChunkQueue: bytes in the chunks in which they arrived, with a bound on their number as well. */

import { Fifo } from '../fifo.ts'

/** Chunks that are kept as they came. Behind them small ones are gathered: each would cost far more than its bytes. */
const mostChunks = 32
/** Bytes below which a chunk is small. */
const smallBytes = 512
/** Bytes that are gathered in one piece. */
const gatherBytes = 1024

const none = new Uint8Array(0)

/** Chunks in order. There are at most 33 and one per 512 bytes: further small chunks are copied together. */
export class ChunkQueue {
  /** Bytes of all chunks. */
  bytes = 0
  readonly #chunks = new Fifo<Uint8Array>()
  /** The chunk that small ones were added to last, while it is still the last. */
  #gathered: Uint8Array = none

  /** How many chunks there are. */
  get length(): number {
    return this.#chunks.length
  }

  /** Adds a chunk, which must not change afterwards; an empty one is dropped. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.bytes += chunk.length
    if (chunk.length < smallBytes && this.#chunks.length >= mostChunks) this.#gather(chunk)
    else this.#chunks.push(chunk)
  }

  /** The chunk at an index from the front, which must be below `length`. */
  at(index: number): Uint8Array {
    return this.#chunks.at(index)
  }

  /** The first chunk, which stays; undefined when empty. */
  peek(): Uint8Array | undefined {
    return this.#chunks.peek()
  }

  /** Takes the first chunk; undefined when empty. */
  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return undefined
    this.bytes -= chunk.length
    if (chunk === this.#gathered) this.#gathered = none
    return chunk
  }

  clear(): void {
    this.#chunks.clear()
    this.#gathered = none
    this.bytes = 0
  }

  #gather(chunk: Uint8Array): void {
    const { buffer, length } = this.#gathered
    const size = length + chunk.length
    if (length > 0 && size <= gatherBytes && this.#chunks.at(this.#chunks.length - 1) === this.#gathered) {
      // Only bytes that nobody has a view of are written.
      this.#gathered = new Uint8Array(buffer, 0, size)
      this.#gathered.set(chunk, length)
      this.#chunks.setLast(this.#gathered)
      return
    }
    this.#gathered = new Uint8Array(gatherBytes).subarray(0, chunk.length)
    this.#gathered.set(chunk)
    this.#chunks.push(this.#gathered)
  }
}
