/** The parser's place in the tokens: looking, taking, complaining, and the comments around a node. */

import type { Finding, Report, SourceFile } from '../../diagnostic.ts'
import { docText, splitComments } from '../../text/doc-comment.ts'
import type { TokenList } from '../../text/scanner.ts'
import type { Name } from './ast.ts'
import { kindName, T } from './token.ts'

/** Where the parser stands. Only `at` and the counters change. */
export interface Cursor {
  readonly source: SourceFile
  readonly text: string
  readonly tokens: TokenList
  readonly kinds: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly report: Report
  /** Index of the current token. */
  at: number
  /** The token at which an error was last reported: one error per place. */
  errorAt: number
  errors: number
  /** How deep types, values and bodies are nested. */
  depth: number
}

/** Errors after which a file's parse stays silent: the rest would be noise. */
const MAX_ERRORS = 100

/** Types and values nested deeper than this are refused: no stack is deep enough for what a file can hold. */
const MAX_DEPTH = 100

/** A cursor at the first token. */
export function createCursor(source: SourceFile, tokens: TokenList, report: Report): Cursor {
  const { kinds, starts, ends } = tokens
  return { source, text: source.text, tokens, kinds, starts, ends, report, at: 0, errorAt: -1, errors: 0, depth: 0 }
}

/** The kind of the current token. */
export function kind(c: Cursor): number {
  return c.kinds[c.at]!
}

/** The kind of the token `ahead` places on; the end of the file beyond the last. */
export function kindAhead(c: Cursor, ahead: number): number {
  return c.kinds[Math.min(c.at + ahead, c.tokens.length - 1)]!
}

/** The text of a token. */
export function tokenText(c: Cursor, index: number = c.at): string {
  return c.text.slice(c.starts[index]!, c.ends[index]!)
}

/** Where the current token starts. */
export function start(c: Cursor): number {
  return c.starts[c.at]!
}

/** Where the previous token ended. */
export function previousEnd(c: Cursor): number {
  return c.at === 0 ? 0 : c.ends[c.at - 1]!
}

/** Goes past the current token, never past the end of the file. */
export function advance(c: Cursor): void {
  if (c.at < c.tokens.length - 1) c.at++
}

/** Takes the current token if it is of this kind. */
export function accept(c: Cursor, wanted: number): boolean {
  if (c.kinds[c.at] !== wanted) return false
  advance(c)
  return true
}

/** True when the current token is this word. */
export function isWord(c: Cursor, word: string): boolean {
  return (
    c.kinds[c.at] === T.identifier &&
    c.ends[c.at]! - c.starts[c.at]! === word.length &&
    c.text.startsWith(word, c.starts[c.at]!)
  )
}

/** Takes the current token if it is this word. */
export function acceptWord(c: Cursor, word: string): boolean {
  if (!isWord(c, word)) return false
  c.at++
  return true
}

/** Takes a token of this kind or complains that it is missing. */
export function expect(c: Cursor, wanted: number, where: string): boolean {
  if (accept(c, wanted)) return true
  unexpected(c, kindName[wanted]!, where)
  return false
}

/** Takes a name or complains. */
export function expectName(c: Cursor, what: string): Name | undefined {
  if (c.kinds[c.at] !== T.identifier) {
    unexpected(c, what)
    return undefined
  }
  const name = { text: tokenText(c), start: start(c), end: c.ends[c.at]! }
  c.at++
  return name
}

/** Reports, once per place, that something else should stand at the current token. */
export function unexpected(c: Cursor, wanted: string, where = ''): void {
  if (kind(c) === T.junk) {
    // The lexer has complained about it.
    c.errorAt = c.at
    return
  }
  const after = where === '' ? '' : ` ${where}`
  // What is missing at the end of a line is shown there, not at the next line's first token.
  const missing = kind(c) === T.end || isLineStart(c)
  const at = missing ? previousEnd(c) : start(c)
  fail(c, {
    code: 'syntax',
    message: `expected ${wanted}${after}, found ${describe(c)}`,
    span: { source: c.source, start: at, end: missing ? at : c.ends[c.at]! },
    hint: dashHint(c),
  })
}

/** Files may be called `my-types.thrift`, and then nothing can name what they declare. */
function dashHint(c: Cursor): string | undefined {
  const { text } = c.source
  const at = start(c)
  if (text[at] !== '-' || previousEnd(c) !== at) return undefined
  const [before] = /\w*$/.exec(text.slice(Math.max(0, at - 100), at))!
  const [after] = /^[\w-]*/.exec(text.slice(at, at + 100))!
  if (!/^[A-Za-z_]/.test(before) || after === '-') return undefined
  const name = before + after
  const isFile = text.includes(`${name}.thrift`)
  return `a name cannot hold '-'${isFile ? `: call the file '${name.replaceAll('-', '_')}.thrift'` : ''}`
}

/** Reports at the current token, at most once per token. */
export function fail(c: Cursor, finding: Finding): void {
  if (c.errorAt === c.at) return
  c.errorAt = c.at
  c.errors++
  if (c.errors <= MAX_ERRORS) c.report(finding)
}

/** Reports that nesting is too deep; true when it is. Callers leave what they parse. */
export function tooDeep(c: Cursor): boolean {
  if (c.depth < MAX_DEPTH) return false
  fail(c, {
    code: 'nested-too-deep',
    message: `more than ${MAX_DEPTH} levels of nesting`,
    span: { source: c.source, start: start(c), end: c.ends[c.at]! },
  })
  return true
}

function describe(c: Cursor): string {
  const k = kind(c)
  if (k === T.identifier || k === T.int || k === T.double) {
    const text = tokenText(c)
    return `'${text.length > 40 ? `${text.slice(0, 40)}…` : text}'`
  }
  return kindName[k]!
}

/** True when a line break parts the current token from the one before. */
export function isLineStart(c: Cursor): boolean {
  for (let i = previousEnd(c); i < start(c); i++) {
    const unit = c.text.charCodeAt(i)
    if (unit === 10 || unit === 13) return true
  }
  return c.at === 0
}

/** The documentation in front of the token `index`. */
export function leadingDoc(c: Cursor, index: number): string | undefined {
  const { commentsBefore, comments } = c.tokens
  const from = index === 0 ? 0 : commentsBefore[index - 1]!
  const to = commentsBefore[index]!
  if (from === to) return undefined
  const before = index === 0 ? undefined : c.ends[index - 1]!
  return docText(c.text, splitComments(c.text, comments, from, to, before, nextStart(c, index)).leading)
}

/** The comment behind the token `index`, on its line. */
export function trailingDoc(c: Cursor, index: number): string | undefined {
  const { commentsBefore, comments } = c.tokens
  if (index < 0 || index + 1 >= c.tokens.length) return undefined
  const from = commentsBefore[index]!
  const to = commentsBefore[index + 1]!
  if (from === to) return undefined
  return docText(c.text, splitComments(c.text, comments, from, to, c.ends[index]!, nextStart(c, index + 1)).trailing)
}

function nextStart(c: Cursor, index: number): number | undefined {
  return c.kinds[index] === T.end ? undefined : c.starts[index]!
}

/** Leading and trailing documentation as one text. */
export function joinDocs(leading: string | undefined, trailing: string | undefined): string | undefined {
  if (leading === undefined) return trailing
  return trailing === undefined ? leading : `${leading}\n\n${trailing}`
}
