/** Message compression: gzip, deflate, brotli and zstd, with a limit on what comes out. */

import * as zlib from 'node:zlib'
import { RpcError } from '../core/error.ts'
import { tooLarge } from './framing.ts'

/** A way to compress messages, by its name in `grpc-encoding`. `zstd` is there from Node 22.15 on. */
export type Compression = 'gzip' | 'deflate' | 'br' | 'zstd'

type Compress = (bytes: Uint8Array) => Uint8Array
type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

interface Codec {
  readonly compress: Compress
  readonly decompress: Decompress
}

// The declarations are those of the oldest Node that is supported.
const { zstdCompressSync, zstdDecompressSync } = zlib as {
  readonly zstdCompressSync?: Compress
  readonly zstdDecompressSync?: Decompress
}

// The highest quality, which is the default of brotli, takes a hundred times as long.
const brotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }

/** `deflate` is the zlib format, as HTTP says. */
const codecs: Readonly<Partial<Record<string, Codec>>> = Object.assign(Object.create(null), {
  deflate: { compress: (bytes) => zlib.deflateSync(bytes), decompress: zlib.inflateSync },
  gzip: { compress: (bytes) => zlib.gzipSync(bytes), decompress: zlib.gunzipSync },
  br: { compress: (bytes) => zlib.brotliCompressSync(bytes, brotliOptions), decompress: zlib.brotliDecompressSync },
  ...(zstdCompressSync === undefined || zstdDecompressSync === undefined
    ? {}
    : { zstd: { compress: (bytes) => zstdCompressSync(bytes), decompress: zstdDecompressSync } }),
} satisfies Partial<Record<Compression, Codec>>)

/** What this side can decompress: the value of `grpc-accept-encoding`. */
export const acceptedEncodings: string = ['identity', ...Object.keys(codecs)].join(',')

/** Messages below this many bytes are sent as they are: they would only grow. */
export const compressFromBytes = 1024

/** The compression that an encoding names: undefined for none, `unknown` for one that is not known here. */
export function compressionOf(encoding: string | undefined): Compression | undefined | 'unknown' {
  if (encoding === undefined || encoding === 'identity') return undefined
  return codecs[encoding] === undefined ? 'unknown' : (encoding as Compression)
}

/** The compression that an option names. Throws RpcError INVALID_ARGUMENT for one that this Node does not have. */
export function checkCompression(option: Compression | 'identity' | undefined): Compression | undefined {
  const compression = compressionOf(option)
  if (compression !== 'unknown') return compression
  throw new RpcError(
    'INVALID_ARGUMENT',
    `the compression "${option}" is not known here; Node ${process.version} has ${acceptedEncodings}`,
  )
}

/** Whether a peer that sent this `grpc-accept-encoding` takes a compression. */
export function accepts(acceptEncoding: string | undefined, compression: Compression): boolean {
  return acceptEncoding?.split(',').some((name) => name.trim() === compression) === true
}

const plain = new WeakSet<object>()

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

/** The bytes compressed. */
export function compress(compression: Compression, bytes: Uint8Array): Uint8Array {
  return codecs[compression]!.compress(bytes)
}

/** The bytes again. Throws RpcError RESOURCE_EXHAUSTED beyond `maxBytes` and INTERNAL for bytes that are not compressed. */
export function decompress(compression: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return codecs[compression]!.decompress(bytes, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge('decompressed', undefined, maxBytes)
    }
    throw new RpcError('INTERNAL', `a message could not be decompressed with ${compression}`, { cause, stack: false })
  }
}
