/** Thrift text to tokens. Never fails: what is no token is reported and kept as junk. */

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
import { T } from './token.ts'

/** The tokens of a file; the last one is the end of the file. Comments of all three kinds are kept in the list. */
export function tokenize(source: SourceFile, report: Report): TokenList {
  const { text } = source
  const tokens = createTokenList(text.length)
  const { comments } = tokens
  let at = startOffset(text)
  for (;;) {
    at = skipTrivia(text, at, true, comments)
    if (at >= text.length) break
    const c = text.charCodeAt(at)
    const bits = charClass(c)
    let end = at + 1
    if (bits & IDENTIFIER_START) {
      end = identifierEnd(text, at)
      pushToken(tokens, T.identifier, at, end)
    } else if (bits & DIGIT || startsNumber(text, at, c)) {
      end = pushNumber(at)
    } else if (c === 34 || c === 39) {
      end = stringEnd(text, at, c)
      if (end < 0) {
        end = text.length
        report({
          code: 'unterminated',
          message: 'this string is never closed',
          span: { source, start: at, end: firstLineEnd(text, at) },
          hint: `close it with ${String.fromCharCode(c)}`,
        })
      }
      pushToken(tokens, T.string, at, end)
    } else {
      const kind = punctuation[c] ?? T.junk
      if (kind === T.junk) end = reportJunk(at)
      pushToken(tokens, kind, at, end)
    }
    at = end
  }
  pushToken(tokens, T.end, text.length, text.length)
  const last = comments.at(-1)
  if (last !== undefined && !last.closed) {
    report({
      code: 'unterminated',
      message: 'this comment is never closed',
      span: { source, start: last.start, end: last.start + 2 },
      hint: 'close it with */',
    })
  }
  return tokens

  function pushNumber(start: number): number {
    let end = start
    const sign = text.charCodeAt(end)
    if (sign === 43 || sign === 45) end++
    const radix = text.charCodeAt(end) === 48 ? text.charCodeAt(end + 1) | 32 : 0
    if (radix === 120 || radix === 111) {
      const digits = end + 2
      end = digits
      while (charClass(text.charCodeAt(end)) & (radix === 120 ? HEX_DIGIT : DIGIT)) end++
      if (end === digits) {
        report({
          code: 'syntax',
          message: `'${text.slice(start, end)}' has no digits`,
          span: { source, start, end },
        })
      }
      pushToken(tokens, T.int, start, end)
      return end
    }
    let kind: number = T.int
    while (charClass(text.charCodeAt(end)) & DIGIT) end++
    if (text.charCodeAt(end) === 46 && charClass(text.charCodeAt(end + 1)) & DIGIT) {
      kind = T.double
      end += 2
      while (charClass(text.charCodeAt(end)) & DIGIT) end++
    } else if (text.charCodeAt(end) === 46 && !(charClass(text.charCodeAt(end + 1)) & IDENTIFIER_PART)) {
      kind = T.double
      end++
    }
    if ((text.charCodeAt(end) | 32) === 101) {
      let digits = end + 1
      const exponentSign = text.charCodeAt(digits)
      if (exponentSign === 43 || exponentSign === 45) digits++
      if (charClass(text.charCodeAt(digits)) & DIGIT) {
        kind = T.double
        end = digits + 1
        while (charClass(text.charCodeAt(end)) & DIGIT) end++
      }
    }
    pushToken(tokens, kind, start, end)
    return end
  }

  function reportJunk(start: number): number {
    let end = start + 1
    while (end < text.length && isJunk(text.charCodeAt(end))) end++
    const piece = text.slice(start, Math.min(end, start + 20))
    report({
      code: 'syntax',
      message: `'${piece}' does not belong here`,
      span: { source, start, end },
      hint: 'names are made of ASCII letters, digits and underscores',
    })
    return end
  }
}

const punctuation: readonly (number | undefined)[] = (() => {
  const table: (number | undefined)[] = new Array(128)
  table[123] = T.leftBrace
  table[125] = T.rightBrace
  table[40] = T.leftParen
  table[41] = T.rightParen
  table[91] = T.leftBracket
  table[93] = T.rightBracket
  table[60] = T.less
  table[62] = T.greater
  table[44] = T.comma
  table[59] = T.semicolon
  table[58] = T.colon
  table[61] = T.equals
  table[38] = T.ampersand
  table[42] = T.star
  table[45] = T.minus
  return table
})()

/** True for what goes on a run of characters that start no token. */
function isJunk(c: number): boolean {
  if (c >= 128) return true
  if (c <= 32 || charClass(c) !== 0 || c === 34 || c === 39 || c === 35 || c === 47) return false
  return punctuation[c] === undefined
}

function identifierEnd(text: string, start: number): number {
  let end = start + 1
  for (;;) {
    const c = text.charCodeAt(end)
    if (charClass(c) & IDENTIFIER_PART) end++
    else if (c === 46 && charClass(text.charCodeAt(end + 1)) & IDENTIFIER_PART) end += 2
    else return end
  }
}

/** True for a sign or point that a number follows: `+7`, `-0x10`, `.5`, `-.5`. */
function startsNumber(text: string, at: number, c: number): boolean {
  if (c === 46) return (charClass(text.charCodeAt(at + 1)) & DIGIT) !== 0
  if (c !== 43 && c !== 45) return false
  const next = text.charCodeAt(at + 1)
  return (charClass(next) & DIGIT) !== 0 || (next === 46 && (charClass(text.charCodeAt(at + 2)) & DIGIT) !== 0)
}

/** The offset behind the closing quote, or -1. Strings may hold line breaks. */
function stringEnd(text: string, start: number, quote: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) return i + 1
    if (c === 92) i++
  }
  return -1
}

function firstLineEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && text.charCodeAt(end) !== 10 && text.charCodeAt(end) !== 13) end++
  return end
}
