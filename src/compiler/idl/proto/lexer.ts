/** Text of a .proto file to tokens. */

import type { Report, SourceFile } from '../../diagnostic.ts'
import {
  charClass,
  createTokenList,
  DIGIT,
  HEX_DIGIT,
  IDENTIFIER_PART,
  IDENTIFIER_START,
  pushToken,
  skipTrivia,
  startOffset,
  type TokenList,
} from '../../text/scanner.ts'

/** Kinds of tokens. A symbol's kind is its ASCII code. */
export const END = 0
export const IDENTIFIER = 1
export const INTEGER = 2
export const FLOAT = 3
export const STRING = 4
/** A character that starts no token; it has been reported. */
export const STRAY = 5

/** Splits a file into tokens. What is no token is reported and kept as {@link STRAY}, so that the parser sees a gap. */
export function lexProto(source: SourceFile, report: Report): TokenList {
  const { text } = source
  const list = createTokenList(text.length)
  const { comments } = list
  let at = startOffset(text)
  const complain = (message: string, start: number, end: number, hint?: string): void =>
    report({ code: 'syntax', message, span: { source, start, end }, hint })
  for (;;) {
    const known = comments.length
    at = skipTrivia(text, at, false, comments)
    for (const { start, end } of comments.slice(known)) checkNested(text, start, end, complain)
    const last = comments.at(-1)
    if (last !== undefined && !last.closed && last.end === at) {
      complain('this comment is never closed', last.start, last.start + 2, "close it with '*/'")
    }
    const start = at
    const c = text.charCodeAt(at)
    const bits = charClass(c)
    if ((bits & IDENTIFIER_START) !== 0) {
      do at++
      while ((charClass(text.charCodeAt(at)) & IDENTIFIER_PART) !== 0)
      pushToken(list, IDENTIFIER, start, at)
    } else if ((bits & DIGIT) !== 0 || (c === 46 && (charClass(text.charCodeAt(at + 1)) & DIGIT) !== 0)) {
      const kind = numberKind(text, at)
      at = numberEnd(text, at)
      if ((charClass(text.charCodeAt(at)) & IDENTIFIER_PART) !== 0 || text.charCodeAt(at) === 46) {
        while ((charClass(text.charCodeAt(at)) & IDENTIFIER_PART) !== 0 || text.charCodeAt(at) === 46) at++
        complain(`'${clip(text.slice(start, at))}' is not a number`, start, at)
      } else if (kind === INTEGER && c === 48 && /^0\d*[89]/.test(text.slice(start, at))) {
        complain('a number with a leading zero is octal and has no digits 8 and 9', start, at)
      } else if (text.charCodeAt(at - 1) === 120 || text.charCodeAt(at - 1) === 88) {
        complain("'0x' must be followed by hexadecimal digits", start, at)
      }
      pushToken(list, kind, start, at)
    } else if (c === 34 || c === 39) {
      at = stringEnd(text, at)
      if (at > text.length) {
        at = text.length
        complain('this string is never closed', start, at, 'close it with the quote that opened it')
      } else if (text.charCodeAt(at - 1) !== c || at - start < 2) {
        complain(
          'a string cannot run over the end of a line',
          start,
          at,
          'close it, or write adjacent strings: "a" "b"',
        )
      }
      pushToken(list, STRING, start, at)
    } else if (Number.isNaN(c)) {
      pushToken(list, END, text.length, text.length)
      return list
    } else if (c > 32 && c < 127) {
      at++
      pushToken(list, c, start, at)
    } else {
      const point = text.codePointAt(at)!
      at += point > 0xffff ? 2 : 1
      const shown =
        point < 32 || point === 127
          ? `control character U+${point.toString(16).padStart(4, '0')}`
          : `'${String.fromCodePoint(point)}'`
      complain(`${shown} cannot stand here`, start, at, 'names are made of ASCII letters, digits and underscores')
      pushToken(list, STRAY, start, at)
    }
  }
}

/** A block comment ends at the first end mark, so one inside another leaves its rest behind as code. */
function checkNested(
  text: string,
  start: number,
  end: number,
  complain: (message: string, start: number, end: number, hint?: string) => void,
): void {
  if (text.charCodeAt(start + 1) !== 42) return
  const inner = text.slice(start + 2, end).indexOf('/*')
  if (inner < 0) return
  const at = start + 2 + inner
  complain('a comment cannot stand inside a comment', at, at + 2, 'remove this mark, or close the comment before it')
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

function isHex(text: string, at: number): boolean {
  const x = text.charCodeAt(at + 1)
  return text.charCodeAt(at) === 48 && (x === 120 || x === 88)
}

function digitsEnd(text: string, start: number, bit: number): number {
  let at = start
  while ((charClass(text.charCodeAt(at)) & bit) !== 0) at++
  return at
}

function numberEnd(text: string, start: number): number {
  if (isHex(text, start)) return digitsEnd(text, start + 2, HEX_DIGIT)
  let at = digitsEnd(text, start, DIGIT)
  if (text.charCodeAt(at) === 46) at = digitsEnd(text, at + 1, DIGIT)
  const e = text.charCodeAt(at)
  if (e === 101 || e === 69) {
    const sign = text.charCodeAt(at + 1)
    const digits = sign === 43 || sign === 45 ? at + 2 : at + 1
    if ((charClass(text.charCodeAt(digits)) & DIGIT) !== 0) at = digitsEnd(text, digits, DIGIT)
  }
  return at
}

function numberKind(text: string, start: number): number {
  if (isHex(text, start)) return INTEGER
  const c = text.charCodeAt(digitsEnd(text, start, DIGIT))
  return c === 46 || c === 101 || c === 69 ? FLOAT : INTEGER
}

/** After the closing quote; at the line break that ends an unclosed string; beyond the text when that ends it. */
function stringEnd(text: string, start: number): number {
  const quote = text.charCodeAt(start)
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === quote) return at + 1
    if (c === 10) return at
    if (c === 92) {
      const next = text.charCodeAt(at + 1)
      if (next === 10) return at
      at++
    }
  }
  return text.length + 1
}
