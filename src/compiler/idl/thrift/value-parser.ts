/** Tokens to syntax tree: types, constant values and annotations, the parts that nest. */

import type { Annotation, Name, Type, Value } from './ast.ts'
import {
  accept,
  acceptWord,
  advance,
  type Cursor,
  expect,
  kind,
  kindAhead,
  previousEnd,
  start,
  tokenText,
  tooDeep,
  unexpected,
} from './cursor.ts'
import { stringLiteral, stringValue } from './string-literal.ts'
import { baseTypes, T } from './token.ts'

/** Parses a type with its annotations. */
export function parseType(c: Cursor): Type | undefined {
  if (kind(c) !== T.identifier) {
    unexpected(c, 'a type')
    return undefined
  }
  const first = start(c)
  const end = c.ends[c.at]!
  const word = typeWord(c.text, first, end)
  if (word === 'list' || word === 'set' || word === 'map') {
    const next = kindAhead(c, 1)
    if (next === T.less || (next === T.identifier && kindAhead(c, 2) === T.string)) return parseContainer(c, word)
  }
  const isBase = word !== undefined && baseTypes.has(word)
  const name = word ?? tokenText(c)
  c.at++
  const annotations = kind(c) === T.leftParen ? parseAnnotations(c) : none
  return { kind: isBase ? 'base' : 'named', name, annotations, start: first, end }
}

const none: readonly never[] = []

/** The words of types by their length: most types of a file are among them, and need no string of their own. */
const typeWords: readonly (readonly string[])[] = [...baseTypes, 'list', 'set', 'map'].reduce<string[][]>(
  (table, word) => {
    table[word.length]!.push(word)
    return table
  },
  Array.from({ length: 7 }, () => []),
)

function typeWord(text: string, from: number, to: number): string | undefined {
  if (to - from > 6) return undefined
  for (const word of typeWords[to - from]!) if (text.startsWith(word, from)) return word
  return undefined
}

function parseContainer(c: Cursor, name: 'list' | 'set' | 'map'): Type | undefined {
  if (tooDeep(c)) return undefined
  const first = start(c)
  c.at++
  skipCppType(c)
  if (!expect(c, T.less, `after '${name}'`)) return undefined
  c.depth++
  const one = parseType(c)
  let two: Type | undefined
  if (one !== undefined && name === 'map' && expect(c, T.comma, 'between key and value type')) two = parseType(c)
  c.depth--
  if (one === undefined || (name === 'map' && two === undefined)) return undefined
  if (!expect(c, T.greater, `to close '${name}<'`)) return undefined
  const end = previousEnd(c)
  skipCppType(c)
  const annotations = kind(c) === T.leftParen ? parseAnnotations(c) : none
  if (name === 'map') return { kind: 'map', key: one, value: two!, annotations, start: first, end }
  return { kind: name, element: one, annotations, start: first, end }
}

/** `cpp_type "std::vector"`: means nothing outside C++. */
function skipCppType(c: Cursor): void {
  if (kind(c) === T.identifier && kindAhead(c, 1) === T.string && acceptWord(c, 'cpp_type')) c.at++
}

/** Parses a constant value. */
export function parseValue(c: Cursor): Value | undefined {
  const first = start(c)
  const end = c.ends[c.at]!
  switch (kind(c)) {
    case T.int: {
      const value = parseInt64(tokenText(c))
      c.at++
      return { kind: 'int', value, start: first, end }
    }
    case T.double: {
      const value = Number(tokenText(c))
      c.at++
      return { kind: 'double', value, start: first, end }
    }
    case T.string: {
      const { text, bytes } = stringLiteral(tokenText(c))
      c.at++
      return { kind: 'string', value: text, ...(bytes && { bytes }), start: first, end }
    }
    case T.identifier: {
      const text = tokenText(c)
      c.at++
      return { kind: 'name', text, start: first, end }
    }
    case T.leftBracket:
      return parseList(c)
    case T.leftBrace:
      return parseMap(c)
  }
  unexpected(c, 'a value')
  return undefined
}

function parseList(c: Cursor): Value | undefined {
  if (tooDeep(c)) return undefined
  const first = start(c)
  const elements: Value[] = []
  c.at++
  c.depth++
  while (kind(c) !== T.rightBracket) {
    const element = parseValue(c)
    if (element === undefined) {
      c.depth--
      return undefined
    }
    elements.push(element)
    skipSeparator(c)
  }
  c.depth--
  c.at++
  return { kind: 'list', elements, start: first, end: previousEnd(c) }
}

function parseMap(c: Cursor): Value | undefined {
  if (tooDeep(c)) return undefined
  const first = start(c)
  const entries: { key: Value; value: Value }[] = []
  c.at++
  c.depth++
  while (kind(c) !== T.rightBrace) {
    const key = parseValue(c)
    const value = key !== undefined && expect(c, T.colon, 'between key and value') ? parseValue(c) : undefined
    if (key === undefined || value === undefined) {
      c.depth--
      return undefined
    }
    entries.push({ key, value })
    skipSeparator(c)
  }
  c.depth--
  c.at++
  return { kind: 'map', entries, start: first, end: previousEnd(c) }
}

function skipSeparator(c: Cursor): void {
  if (kind(c) === T.comma || kind(c) === T.semicolon) c.at++
}

/** Parses `(key = "value", key)` if it stands here; duplicates are kept, in order. */
export function parseAnnotations(c: Cursor): readonly Annotation[] {
  if (kind(c) !== T.leftParen) return none
  const annotations: Annotation[] = []
  c.at++
  for (;;) {
    skipSeparator(c)
    if (accept(c, T.rightParen)) return annotations
    const first = start(c)
    const key = kind(c) === T.string ? quotedName(c) : parseDottedName(c, "an annotation or ')'")
    let value: string | undefined
    let fine = key !== undefined
    if (fine && accept(c, T.equals)) {
      value = annotationValue(c)
      fine = value !== undefined
    }
    if (key !== undefined && fine) {
      annotations.push({ key, value, start: first, end: previousEnd(c) })
    } else if (!skipToAnnotation(c)) {
      return annotations
    }
  }
}

function quotedName(c: Cursor): Name {
  const name = { text: stringValue(tokenText(c)), start: start(c), end: c.ends[c.at]! }
  c.at++
  return name
}

/** The text of an annotation's value: a string, or a number or name as it is written. */
function annotationValue(c: Cursor): string | undefined {
  const k = kind(c)
  if (k !== T.string && k !== T.int && k !== T.double && k !== T.identifier) {
    unexpected(c, 'a string', "after '='")
    return undefined
  }
  const text = tokenText(c)
  c.at++
  return k === T.string ? stringValue(text) : text
}

/** After an error in annotations: goes to the next one, or to the end of them. False when that is not near. */
function skipToAnnotation(c: Cursor): boolean {
  for (;;) {
    const k = kind(c)
    if (k === T.comma || k === T.semicolon || k === T.rightParen) return true
    if (k === T.end || k === T.leftBrace || k === T.rightBrace || k === T.colon) return false
    advance(c)
  }
}

/** Parses a name that may hold hyphens, digits and keywords as segments: namespaces and annotation keys (`java-x.foo-1`). */
export function parseDottedName(c: Cursor, what: string): Name | undefined {
  if (kind(c) !== T.identifier) {
    unexpected(c, what)
    return undefined
  }
  const first = start(c)
  c.at++
  while (start(c) === previousEnd(c)) {
    const k = kind(c)
    if (k !== T.identifier && k !== T.int && k !== T.minus && k !== T.double) break
    c.at++
  }
  const end = previousEnd(c)
  return { text: c.text.slice(first, end), start: first, end }
}

/** The value of an integer token: decimal, `0x` or `0o`, with a sign. Exact at any length. */
export function parseInt64(text: string): bigint {
  const sign = text.charCodeAt(0)
  const digits = sign === 43 || sign === 45 ? text.slice(1) : text
  if (digits.length > 400) return 1n << 1_000n
  const value = digits === '0x' || digits === '0X' || digits === '0o' || digits === '0O' ? 0n : BigInt(digits)
  return sign === 45 ? -value : value
}
