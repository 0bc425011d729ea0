/** The value of a Thrift string literal. */

const simple: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '0': '\0',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '/': '/',
}

/** What a literal stands for. */
export interface StringValue {
  /** As text: what is not UTF-8 among bytes that are written as such is U+FFFD. */
  readonly text: string
  /** Its bytes, where escapes give some beyond ASCII; else they are the text's UTF-8. */
  readonly bytes?: Uint8Array
}

/**
 * The value of a literal given with its quotes. Escapes: those of C, `\uHHHH`, `\UHHHHHHHH`, and `\xHH` and octal up to three digits, which give a
 * byte, as in C and thriftgo. An unknown escape is kept with its backslash, as thriftgo and pilota do: patterns in annotations are written so (`"\d+"`).
 */
export function stringLiteral(literal: string): StringValue {
  const closed = literal.length > 1 && literal.endsWith(literal[0]!)
  const body = literal.slice(1, closed ? -1 : undefined)
  if (!body.includes('\\')) return { text: body }
  let text = ''
  let copied = 0
  // The bytes so far, where some were written as such, and how much of the text they hold.
  let bytes: number[] | undefined
  let flushed = 0
  const utf8 = new TextEncoder()
  const escapes = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{1,3})|([\s\S]))/g
  for (const { 0: whole, 1: hex, 2: unicode, 3: wide, 4: octal, 5: char, index } of body.matchAll(escapes)) {
    text += body.slice(copied, index)
    copied = index + whole.length
    if (char !== undefined) {
      text += Object.hasOwn(simple, char) ? simple[char]! : whole
    } else if (unicode !== undefined || wide !== undefined) {
      const code = Number.parseInt((unicode ?? wide)!, 16)
      text += code <= 0x10ffff ? String.fromCodePoint(code) : whole
    } else {
      const byte = (hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16)) & 0xff
      if (byte < 0x80) text += String.fromCharCode(byte)
      else {
        bytes ??= []
        bytes.push(...utf8.encode(text.slice(flushed)), byte)
        flushed = text.length
      }
    }
  }
  text += body.slice(copied)
  if (bytes === undefined) return { text }
  const all = Uint8Array.from([...bytes, ...utf8.encode(text.slice(flushed))])
  return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(all), bytes: all }
}

/** The same as text. */
export function stringValue(literal: string): string {
  return stringLiteral(literal).text
}
