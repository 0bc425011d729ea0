/** EnvelopeSplitter: tells the messages of a body from the envelope that ends it, as gRPC-web and Connect have one. */

import { ChunkQueue } from '../core/bytes/chunk-queue.ts'
import { RpcError } from '../core/error.ts'
import { framePrefixBytes, tooLarge } from './framing.ts'

/**
 * Gives the bytes of messages, prefixes included, to `take` in the pieces in which they come, and keeps the payload of the
 * envelope that has the bit `endFlag`. What is wrong with the prefix of a message is left to who reads the messages.
 */
export class EnvelopeSplitter {
  /** The first byte of the envelope that ends the body, once it has begun. */
  flags: number | undefined = undefined
  readonly #endFlag: number
  readonly #maxBytes: number
  readonly #take: (bytes: Uint8Array) => void
  /** A prefix whose rest is still to come. */
  readonly #prefix = new Uint8Array(framePrefixBytes)
  #prefixSize = 0
  /** Bytes of the message, or of the last envelope, that are still to come. */
  #left = 0
  readonly #last = new ChunkQueue()

  /** `maxBytes`: the largest payload of the last envelope. */
  constructor(endFlag: number, maxBytes: number, take: (bytes: Uint8Array) => void) {
    this.#endFlag = endFlag
    this.#maxBytes = maxBytes
    this.#take = take
  }

  /** Takes a chunk. Throws RpcError INTERNAL for bytes behind the end, RESOURCE_EXHAUSTED for an end that is too large. */
  push(chunk: Uint8Array): void {
    /** Where the bytes of messages begin that have not been given out. */
    let from = 0
    let at = 0
    while (at < chunk.length) {
      if (this.flags !== undefined) {
        if (this.#left === 0) throw malformed('bytes behind its end')
        const part = chunk.subarray(at, at + this.#left)
        this.#last.push(part)
        this.#left -= part.length
        at += part.length
        from = at
      } else if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at)
        this.#left -= step
        at += step
      } else if (this.#prefixSize > 0 || at + framePrefixBytes > chunk.length) {
        if (at > from) this.#take(chunk.subarray(from, at))
        at = this.#gather(chunk, at)
        from = at
      } else {
        const start = at
        at += framePrefixBytes
        if (this.#begin(chunk, start)) {
          if (start > from) this.#take(chunk.subarray(from, start))
          from = at
        }
      }
    }
    if (at > from) this.#take(chunk.subarray(from, at))
  }

  /** The payload of the envelope that ends the body; undefined while it is not whole. */
  get end(): Uint8Array | undefined {
    if (this.flags === undefined || this.#left > 0) return undefined
    const payload = new Uint8Array(this.#last.bytes)
    let size = 0
    for (let i = 0; i < this.#last.length; i++) {
      payload.set(this.#last.at(i), size)
      size += this.#last.at(i).length
    }
    return payload
  }

  /** Adds to a prefix that came in pieces; gives where the chunk goes on. */
  #gather(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + framePrefixBytes - this.#prefixSize)
    this.#prefix.set(part, this.#prefixSize)
    this.#prefixSize += part.length
    if (this.#prefixSize < framePrefixBytes) return at + part.length
    this.#prefixSize = 0
    if (!this.#begin(this.#prefix, 0)) this.#take(this.#prefix.slice())
    return at + part.length
  }

  /** Reads a whole prefix: whether it begins the end. */
  #begin(bytes: Uint8Array, at: number): boolean {
    const length = bytes[at + 1]! * 0x1000000 + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!)
    this.#left = length
    const flags = bytes[at]!
    if ((flags & this.#endFlag) === 0) return false
    if (length > this.#maxBytes) throw tooLarge('received', length, this.#maxBytes)
    this.flags = flags
    return true
  }
}

/** RpcError INTERNAL for an answer that its protocol does not know. */
export function malformed(what: string): RpcError {
  return new RpcError('INTERNAL', `malformed answer: ${what}`, { stack: false })
}
