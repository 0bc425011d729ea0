/** Base64 as JSON writes bytes: standard and padded, read in the URL alphabet and without padding too. */

const shape = /^[A-Za-z0-9+/_-]*={0,2}$/
const chunk = 8192

interface NativeBytes {
  from(buffer: ArrayBufferLike, start: number, size: number): { toString(encoding: 'base64'): string }
}
const native = (globalThis as { readonly Buffer?: NativeBytes }).Buffer

/** Bytes as padded standard base64. */
export function toBase64(bytes: Uint8Array): string {
  if (native !== undefined) return native.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  let text = ''
  for (let at = 0; at < bytes.length; at += chunk) text += String.fromCharCode(...bytes.subarray(at, at + chunk))
  return btoa(text)
}

/** The bytes again; undefined when the text is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!shape.test(text)) return undefined
  const digits = text.replace(/=+$/, '')
  if (digits.length % 4 === 1 || (digits.length !== text.length && text.length % 4 !== 0)) return undefined
  const raw = atob(digits.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i)
  return bytes
}
