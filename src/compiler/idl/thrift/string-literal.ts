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

/**
 * The value of a literal given with its quotes. Escapes: those of C, `\xHH`, `\uHHHH`, `\UHHHHHHHH`; octal up to three digits. An unknown escape is kept
 * with its backslash, as thriftgo and pilota do: patterns in annotations are written so (`"\d+"`).
 */
export function stringValue(literal: string): string {
  const closed = literal.length > 1 && literal.endsWith(literal[0]!)
  const body = literal.slice(1, closed ? -1 : undefined)
  if (!body.includes('\\')) return body
  return body.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, hex?: string, unicode?: string, wide?: string, octal?: string, char?: string) => {
      if (char !== undefined) return Object.hasOwn(simple, char) ? simple[char]! : whole
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      const code = Number.parseInt((hex ?? unicode ?? wide)!, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}
