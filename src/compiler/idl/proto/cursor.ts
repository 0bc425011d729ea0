/** The parser's hand on the tokens: looking, taking, complaining, and finding the next statement after an error. */

import type { Report, SourceFile, Span } from '../../diagnostic.ts'
import type { TokenList } from '../../text/scanner.ts'
import type { ProtoName } from './ast.ts'
import { END, IDENTIFIER, STRING } from './lexer.ts'
import { joinStrings, type StringValue, stringValue } from './literal.ts'

/** Where the parser stands in a file. */
export interface Cursor {
  readonly source: SourceFile
  readonly text: string
  readonly tokens: TokenList
  readonly report: Report
  at: number
  /** Nesting of messages or aggregates at this place. */
  depth: number
}

/** ASCII codes of the symbols, which are also their token kinds. */
export const PAREN_OPEN = 40
export const PAREN_CLOSE = 41
export const COMMA = 44
export const MINUS = 45
export const DOT = 46
export const SLASH = 47
export const COLON = 58
export const SEMICOLON = 59
export const LESS = 60
export const EQUALS = 61
export const GREATER = 62
export const BRACKET_OPEN = 91
export const BRACKET_CLOSE = 93
export const BRACE_OPEN = 123
export const BRACE_CLOSE = 125

/** The kind of the token `ahead` of the current one. */
export function kindAt(c: Cursor, ahead = 0): number {
  return c.tokens.kinds[Math.min(c.at + ahead, c.tokens.length - 1)]!
}

/** The text of the current token. */
export function tokenText(c: Cursor, ahead = 0): string {
  const i = Math.min(c.at + ahead, c.tokens.length - 1)
  return c.text.slice(c.tokens.starts[i]!, c.tokens.ends[i]!)
}

/** True when the token is exactly this identifier. */
export function isWord(c: Cursor, word: string, ahead = 0): boolean {
  const i = c.at + ahead
  if (i >= c.tokens.length || c.tokens.kinds[i] !== IDENTIFIER) return false
  const start = c.tokens.starts[i]!
  return c.tokens.ends[i]! - start === word.length && c.text.startsWith(word, start)
}

/** The place from one token to another, both included. */
export function spanOf(c: Cursor, from: number, to: number): Span {
  const last = c.tokens.length - 1
  return {
    source: c.source,
    start: c.tokens.starts[Math.min(from, last)]!,
    end: c.tokens.ends[Math.min(Math.max(from, to), last)]!,
  }
}

/** Goes on, never beyond the end of the file. */
export function advance(c: Cursor): void {
  if (c.at < c.tokens.length - 1) c.at++
}

/** Takes the symbol if it stands here. */
export function accept(c: Cursor, symbol: number): boolean {
  if (kindAt(c) !== symbol) return false
  advance(c)
  return true
}

/** Takes the symbol, or says that it is missing. */
export function expect(c: Cursor, symbol: number, where: string): boolean {
  if (accept(c, symbol)) return true
  expected(c, `'${String.fromCharCode(symbol)}' ${where}`)
  return false
}

/** Takes the `;` that ends a statement. When it is missing and the next token stands on another line, goes on as if it were there. */
export function expectSemicolon(c: Cursor, where: string): boolean {
  if (accept(c, SEMICOLON)) return true
  // A string that was never closed has swallowed the ';' too, and has been reported.
  if (c.tokens.kinds[c.at - 1] === STRING && !isClosed(c, c.at - 1)) return true
  const end = c.tokens.ends[c.at - 1] ?? 0
  const start = c.tokens.starts[c.at]!
  const nextLine = c.text.slice(end, start).includes('\n')
  if (!nextLine) {
    expected(c, `';' ${where}`)
    return false
  }
  const from = c.tokens.starts[c.at - 1] ?? 0
  complain(c, `expected ';' ${where}`, { source: c.source, start: Math.max(from, end - 1), end }, "add ';' here")
  return true
}

function isClosed(c: Cursor, token: number): boolean {
  const start = c.tokens.starts[token]!
  const end = c.tokens.ends[token]!
  return end - start > 1 && c.text.charCodeAt(end - 1) === c.text.charCodeAt(start)
}

/** Reports a grammar error. */
export function complain(c: Cursor, message: string, span: Span, hint?: string): void {
  c.report({ code: 'syntax', message, span, hint })
}

/** Reports that something else was expected where the cursor stands. */
export function expected(c: Cursor, what: string, hint?: string): void {
  complain(c, `expected ${what}, found ${found(c)}`, spanOf(c, c.at, c.at), hint)
}

function found(c: Cursor): string {
  if (kindAt(c) === END) return 'the end of the file'
  const text = tokenText(c)
  const shown = text.length > 30 ? `${text.slice(0, 30)}…` : text
  return kindAt(c) === STRING ? `the string ${shown}` : `'${shown}'`
}

/** Takes an identifier. */
export function takeName(c: Cursor, what: string): ProtoName | undefined {
  if (kindAt(c) !== IDENTIFIER) {
    expected(c, what)
    return undefined
  }
  const name = { text: tokenText(c), span: spanOf(c, c.at, c.at) }
  advance(c)
  return name
}

/** Takes `a.b.c`, with a leading dot if `rooted`. */
export function takeDottedName(c: Cursor, what: string, rooted: boolean): ProtoName | undefined {
  const first = c.at
  if (kindAt(c) === IDENTIFIER && kindAt(c, 1) !== DOT) return takeName(c, what)
  let text = rooted && accept(c, DOT) ? '.' : ''
  for (;;) {
    if (kindAt(c) !== IDENTIFIER) {
      expected(c, text === '' ? what : `a name after '.'`)
      return undefined
    }
    text += tokenText(c)
    advance(c)
    if (!accept(c, DOT)) return { text, span: spanOf(c, first, c.at - 1) }
    text += '.'
  }
}

/** Takes one or more adjacent string literals as one value. */
export function takeString(c: Cursor, what: string): { value: StringValue; span: Span } | undefined {
  if (kindAt(c) !== STRING) {
    expected(c, what)
    return undefined
  }
  const first = c.at
  const values: StringValue[] = []
  while (kindAt(c) === STRING) {
    values.push(
      stringValue(c.text, c.tokens.starts[c.at]!, c.tokens.ends[c.at]!, (start, end, message) =>
        complain(c, message, { source: c.source, start, end }, "write '\\\\' for a backslash"),
      ),
    )
    advance(c)
  }
  return { value: joinStrings(values), span: spanOf(c, first, c.at - 1) }
}

/** Goes to where the next statement can start: after a `;` or a block in braces, or before the `}` that closes the body around. */
export function skipStatement(c: Cursor): void {
  for (;;) {
    const kind = kindAt(c)
    if (kind === END || kind === BRACE_CLOSE) return
    advance(c)
    if (kind === SEMICOLON) return
    if (kind === BRACE_OPEN) {
      skipBlock(c)
      return
    }
  }
}

/** Goes behind the `}` that closes the block whose `{` has been taken. */
export function skipBlock(c: Cursor): void {
  for (let open = 1; open > 0 && kindAt(c) !== END; advance(c)) {
    if (kindAt(c) === BRACE_OPEN) open++
    else if (kindAt(c) === BRACE_CLOSE) open--
  }
}
