/** Options and the values they are given: scalars, and aggregates in protobuf's text format. */

import type { IrValue } from '../../ir/ir.ts'
import type { ProtoOption, ProtoOptionSegment } from './ast.ts'
import {
  accept,
  advance,
  BRACE_CLOSE,
  BRACE_OPEN,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  COMMA,
  type Cursor,
  complain,
  DOT,
  EQUALS,
  expect,
  expected,
  expectSemicolon,
  GREATER,
  kindAt,
  LESS,
  MINUS,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  SLASH,
  spanOf,
  takeDottedName,
  takeName,
  takeString,
  tokenText,
} from './cursor.ts'
import { END, FLOAT, IDENTIFIER, INTEGER, STRING } from './lexer.ts'
import { integerValue } from './literal.ts'

const maximumAggregateDepth = 100

/** `option name = value;`, standing at `option`. */
export function parseOptionStatement(c: Cursor): ProtoOption | undefined {
  const first = c.at
  advance(c)
  const option = parseAssignment(c, first)
  if (option === undefined || !expectSemicolon(c, 'after the option')) return undefined
  return { kind: 'option', path: option.path, value: option.value, span: option.span, first, tail: c.at - 1 }
}

/** `[a = 1, (b).c = 2]` if it stands here. Undefined after an error. */
export function parseBracketedOptions(c: Cursor): readonly ProtoOption[] | undefined {
  if (kindAt(c) !== BRACKET_OPEN) return none
  advance(c)
  const options: ProtoOption[] = []
  do {
    const option = parseAssignment(c, c.at)
    if (option === undefined) return undefined
    options.push(option)
  } while (accept(c, COMMA))
  return expect(c, BRACKET_CLOSE, 'after the options') ? options : undefined
}

const none: readonly ProtoOption[] = []

function parseAssignment(c: Cursor, first: number): ProtoOption | undefined {
  const nameStart = c.at
  const path: ProtoOptionSegment[] = []
  do {
    const segment = parseSegment(c)
    if (segment === undefined) return undefined
    path.push(segment)
  } while (accept(c, DOT))
  const span = spanOf(c, nameStart, c.at - 1)
  if (!expect(c, EQUALS, "after the option's name")) return undefined
  const value = parseOptionValue(c)
  return value === undefined ? undefined : { kind: 'option', path, value, span, first, tail: c.at - 1 }
}

function parseSegment(c: Cursor): ProtoOptionSegment | undefined {
  if (!accept(c, PAREN_OPEN)) {
    const name = takeName(c, "an option's name")
    return name === undefined ? undefined : { text: name.text, span: name.span, extension: false }
  }
  const name = takeDottedName(c, "an extension's name", true)
  if (name === undefined || !expect(c, PAREN_CLOSE, "after the extension's name")) return undefined
  return { text: name.text, span: name.span, extension: true }
}

/** The value of an option: one scalar, or an aggregate between braces. */
function parseOptionValue(c: Cursor): IrValue | undefined {
  if (kindAt(c) !== BRACE_OPEN) return parseScalar(c, /^(inf|nan)$/)
  const first = c.at
  advance(c)
  return parseAggregate(c, first, BRACE_CLOSE)
}

/** `numbers`: the names that stand for numbers and may be negative; more in text format than outside. */
function parseScalar(c: Cursor, numbers: RegExp): IrValue | undefined {
  const first = c.at
  const kind = kindAt(c)
  if (kind === STRING) {
    const { value, span } = takeString(c, 'a string')!
    return value.bytes === undefined
      ? { kind: 'string', value: value.text, span }
      : { kind: 'bytes', value: value.bytes, span }
  }
  const negative = accept(c, MINUS)
  const text = tokenText(c)
  switch (kindAt(c)) {
    case INTEGER: {
      advance(c)
      const value = integerValue(text)
      return { kind: 'int', value: negative ? -value : value, span: spanOf(c, first, c.at - 1) }
    }
    case FLOAT:
      advance(c)
      return { kind: 'double', value: negative ? -Number(text) : Number(text), span: spanOf(c, first, c.at - 1) }
    case IDENTIFIER: {
      advance(c)
      const span = spanOf(c, first, c.at - 1)
      if (!negative) {
        if (text === 'true' || text === 'false') return { kind: 'bool', value: text === 'true', span }
        return { kind: 'name', span, reference: { text, span, scope: '', target: undefined }, enumValue: undefined }
      }
      if (numbers.test(text)) return { kind: 'double', value: /^n/i.test(text) ? Number.NaN : -Infinity, span }
      complain(c, `'-${text}' is not a value`, span, "only numbers, 'inf' and 'nan' can be negative")
      return undefined
    }
  }
  expected(c, 'a value')
  return undefined
}

/** The fields of an aggregate whose opening bracket has been taken, and the closing one. */
function parseAggregate(c: Cursor, first: number, close: number): IrValue | undefined {
  if (c.depth >= maximumAggregateDepth) {
    complain(c, `values nest deeper than ${maximumAggregateDepth} levels`, spanOf(c, first, first))
    return undefined
  }
  c.depth++
  const value = parseAggregateBody(c, first, close)
  c.depth--
  return value
}

function parseAggregateBody(c: Cursor, first: number, close: number): IrValue | undefined {
  const entries: { key: IrValue; value: IrValue }[] = []
  while (!accept(c, close)) {
    if (kindAt(c) === END) {
      expected(c, `'${String.fromCharCode(close)}' after the aggregate value`)
      return undefined
    }
    const key = parseAggregateKey(c)
    if (key === undefined) return undefined
    const colon = accept(c, COLON)
    const kind = kindAt(c)
    if (!colon && kind !== BRACE_OPEN && kind !== LESS && kind !== BRACKET_OPEN) {
      expected(c, "':' and a value")
      return undefined
    }
    const listFirst = c.at
    const value = kind === BRACKET_OPEN ? parseList(c) : parseElement(c)
    if (value === undefined) return undefined
    if (!colon && value.kind === 'list' && value.elements.some((one) => one.kind !== 'map')) {
      complain(c, 'a list of scalar values needs a colon before it', spanOf(c, listFirst, listFirst))
      return undefined
    }
    entries.push({ key, value })
    if (!accept(c, COMMA)) accept(c, SEMICOLON)
  }
  return { kind: 'map', entries, span: spanOf(c, first, c.at - 1) }
}

/** A plain field name is a string; an extension or Any name between brackets is a name. */
function parseAggregateKey(c: Cursor): IrValue | undefined {
  const first = c.at
  if (!accept(c, BRACKET_OPEN)) {
    const name = takeName(c, "a field's name")
    return name === undefined ? undefined : { kind: 'string', value: name.text, span: name.span }
  }
  const name = takeDottedName(c, "an extension's name", false)
  if (name === undefined) return undefined
  let { text } = name
  while (accept(c, SLASH)) {
    const rest = takeDottedName(c, 'a type name', false)
    if (rest === undefined) return undefined
    text += `/${rest.text}`
  }
  if (!expect(c, BRACKET_CLOSE, "after the extension's name")) return undefined
  const span = spanOf(c, first, c.at - 1)
  return { kind: 'name', span, reference: { text, span, scope: '', target: undefined }, enumValue: undefined }
}

function parseElement(c: Cursor): IrValue | undefined {
  const first = c.at
  if (accept(c, BRACE_OPEN)) return parseAggregate(c, first, BRACE_CLOSE)
  if (accept(c, LESS)) return parseAggregate(c, first, GREATER)
  return parseScalar(c, /^(inf|infinity|nan)$/i)
}

function parseList(c: Cursor): IrValue | undefined {
  const first = c.at
  advance(c)
  const elements: IrValue[] = []
  if (!accept(c, BRACKET_CLOSE)) {
    do {
      const element = parseElement(c)
      if (element === undefined) return undefined
      elements.push(element)
    } while (accept(c, COMMA))
    if (!expect(c, BRACKET_CLOSE, 'after the list')) return undefined
  }
  return { kind: 'list', elements, span: spanOf(c, first, c.at - 1) }
}
