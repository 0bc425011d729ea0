/** UTF-8 text in byte arrays: the one place where codecs turn strings into bytes and back. */

interface BufferMethods {
  utf8Write(this: Uint8Array, text: string, at: number): number
  utf8Slice(this: Uint8Array, start: number, end: number): string
}
interface BufferStatics {
  byteLength(text: string): number
  readonly prototype: BufferMethods
}

const buffer = (globalThis as { readonly Buffer?: Partial<BufferStatics> }).Buffer
const native = buffer?.prototype?.utf8Write !== undefined && buffer.prototype.utf8Slice !== undefined
const nativeWrite = buffer?.prototype?.utf8Write as BufferMethods['utf8Write']
const nativeSlice = buffer?.prototype?.utf8Slice as BufferMethods['utf8Slice']
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
const fromCharCode = String.fromCharCode

// Measured on Node 20: a call into C++ costs 50 ns, which these lengths beat in JavaScript.
const shortRead = 12
const shortWrite = 20

/** How many bytes the text takes in UTF-8; a lone surrogate counts as U+FFFD. */
export function utf8Length(text: string): number {
  if (buffer?.byteLength !== undefined) return buffer.byteLength(text)
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    if (code < 0x800) length += 1
    else if (code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length += 2
      i++
    } else length += 2
  }
  return length
}

/** Writes the text at a position that has room for it and returns how many bytes it took; lone surrogates become U+FFFD. */
export function utf8Write(target: Uint8Array, text: string, at: number): number {
  const length = text.length
  if (length <= shortWrite) {
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return longWrite(target, text, at)
      target[at + i] = code
    }
    return length
  }
  return longWrite(target, text, at)
}

function longWrite(target: Uint8Array, text: string, at: number): number {
  if (native) return nativeWrite.call(target, text, at)
  return encoder.encodeInto(text, target.subarray(at)).written
}

/** The text of `bytes[start, end)`; what is not UTF-8 becomes U+FFFD. The range must lie inside the array. */
export function utf8Read(bytes: Uint8Array, start: number, end: number): string {
  return shortAscii(bytes, start, end) ?? longRead(bytes, start, end)
}

/** The text when it is short and ASCII. Written out: one call makes a string of eight, which halves the time. */
function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > shortRead) return undefined
  let text = ''
  let at = start
  if (at + 7 < end) {
    const a = bytes[at]!
    const b = bytes[at + 1]!
    const c = bytes[at + 2]!
    const d = bytes[at + 3]!
    const e = bytes[at + 4]!
    const f = bytes[at + 5]!
    const g = bytes[at + 6]!
    const h = bytes[at + 7]!
    if ((a | b | c | d | e | f | g | h) > 127) return undefined
    text = fromCharCode(a, b, c, d, e, f, g, h)
    at += 8
  }
  if (at + 3 < end) {
    const a = bytes[at]!
    const b = bytes[at + 1]!
    const c = bytes[at + 2]!
    const d = bytes[at + 3]!
    if ((a | b | c | d) > 127) return undefined
    text += fromCharCode(a, b, c, d)
    at += 4
  }
  switch (end - at) {
    case 1: {
      const a = bytes[at]!
      return a > 127 ? undefined : text + fromCharCode(a)
    }
    case 2: {
      const a = bytes[at]!
      const b = bytes[at + 1]!
      return (a | b) > 127 ? undefined : text + fromCharCode(a, b)
    }
    case 3: {
      const a = bytes[at]!
      const b = bytes[at + 1]!
      const c = bytes[at + 2]!
      return (a | b | c) > 127 ? undefined : text + fromCharCode(a, b, c)
    }
    default:
      return text
  }
}

function longRead(bytes: Uint8Array, start: number, end: number): string {
  return native ? nativeSlice.call(bytes, start, end) : decoder.decode(bytes.subarray(start, end))
}

/** Like {@link utf8Read}, but undefined when the bytes are not UTF-8. */
export function utf8ReadStrict(bytes: Uint8Array, start: number, end: number): string | undefined {
  const short = shortAscii(bytes, start, end)
  if (short !== undefined) return short
  const text = longRead(bytes, start, end)
  // Replacement shows as U+FFFD; looking for it in a one-byte string costs nothing, and text that holds it is rare.
  if (text.includes('\ufffd') && !isUtf8(bytes, start, end)) return undefined
  return text
}

function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    strictDecoder.decode(bytes.subarray(start, end))
    return true
  } catch {
    return false
  }
}
