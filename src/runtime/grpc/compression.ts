/** Message compression: gzip, deflate, brotli and zstd, with a limit on what comes out. */

import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { RpcError } from '../core/error.ts'
import type { Compression, Compressor } from './compressor.ts'
import { tooLarge } from './framing.ts'

type Compress = (bytes: Uint8Array) => Uint8Array
type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

interface Codec {
  readonly compress: Compress
  readonly decompress: Decompress
  /** A stream that decompresses in pieces of `chunkSize` bytes. */
  readonly inflater: (options: { readonly chunkSize: number }) => Transform
}

// The declarations are those of the oldest Node that is supported.
const { zstdCompressSync, zstdDecompressSync, createZstdDecompress } = zlib as {
  readonly zstdCompressSync?: Compress
  readonly zstdDecompressSync?: Decompress
  readonly createZstdDecompress?: Codec['inflater']
}

// The highest quality, which is the default of brotli, takes a hundred times as long.
const brotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }

/** `deflate` is the zlib format, as HTTP says. */
const codecs: Readonly<Partial<Record<string, Codec>>> = Object.assign(Object.create(null), {
  deflate: {
    compress: (bytes) => zlib.deflateSync(bytes),
    decompress: zlib.inflateSync,
    inflater: zlib.createInflate,
  },
  gzip: { compress: (bytes) => zlib.gzipSync(bytes), decompress: zlib.gunzipSync, inflater: zlib.createGunzip },
  br: {
    compress: (bytes) => zlib.brotliCompressSync(bytes, brotliOptions),
    decompress: zlib.brotliDecompressSync,
    inflater: zlib.createBrotliDecompress,
  },
  ...(zstdCompressSync === undefined || zstdDecompressSync === undefined || createZstdDecompress === undefined
    ? {}
    : {
        zstd: {
          compress: (bytes) => zstdCompressSync(bytes),
          decompress: zstdDecompressSync,
          inflater: createZstdDecompress,
        },
      }),
} satisfies Partial<Record<Compression, Codec>>)

/** What this side can decompress: the value of `grpc-accept-encoding`. */
export const acceptedEncodings: string = ['identity', ...Object.keys(codecs)].join(',')

/** The ways in which a side takes messages compressed. */
export interface AcceptedCompression {
  has(name: string): boolean
  /** The value of `grpc-accept-encoding`. */
  readonly header: string
  /** The same without `identity`, as HTTP's `accept-encoding` has it. */
  readonly names: string
}

/** Throws RpcError INVALID_ARGUMENT for a compression that this Node does not have. */
export function acceptedCompression(names: readonly Compression[]): AcceptedCompression {
  for (const name of names) checkCompression(name)
  const set = new Set<string>(names)
  return { has: (name) => set.has(name), header: ['identity', ...set].join(','), names: [...set].join(',') }
}

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

/** A stream that decompresses in pieces of `chunkSize` bytes. */
export function inflater(compression: Compression, chunkSize: number): Transform {
  return codecs[compression]!.inflater({ chunkSize })
}

/** The bytes compressed. */
export function compress(compression: Compression, bytes: Uint8Array): Uint8Array {
  return codecs[compression]!.compress(bytes)
}

/** The bytes again. Throws RpcError RESOURCE_EXHAUSTED beyond `maxBytes` and INTERNAL for bytes that are not compressed. */
export function decompress(compression: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array {
  return inflateAtOnce(compression, bytes, maxBytes) ?? fail(tooLarge('decompressed', undefined, maxBytes))
}

/** As {@link decompress}, but undefined beyond `maxBytes`. */
export function inflateAtOnce(compression: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  try {
    return codecs[compression]!.decompress(bytes, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw notCompressed(compression, cause)
  }
}

/** The refusal of bytes that are not compressed in this way. */
export function notCompressed(compression: Compression, cause: unknown): RpcError {
  return new RpcError('INTERNAL', `a message could not be decompressed with ${compression}`, { cause, stack: false })
}

/** What Node has. */
export const nodeCompressor: Compressor = { names: Object.keys(codecs) as Compression[], compress, decompress }

function fail(error: RpcError): never {
  throw error
}
