/** streamCompressor: decompresses with the streams of browsers (https://compression.spec.whatwg.org). */

import { RpcError } from '../../core/error.ts'
import type { Compression, Compressor } from '../compressor.ts'
import { tooLarge } from '../framing.ts'

const has = typeof DecompressionStream === 'function'

/** What the platform has; requests are not compressed, for that takes a promise. */
export const streamCompressor: Compressor = {
  names: has ? ['gzip', 'deflate'] : [],
  compress: undefined,
  decompress,
}

async function decompress(compression: Compression, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream(compression as 'gzip'))
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const chunk = await reader.read().catch((cause) => {
      const text = `a message could not be decompressed with ${compression}`
      throw new RpcError('INTERNAL', text, { cause, stack: false })
    })
    if (chunk.done) break
    size += chunk.value.length
    if (size > maxBytes) {
      reader.cancel().catch(() => {})
      throw tooLarge('decompressed', undefined, maxBytes)
    }
    chunks.push(chunk.value)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
