/** Message compression: gzip and deflate, with a limit on what comes out. */

import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { RpcError } from '../core/error.ts'
import { tooLarge } from './framing.ts'

/** A way to compress messages, by its name in `grpc-encoding`. */
export type Compression = 'gzip' | 'deflate'

/** What this side can decompress: the value of `grpc-accept-encoding`. */
export const acceptedEncodings = 'identity,deflate,gzip'

/** Messages below this many bytes are sent as they are: they would only grow. */
export const compressFromBytes = 1024

/** The compression that an encoding names: undefined for none, `unknown` for one that is not known here. */
export function compressionOf(encoding: string | undefined): Compression | undefined | 'unknown' {
  if (encoding === undefined || encoding === 'identity') return undefined
  return encoding === 'gzip' || encoding === 'deflate' ? encoding : 'unknown'
}

/** Whether a peer that sent this `grpc-accept-encoding` takes a compression. */
export function accepts(acceptEncoding: string | undefined, compression: Compression): boolean {
  return acceptEncoding?.split(',').some((name) => name.trim() === compression) === true
}

/** The bytes compressed; `deflate` is the zlib format, as HTTP says. */
export function compress(compression: Compression, bytes: Uint8Array): Uint8Array {
  return compression === 'gzip' ? gzipSync(bytes) : deflateSync(bytes)
}

/** The bytes again. Throws RpcError RESOURCE_EXHAUSTED beyond `maxBytes` and INTERNAL for bytes that are not compressed. */
export function decompress(compression: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const options = { maxOutputLength: Math.max(1, maxBytes) }
  try {
    return compression === 'gzip' ? gunzipSync(bytes, options) : inflateSync(bytes, options)
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge('decompressed', undefined, maxBytes)
    }
    throw new RpcError('INTERNAL', `a message could not be decompressed with ${compression}`, { cause, stack: false })
  }
}
