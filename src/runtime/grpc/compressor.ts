/** Compressor: what a platform has to compress messages with; and which messages are compressed, for which peers. */

import { processWide } from '../core/copies/process-wide.ts'

/** A way to compress messages, by its name in `grpc-encoding`. `zstd` is there from Node 22.15 on. */
export type Compression = 'gzip' | 'deflate' | 'br' | 'zstd'

/** Compresses and decompresses: zlib of Node, or the streams of browsers. */
export interface Compressor {
  /** The ways it knows, without `identity`. */
  readonly names: readonly Compression[]
  /** The bytes compressed; undefined where that takes a promise. */
  readonly compress: ((compression: Compression, bytes: Uint8Array) => Uint8Array) | undefined
  /**
   * The bytes again. Throws or rejects with RpcError RESOURCE_EXHAUSTED beyond `maxBytes` and INTERNAL for bytes that are
   * not compressed.
   */
  decompress(compression: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array>
}

/** Messages below this many bytes are sent as they are: they would only grow. */
export const compressFromBytes = 1024

/** Whether a peer that sent this `grpc-accept-encoding` takes a compression. */
export function accepts(acceptEncoding: string | undefined, compression: Compression): boolean {
  return acceptEncoding?.split(',').some((name) => name.trim() === compression) === true
}

const plain = processWide('uncompressed', () => new WeakSet<object>())

/**
 * Marks a message as one that is not to be compressed, whatever the call does: a picture, or a secret beside text that
 * somebody else chooses. Gives the message back.
 */
export function uncompressed<T extends object>(message: T): T {
  plain.add(message)
  return message
}

/** Whether a message is marked by {@link uncompressed}. */
export function isUncompressed(message: unknown): boolean {
  return typeof message === 'object' && message !== null && plain.has(message)
}
