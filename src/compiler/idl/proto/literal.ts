/** Values of number and string literals. */

/** The value of an integer token (decimal, octal or hexadecimal), as a number: exact up to 2^53. */
export function integerNumber(digits: string): number {
  if (digits.charCodeAt(0) !== 48 || digits.length === 1) return Number(digits)
  const second = digits.charCodeAt(1)
  if (second === 120 || second === 88) return Number(digits)
  return /[89]/.test(digits) ? Number(digits) : Number.parseInt(digits, 8)
}

/** The exact value of an integer token; 0 for one that the lexer has already refused. */
export function integerValue(digits: string): bigint {
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`)
  return /^(0[xX][0-9a-fA-F]+|[1-9][0-9]*|0)$/.test(digits) ? BigInt(digits) : 0n
}

/** A decoded string literal. */
export interface StringValue {
  /** The text; bytes that are not UTF-8 appear as U+FFFD. */
  readonly text: string
  /** The exact bytes, when escapes wrote bytes beyond ASCII; else they are the UTF-8 of the text. */
  readonly bytes: Uint8Array | undefined
}

/** An escape that means nothing: where it stands in the file and why. */
export type EscapeError = (start: number, end: number, message: string) => void

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
}

/** Decodes the literal at `[start, end)` of a file, quotes included. */
export function stringValue(file: string, start: number, end: number, onError: EscapeError): StringValue {
  const quote = file.charCodeAt(start)
  const stop = end - start > 1 && file.charCodeAt(end - 1) === quote ? end - 1 : end
  const body = file.slice(start + 1, stop)
  if (!body.includes('\\')) return { text: body, bytes: undefined }
  const parts: (string | number)[] = []
  let raw = false
  let at = 0
  while (at < body.length) {
    const slash = body.indexOf('\\', at)
    if (slash < 0) {
      parts.push(body.slice(at))
      break
    }
    if (slash > at) parts.push(body.slice(at, slash))
    const decoded = readEscape(body, slash)
    at = slash + decoded.length
    if (decoded.error !== undefined) onError(start + 1 + slash, start + 1 + at, decoded.error)
    parts.push(decoded.value)
    if (typeof decoded.value === 'number') raw ||= decoded.value > 127
  }
  if (!raw)
    return {
      text: parts.map((part) => (typeof part === 'number' ? String.fromCharCode(part) : part)).join(''),
      bytes: undefined,
    }
  const encoder = new TextEncoder()
  const chunks = parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : encoder.encode(part)))
  const bytes = joinBytes(chunks)
  return { text: new TextDecoder().decode(bytes), bytes }
}

/** Adjacent literals make one. */
export function joinStrings(values: readonly StringValue[]): StringValue {
  if (values.length === 1) return values[0]!
  if (values.every((value) => value.bytes === undefined))
    return { text: values.map((value) => value.text).join(''), bytes: undefined }
  const bytes = joinBytes(values.map((value) => value.bytes ?? new TextEncoder().encode(value.text)))
  return { text: new TextDecoder().decode(bytes), bytes }
}

function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** A byte for octal and hexadecimal escapes, text for the others. */
function readEscape(body: string, slash: number): { value: string | number; length: number; error?: string } {
  const c = body[slash + 1] ?? ''
  const simple = simpleEscapes[c]
  if (simple !== undefined) return { value: simple, length: 2 }
  const octal = /^[0-7]{1,3}/.exec(body.slice(slash + 1, slash + 4))?.[0]
  if (octal !== undefined) return { value: Number.parseInt(octal, 8) & 0xff, length: 1 + octal.length }
  if (c === 'x' || c === 'X') {
    const hex = /^[0-9a-fA-F]{1,2}/.exec(body.slice(slash + 2, slash + 4))?.[0]
    if (hex === undefined) return { value: '', length: 2, error: `'\\${c}' must be followed by hexadecimal digits` }
    return { value: Number.parseInt(hex, 16), length: 2 + hex.length }
  }
  if (c === 'u') return readUnicode(body, slash)
  if (c === 'U') {
    const hex = /^[0-9a-fA-F]{8}/.exec(body.slice(slash + 2, slash + 10))?.[0]
    const point = hex === undefined ? Number.NaN : Number.parseInt(hex, 16)
    if (!(point <= 0x10ffff))
      return { value: '', length: 2, error: "'\\U' must be followed by eight hexadecimal digits up to 0010FFFF" }
    return { value: wellFormed(String.fromCodePoint(point)), length: 10 }
  }
  return { value: c, length: 1 + c.length, error: `'\\${c}' is not an escape` }
}

function readUnicode(body: string, slash: number): { value: string; length: number; error?: string } {
  const hex = /^[0-9a-fA-F]{4}/.exec(body.slice(slash + 2, slash + 6))?.[0]
  if (hex === undefined) return { value: '', length: 2, error: "'\\u' must be followed by four hexadecimal digits" }
  const unit = Number.parseInt(hex, 16)
  if (unit >= 0xd800 && unit < 0xdc00) {
    const low = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(body.slice(slash + 6, slash + 12))?.[1]
    if (low !== undefined) return { value: String.fromCharCode(unit, Number.parseInt(low, 16)), length: 12 }
  }
  return { value: wellFormed(String.fromCharCode(unit)), length: 6 }
}

function wellFormed(text: string): string {
  const unit = text.charCodeAt(0)
  return text.length === 1 && unit >= 0xd800 && unit < 0xe000 ? '\ufffd' : text
}
