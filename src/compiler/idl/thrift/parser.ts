/** Tokens to syntax tree: the declarations of a Thrift file. Recovers at members and declarations, so one run finds several errors. */

import type { Report, SourceFile } from '../../diagnostic.ts'
import { docText, splitComments } from '../../text/doc-comment.ts'
import { didYouMean } from '../../text/suggest.ts'
import type {
  Annotation,
  Definition,
  Enum,
  EnumValue,
  Field,
  Include,
  Name,
  Namespace,
  Node,
  Senum,
  Service,
  ServiceFunction,
  Struct,
  ThriftDocument,
  Type,
} from './ast.ts'
import {
  accept,
  acceptWord,
  advance,
  type Cursor,
  createCursor,
  expect,
  expectName,
  fail,
  isLineStart,
  isWord,
  joinDocs,
  kind,
  kindAhead,
  leadingDoc,
  previousEnd,
  start,
  tokenText,
  tooDeep,
  trailingDoc,
  unexpected,
} from './cursor.ts'
import { tokenize } from './lexer.ts'
import { stringValue } from './string-literal.ts'
import { declarationWords, T } from './token.ts'
import { parseAnnotations, parseDottedName, parseInt64, parseType, parseValue } from './value-parser.ts'

/** Parses a file. Total: whatever the text, there is a tree of what could be understood, and a diagnostic for the rest. */
export function parseThrift(source: SourceFile, report: Report): ThriftDocument {
  const tokens = tokenize(source, report)
  const c = createCursor(source, tokens, report)
  const includes: Include[] = []
  const namespaces: Namespace[] = []
  const definitions: Definition[] = []
  for (skipSeparators(c); kind(c) !== T.end; skipSeparators(c)) {
    const before = c.at
    if (!parseStatement(c, includes, namespaces, definitions)) skipToDeclaration(c, before)
  }
  return { source, tokens, doc: fileDoc(c, definitions), includes, namespaces, definitions }
}

/** Parses one header or declaration; false when the rest of it must be skipped. */
function parseStatement(c: Cursor, includes: Include[], namespaces: Namespace[], definitions: Definition[]): boolean {
  if (kind(c) !== T.identifier) {
    unexpected(c, 'a declaration')
    return false
  }
  const word = tokenText(c)
  switch (word) {
    case 'include':
    case 'cpp_include':
      return parseInclude(c, includes)
    case 'namespace':
      return parseNamespace(c, namespaces)
  }
  const definition = parseDefinition(c, word)
  if (definition !== undefined) {
    definitions.push(definition)
    return true
  }
  if (!declarationWords.has(word) && legacyNamespace.test(word)) return parseLegacyNamespace(c, namespaces)
  if (!declarationWords.has(word)) {
    fail(c, {
      code: 'syntax',
      message: `expected a declaration, found '${word}'`,
      span: { source: c.source, start: start(c), end: c.ends[c.at]! },
      hint: didYouMean(word, declarationWords),
    })
  }
  return false
}

function parseDefinition(c: Cursor, word: string): Definition | undefined {
  switch (word) {
    case 'struct':
    case 'union':
    case 'exception':
      return parseStruct(c, word)
    case 'service':
      return parseService(c)
    case 'enum':
      return parseEnum(c)
    case 'const':
      return parseConst(c)
    case 'typedef':
      return parseTypedef(c)
    case 'senum':
      return parseSenum(c)
  }
  return undefined
}

function parseInclude(c: Cursor, includes: Include[]): boolean {
  const first = start(c)
  const isThrift = isWord(c, 'include')
  advance(c)
  if (kind(c) !== T.string) {
    unexpected(c, 'a path in quotes', `after '${isThrift ? 'include' : 'cpp_include'}'`)
    return false
  }
  const pathSpan = { start: start(c), end: c.ends[c.at]! }
  const path = stringValue(tokenText(c))
  advance(c)
  if (isThrift) includes.push({ path, pathSpan, start: first, end: pathSpan.end })
  return true
}

function parseNamespace(c: Cursor, namespaces: Namespace[]): boolean {
  const first = start(c)
  advance(c)
  let scope = '*'
  if (!accept(c, T.star)) {
    const name = parseDottedName(c, "a language or '*' after 'namespace'")
    if (name === undefined) return false
    scope = name.text
  }
  return finishNamespace(c, namespaces, first, scope)
}

const legacyNamespace =
  /^(cpp|php|py|perl|ruby|smalltalk|java|cocoa|xsd|csharp|delphi)_(namespace|module|package|category|prefix)$/

function parseLegacyNamespace(c: Cursor, namespaces: Namespace[]): boolean {
  const first = start(c)
  const word = tokenText(c)
  advance(c)
  return finishNamespace(c, namespaces, first, word.slice(0, word.indexOf('_')))
}

function finishNamespace(c: Cursor, namespaces: Namespace[], first: number, scope: string): boolean {
  let name: Name | undefined
  if (kind(c) === T.string) {
    name = { text: stringValue(tokenText(c)), start: start(c), end: c.ends[c.at]! }
    advance(c)
  } else {
    name = parseDottedName(c, 'a namespace')
  }
  if (name === undefined) return false
  const annotations = parseAnnotations(c)
  namespaces.push({ scope, name, annotations, start: first, end: previousEnd(c) })
  return true
}

function parseConst(c: Cursor): Definition | undefined {
  const first = c.at
  c.at++
  const type = parseType(c)
  if (type === undefined) return undefined
  const name = expectName(c, 'a name for the constant')
  if (name === undefined || !expect(c, T.equals, 'before the value')) return undefined
  const value = parseValue(c)
  if (value === undefined) return undefined
  const annotations = parseAnnotations(c)
  const end = previousEnd(c)
  const doc = memberDoc(c, first)
  return { kind: 'const', type, name, value, start: c.starts[first]!, end, doc, annotations }
}

function parseTypedef(c: Cursor): Definition | undefined {
  const first = c.at
  c.at++
  const type = parseType(c)
  if (type === undefined) return undefined
  const name = expectName(c, 'a name for the type')
  if (name === undefined) return undefined
  const annotations = parseAnnotations(c)
  const end = previousEnd(c)
  const doc = memberDoc(c, first)
  return { kind: 'typedef', type, name, start: c.starts[first]!, end, doc, annotations }
}

function parseEnum(c: Cursor): Enum | undefined {
  const first = c.at
  c.at++
  const name = expectName(c, 'a name for the enum')
  if (name === undefined) return undefined
  const values: EnumValue[] = []
  const head = c.at
  const closed = parseBody(c, T.rightBrace, 'enum', () => {
    const member = parseEnumValue(c)
    if (member !== undefined) values.push(member)
    return member !== undefined
  })
  if (closed === undefined) return undefined
  const annotations = parseAnnotations(c)
  const doc = joinDocs(leadingDoc(c, first), trailingDoc(c, head))
  return { kind: 'enum', name, values, start: c.starts[first]!, end: previousEnd(c), doc, annotations }
}

function parseEnumValue(c: Cursor): EnumValue | undefined {
  const first = c.at
  const name = expectName(c, "a name or '}'")
  if (name === undefined) return undefined
  let value: bigint | undefined
  let valueSpan: Node | undefined
  if (accept(c, T.equals)) {
    if (kind(c) !== T.int) {
      unexpected(c, 'an integer', "after '='")
      return undefined
    }
    valueSpan = { start: start(c), end: c.ends[c.at]! }
    value = parseInt64(tokenText(c))
    c.at++
  }
  const annotations = parseAnnotations(c)
  const end = previousEnd(c)
  const doc = memberDoc(c, first)
  return { name, value, valueSpan, start: c.starts[first]!, end, doc, annotations }
}

function parseSenum(c: Cursor): Senum | undefined {
  const first = c.at
  c.at++
  const name = expectName(c, 'a name for the senum')
  if (name === undefined) return undefined
  const values: string[] = []
  const head = c.at
  const closed = parseBody(c, T.rightBrace, 'senum', () => {
    if (kind(c) !== T.string) {
      unexpected(c, "a string or '}'")
      return false
    }
    values.push(stringValue(tokenText(c)))
    c.at++
    return true
  })
  if (closed === undefined) return undefined
  const annotations = parseAnnotations(c)
  const doc = joinDocs(leadingDoc(c, first), trailingDoc(c, head))
  return { kind: 'senum', name, values, start: c.starts[first]!, end: previousEnd(c), doc, annotations }
}

function parseStruct(c: Cursor, shape: 'struct' | 'union' | 'exception'): Struct | undefined {
  const first = c.at
  c.at++
  const name = expectName(c, `a name for the ${shape}`)
  if (name === undefined) return undefined
  acceptWord(c, 'xsd_all')
  const head = c.at
  const fields = parseFields(c, T.leftBrace, T.rightBrace, shape)
  if (fields === undefined) return undefined
  const annotations = parseAnnotations(c)
  const doc = joinDocs(leadingDoc(c, first), trailingDoc(c, head))
  return { kind: 'struct', shape, name, fields, start: c.starts[first]!, end: previousEnd(c), doc, annotations }
}

function parseFields(c: Cursor, open: number, close: number, what: string): Field[] | undefined {
  const fields: Field[] = []
  const closed = parseBody(
    c,
    close,
    what,
    () => {
      const field = parseField(c, close)
      if (field !== undefined) fields.push(field)
      return field !== undefined
    },
    open,
  )
  return closed === undefined ? undefined : fields
}

function parseField(c: Cursor, close: number): Field | undefined {
  const first = c.at
  let id: number | undefined
  let idEnd = start(c)
  if (kind(c) === T.int) {
    id = parseId(c)
    idEnd = c.ends[c.at]!
    c.at++
    if (!expect(c, T.colon, 'after the field id')) return undefined
  } else if (kind(c) !== T.identifier) {
    unexpected(c, `a field or '${close === T.rightBrace ? '}' : ')'}'`)
    return undefined
  }
  let requiredness: Field['requiredness']
  if (kindAhead(c, 1) === T.identifier) {
    if (acceptWord(c, 'required')) requiredness = 'required'
    else if (acceptWord(c, 'optional')) requiredness = 'optional'
  }
  const type = parseType(c)
  if (type === undefined) return undefined
  const reference = accept(c, T.ampersand)
  const name = expectName(c, 'a name for the field')
  if (name === undefined) return undefined
  let value: Field['value']
  if (accept(c, T.equals)) {
    value = parseValue(c)
    if (value === undefined) return undefined
  }
  skipXsd(c)
  const annotations = parseAnnotations(c)
  const end = previousEnd(c)
  const doc = memberDoc(c, first)
  return { id, idEnd, requiredness, type, reference, name, value, start: c.starts[first]!, end, doc, annotations }
}

/** The value of the current integer token; beyond 2^53 it is rounded, which no field id outlives. */
function parseId(c: Cursor): number {
  let id = 0
  for (let i = start(c); i < c.ends[c.at]!; i++) {
    const digit = c.text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return Number(parseInt64(tokenText(c)))
    id = id * 10 + digit
  }
  return id
}

/** XML schema hints of early Thrift: read and dropped. */
function skipXsd(c: Cursor): void {
  for (;;) {
    if (acceptWord(c, 'xsd_optional') || acceptWord(c, 'xsd_nillable')) continue
    if (isWord(c, 'xsd_attrs') && kindAhead(c, 1) === T.leftBrace) {
      if (tooDeep(c)) return
      c.at++
      c.depth++
      parseFields(c, T.leftBrace, T.rightBrace, 'xsd_attrs')
      c.depth--
      continue
    }
    return
  }
}

function parseService(c: Cursor): Service | undefined {
  const first = c.at
  c.at++
  const name = expectName(c, 'a name for the service')
  if (name === undefined) return undefined
  let base: Name | undefined
  if (acceptWord(c, 'extends')) {
    base = expectName(c, "the name of a service after 'extends'")
    if (base === undefined) return undefined
  }
  const functions: ServiceFunction[] = []
  const head = c.at
  const closed = parseBody(c, T.rightBrace, 'service', () => {
    const member = parseFunction(c)
    if (member !== undefined) functions.push(member)
    return member !== undefined
  })
  if (closed === undefined) return undefined
  const annotations = parseAnnotations(c)
  const doc = joinDocs(leadingDoc(c, first), trailingDoc(c, head))
  return {
    kind: 'service',
    name,
    extends: base,
    functions,
    start: c.starts[first]!,
    end: previousEnd(c),
    doc,
    annotations,
  }
}

const none: readonly never[] = []

function parseFunction(c: Cursor): ServiceFunction | undefined {
  const first = c.at
  if (kind(c) !== T.identifier) {
    unexpected(c, "a function or '}'")
    return undefined
  }
  let oneway: Node | undefined
  if (
    (isWord(c, 'oneway') || isWord(c, 'async')) &&
    kindAhead(c, 1) === T.identifier &&
    kindAhead(c, 2) !== T.leftParen
  ) {
    oneway = { start: start(c), end: c.ends[c.at]! }
    c.at++
  }
  let result: Type | undefined
  if (!acceptWord(c, 'void')) {
    result = parseType(c)
    if (result === undefined) return undefined
  }
  const name = expectName(c, 'a name for the function')
  if (name === undefined) return undefined
  const args = parseFields(c, T.leftParen, T.rightParen, 'argument list')
  if (args === undefined) return undefined
  let throws: readonly Field[] | undefined = none
  let throwsSpan: Node | undefined
  // Annotations may stand on either side of `throws`.
  let annotations: readonly Annotation[] = parseAnnotations(c)
  if (isWord(c, 'throws') && kindAhead(c, 1) === T.leftParen) {
    throwsSpan = { start: start(c), end: c.ends[c.at]! }
    c.at++
    throws = parseFields(c, T.leftParen, T.rightParen, "list after 'throws'")
    if (throws === undefined) return undefined
    annotations = [...annotations, ...parseAnnotations(c)]
  }
  const end = previousEnd(c)
  const doc = memberDoc(c, first)
  return { oneway, result, name, args, throws, throwsSpan, start: c.starts[first]!, end, doc, annotations }
}

/**
 * Parses `{ member … }` with separators anywhere. Returns undefined when there is no body at all. A body that is never closed ends where the next
 * declaration starts.
 */
function parseBody(
  c: Cursor,
  close: number,
  what: string,
  member: () => boolean,
  open: number = T.leftBrace,
): true | undefined {
  if (!expect(c, open, what.startsWith('list') || what.startsWith('argument') ? '' : `after the name of the ${what}`)) {
    return undefined
  }
  const opened = c.at - 1
  for (;;) {
    skipSeparators(c)
    if (accept(c, close)) return true
    const elsewhere = isLineStart(c) && (isDeclarationStart(c) || (close === T.rightParen && isFunctionStart(c)))
    if (kind(c) === T.end || elsewhere) {
      fail(c, {
        code: 'syntax',
        message: `this ${what} is never closed`,
        span: { source: c.source, start: c.starts[opened]!, end: c.ends[opened]! },
        hint: `close it with '${close === T.rightBrace ? '}' : ')'}'`,
      })
      return true
    }
    const before = c.at
    if (!member() && !skipToMember(c, before, close)) return true
  }
}

/** True at `struct Name {` and its like, which no member can be. */
function isDeclarationStart(c: Cursor): boolean {
  if (kind(c) !== T.identifier || kindAhead(c, 1) !== T.identifier) return false
  const after = kindAhead(c, 2)
  // Most members end here, before their first word is looked up.
  if (after !== T.leftBrace && after !== T.identifier && after !== T.less) return false
  const word = tokenText(c)
  if (!declarationWords.has(word)) return false
  if (after === T.leftBrace) return true
  if (word === 'service') return after === T.identifier && kindAhead(c, 3) === T.identifier
  return (word === 'const' || word === 'typedef') && (after === T.identifier || after === T.less)
}

/** True at `void f(`, which no argument can be: what follows the bracket are arguments, not annotations. */
function isFunctionStart(c: Cursor): boolean {
  if (kind(c) !== T.identifier || kindAhead(c, 1) !== T.identifier || kindAhead(c, 2) !== T.leftParen) return false
  const inside = kindAhead(c, 3)
  return inside === T.rightParen || inside === T.int || (inside === T.identifier && kindAhead(c, 4) === T.identifier)
}

/**
 * After an error in a member: goes to where the next one can start, always beyond `before`. False when the body has been left: it was closed by
 * another bracket, or another declaration starts.
 */
function skipToMember(c: Cursor, before: number, close: number): boolean {
  let depth = 0
  for (;;) {
    const k = kind(c)
    if (k === T.end) return true
    if (c.at > before && depth <= 0) {
      if (k === T.comma || k === T.semicolon) return true
      if (k === T.int && kindAhead(c, 1) === T.colon) return true
      if (isLineStart(c) && (k === T.identifier || k === T.string)) return true
    }
    if (depth <= 0 && k === close) return true
    if (k === T.leftBrace || k === T.leftParen || k === T.leftBracket) depth++
    else if (k === T.rightBrace || k === T.rightParen || k === T.rightBracket) {
      depth--
      // A list of arguments that meets `}` was never closed.
      if (depth < 0 && close === T.rightParen && k === T.rightBrace) return false
    }
    if (depth > 0 && isLineStart(c) && isDeclarationStart(c)) return true
    c.at++
  }
}

/** After an error outside any body: goes to the next declaration, beyond `before` unless the parser has moved. */
function skipToDeclaration(c: Cursor, before: number): void {
  if (c.at === before) advance(c)
  let depth = 0
  for (; kind(c) !== T.end; c.at++) {
    const k = kind(c)
    if (k === T.leftBrace) depth++
    else if (k === T.rightBrace) depth = Math.max(0, depth - 1)
    else if (k === T.identifier && isLineStart(c)) {
      if (isDeclarationStart(c)) return
      if (depth === 0 && declarationWords.has(tokenText(c))) return
    }
  }
}

/** The documentation of a member or a declaration without a body; takes its separator, if any, on either side of which a comment may trail. */
function memberDoc(c: Cursor, first: number): string | undefined {
  let trailing: string | undefined
  if (kind(c) === T.comma || kind(c) === T.semicolon) {
    trailing = leadingDoc(c, c.at) ?? trailingDoc(c, c.at - 1)
    c.at++
  }
  return joinDocs(leadingDoc(c, first), trailing ?? trailingDoc(c, c.at - 1))
}

function skipSeparators(c: Cursor): void {
  while (kind(c) === T.comma || kind(c) === T.semicolon) c.at++
}

/** The comment at the head of the file: the last group that does not belong to the first declaration. */
function fileDoc(c: Cursor, definitions: readonly Definition[]): string | undefined {
  const { commentsBefore, comments } = c.tokens
  const count = commentsBefore[0]!
  if (count === 0) return undefined
  const first = c.kinds[0] === T.end ? undefined : c.starts[0]!
  const { detached, leading } = splitComments(c.text, comments, 0, count, undefined, first)
  const own = definitions[0]?.start !== first && leading.length > 0 ? leading : detached.at(-1)
  return own === undefined ? undefined : docText(c.text, own)
}
