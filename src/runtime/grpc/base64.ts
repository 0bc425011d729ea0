/** Base64 as gRPC writes bytes into headers: without padding, read with and without. */

import { fromBase64, toBase64 } from '../core/bytes/base64.ts'

const shape = /^[A-Za-z0-9+/]*={0,2}$/

/** Bytes as unpadded base64. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = toBase64(bytes)
  const pad = text.indexOf('=')
  return pad === -1 ? text : text.slice(0, pad)
}

/** The bytes again; undefined when the text is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!shape.test(text)) return undefined
  const digits = text.indexOf('=') === -1 ? text.length : text.indexOf('=')
  if (digits % 4 === 1) return undefined
  return fromBase64(text.slice(0, digits))
}
