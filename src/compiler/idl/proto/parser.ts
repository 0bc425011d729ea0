/** Tokens of a .proto file to its syntax tree, going on after errors. */

import type { Report, SourceFile } from '../../diagnostic.ts'
import { didYouMean } from '../../text/suggest.ts'
import type {
  ProtoDeclaration,
  ProtoDocument,
  ProtoEnum,
  ProtoEnumValue,
  ProtoExtend,
  ProtoExtensions,
  ProtoField,
  ProtoImport,
  ProtoMember,
  ProtoMessage,
  ProtoMethod,
  ProtoName,
  ProtoNode,
  ProtoOneof,
  ProtoOption,
  ProtoPackage,
  ProtoRange,
  ProtoReserved,
  ProtoService,
  ProtoSyntax,
  ProtoVisibility,
} from './ast.ts'
import {
  accept,
  advance,
  BRACE_CLOSE,
  BRACE_OPEN,
  COMMA,
  type Cursor,
  complain,
  DOT,
  EQUALS,
  expect,
  expected,
  expectSemicolon,
  GREATER,
  isWord,
  kindAt,
  LESS,
  MINUS,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  skipBlock,
  skipStatement,
  spanOf,
  takeDottedName,
  takeName,
  takeString,
  tokenText,
} from './cursor.ts'
import { editions, isSince } from './feature.ts'
import { END, IDENTIFIER, INTEGER, lexProto, STRING } from './lexer.ts'
import { integerNumber } from './literal.ts'
import { parseBracketedOptions, parseOptionStatement } from './option-parser.ts'

/** Messages nest at most this deep, as in protoc. */
const maximumNesting = 31
/** After this many grammar errors a file is not read further. */
const maximumErrors = 100

/** The head of a file while it is read. */
interface Head {
  syntax: ProtoSyntax
  syntaxStatement: ProtoNode | undefined
  package: ProtoPackage | undefined
  readonly imports: ProtoImport[]
  readonly options: ProtoOption[]
  readonly declarations: ProtoDeclaration[]
}

/** Parses one file. Every grammar error is reported; what could be read is returned. Never throws. */
export function parseProto(source: SourceFile, report: Report): ProtoDocument {
  let errors = 0
  const places = new Set<number | undefined>()
  const counted: Report = (finding) => {
    if (finding.code === 'syntax') {
      // What the lexer refused the parser cannot use either; one place gets one complaint.
      if (places.has(finding.span?.start)) return
      places.add(finding.span?.start)
    }
    errors++
    if (errors <= maximumErrors) report(finding)
  }
  const tokens = lexProto(source, counted)
  const c: Cursor = { source, text: source.text, tokens, report: counted, at: 0, depth: 0 }
  const head: Head = {
    syntax: 'proto2',
    syntaxStatement: undefined,
    package: undefined,
    imports: [],
    options: [],
    declarations: [],
  }
  if (isWord(c, 'syntax') || isWord(c, 'edition')) parseSyntax(c, head)
  while (kindAt(c) !== END && errors < maximumErrors) {
    if (accept(c, BRACE_CLOSE)) {
      complain(c, "this '}' closes nothing", spanOf(c, c.at - 1, c.at - 1), 'remove it')
      continue
    }
    const before = c.at
    if (!parseTopStatement(c, head)) recover(c, before)
  }
  return { source, tokens, ...head }
}

/** After a failed statement that began at `first`: skips the rest of it, unless it has been taken to its end already. */
function recover(c: Cursor, first: number): void {
  let open = 0
  for (let i = first; i < c.at; i++) {
    const kind = c.tokens.kinds[i]
    if (kind === BRACE_OPEN) open++
    else if (kind === BRACE_CLOSE) open--
  }
  if (open > 0) {
    for (; open > 0; open--) skipBlock(c)
    accept(c, SEMICOLON)
  } else if (c.at === first || c.tokens.kinds[c.at - 1] !== SEMICOLON) {
    skipStatement(c)
  }
}

function parseSyntax(c: Cursor, head: Head): void {
  const first = c.at
  const keyword = tokenText(c)
  advance(c)
  const value = expect(c, EQUALS, `after '${keyword}'`) ? takeString(c, `a string after '${keyword} ='`) : undefined
  if (value === undefined) {
    skipStatement(c)
    return
  }
  const text = value.value.text
  const known: readonly string[] = keyword === 'syntax' ? ['proto2', 'proto3'] : editions
  if (known.includes(text)) {
    head.syntax = text as ProtoSyntax
  } else {
    // Whatever it is, reading it as the newest language gives the fewest errors that follow from this one.
    head.syntax = keyword === 'syntax' ? 'proto3' : '2026'
    c.report({
      code: 'unknown-syntax',
      message: `${keyword} '${text}' is not known`,
      span: value.span,
      hint: `known are ${known.map((name) => `"${name}"`).join(' and ')}`,
    })
  }
  if (!expectSemicolon(c, `after the ${keyword}`)) skipStatement(c)
  head.syntaxStatement = { first, tail: c.at - 1 }
}

const topKeywords = ['import', 'package', 'option', 'message', 'enum', 'service', 'extend'] as const

function parseTopStatement(c: Cursor, head: Head): boolean {
  if (accept(c, SEMICOLON)) return true
  if (kindAt(c) !== IDENTIFIER) {
    expected(c, 'a declaration', `a file holds ${topKeywords.join(', ')}`)
    return false
  }
  const word = tokenText(c)
  switch (word) {
    case 'import':
      return push(head.imports, parseImport(c))
    case 'package':
      return parsePackage(c, head)
    case 'option':
      return push(head.options, parseOptionStatement(c))
    case 'service':
      return push(head.declarations, parseService(c))
    case 'message':
    case 'enum':
    case 'extend':
    case 'export':
    case 'local':
      return push(head.declarations, parseTypeDeclaration(c, head.syntax))
    case 'syntax':
    case 'edition':
      complain(c, `'${word}' must be the first statement of a file, once`, spanOf(c, c.at, c.at), `move it to the top`)
      return false
  }
  expected(c, 'a declaration', didYouMean(word, topKeywords) ?? `a file holds ${topKeywords.join(', ')}`)
  return false
}

function push<T>(list: T[], item: T | undefined): boolean {
  if (item === undefined) return false
  list.push(item)
  return true
}

function parseImport(c: Cursor): ProtoImport | undefined {
  const first = c.at
  advance(c)
  let kind: ProtoImport['kind'] = 'plain'
  for (const word of ['public', 'weak', 'option'] as const) {
    if (isWord(c, word)) {
      kind = word
      advance(c)
      break
    }
  }
  const path = takeString(c, 'the path of a file in quotes')
  if (path === undefined || !expectSemicolon(c, 'after the import')) return undefined
  return { kind, path: path.value.text, span: path.span, first, tail: c.at - 1 }
}

function parsePackage(c: Cursor, head: Head): boolean {
  const first = c.at
  advance(c)
  const name = takeDottedName(c, "the package's name", false)
  if (name === undefined || !expectSemicolon(c, 'after the package')) return false
  if (head.package === undefined) {
    head.package = { name, first, tail: c.at - 1 }
  } else {
    c.report({
      code: 'syntax',
      message: 'a file has one package',
      span: name.span,
      related: [{ message: 'the first is here', span: head.package.name.span }],
      hint: 'remove one of them',
    })
  }
  return true
}

/** `message`, `enum` or `extend`, with the visibility before it. */
function parseTypeDeclaration(c: Cursor, syntax: ProtoSyntax): ProtoMessage | ProtoEnum | ProtoExtend | undefined {
  const first = c.at
  let visibility: ProtoVisibility
  const word = tokenText(c)
  if (word === 'export' || word === 'local') {
    visibility = word
    advance(c)
    if (!isSince(syntax, '2024')) {
      c.report({
        code: 'visibility',
        message: `'${word}' needs edition 2024`,
        span: spanOf(c, first, first),
        hint: 'remove it, or start the file with: edition = "2024";',
      })
    }
    if (!isWord(c, 'message') && !isWord(c, 'enum')) {
      expected(c, `'message' or 'enum' after '${word}'`)
      return undefined
    }
  }
  if (isWord(c, 'message')) return parseMessage(c, first, visibility, syntax)
  if (isWord(c, 'enum')) return parseEnum(c, first, visibility)
  return parseExtend(c, syntax)
}

function parseMessage(
  c: Cursor,
  first: number,
  visibility: ProtoVisibility,
  syntax: ProtoSyntax,
): ProtoMessage | undefined {
  advance(c)
  const name = takeName(c, "the message's name")
  if (name === undefined) return undefined
  return parseMessageBody(c, first, name, visibility, syntax)
}

function parseMessageBody(
  c: Cursor,
  first: number,
  name: ProtoName,
  visibility: ProtoVisibility,
  syntax: ProtoSyntax,
): ProtoMessage | undefined {
  if (!expect(c, BRACE_OPEN, `after the name '${name.text}'`)) return undefined
  const tail = c.at - 1
  const members: ProtoMember[] = []
  if (c.depth >= maximumNesting) {
    complain(c, `messages nest deeper than ${maximumNesting} levels`, name.span)
    skipBlock(c)
  } else {
    c.depth++
    parseBody(c, `message '${name.text}'`, tail, () => parseMember(c, members, syntax))
    c.depth--
  }
  return { kind: 'message', name, visibility, members, first, tail }
}

/** Statements up to the `}` that closes the body whose `{` stands at `open`. False when one of them failed. Oneofs and extensions know no empty ones. */
function parseBody(
  c: Cursor,
  what: string,
  open: number,
  parseStatement: () => boolean,
  emptyStatements = true,
): boolean {
  let whole = true
  while (!accept(c, BRACE_CLOSE)) {
    if (kindAt(c) === END) {
      c.report({
        code: 'syntax',
        message: `${what} is never closed`,
        span: spanOf(c, c.at, c.at),
        related: [{ message: "its '{' is here", span: spanOf(c, open, open) }],
        hint: "add '}'",
      })
      return false
    }
    if (emptyStatements && accept(c, SEMICOLON)) continue
    const before = c.at
    if (parseStatement()) continue
    whole = false
    recover(c, before)
  }
  return whole
}

function parseMember(c: Cursor, members: ProtoMember[], syntax: ProtoSyntax): boolean {
  if (kindAt(c) === IDENTIFIER) {
    switch (tokenText(c)) {
      case 'message':
      case 'enum':
      case 'extend':
        return push(members, parseTypeDeclaration(c, syntax))
      case 'export':
      case 'local':
        if (!isWord(c, 'message', 1) && !isWord(c, 'enum', 1)) break
        return push(members, parseTypeDeclaration(c, syntax))
      case 'option':
        return push(members, parseOptionStatement(c))
      case 'oneof':
        return push(members, parseOneof(c, syntax))
      case 'reserved':
        return push(members, parseReserved(c))
      case 'extensions':
        return push(members, parseExtensions(c))
    }
  }
  return push(members, parseField(c, syntax))
}

function isLabel(c: Cursor): boolean {
  return isWord(c, 'optional') || isWord(c, 'required') || isWord(c, 'repeated')
}

function parseField(c: Cursor, syntax: ProtoSyntax): ProtoField | undefined {
  const first = c.at
  if (kindAt(c) !== IDENTIFIER && kindAt(c) !== DOT) {
    expected(c, 'a field or another member of the message')
    return undefined
  }
  const label = isLabel(c) ? (tokenText(c) as ProtoField['label']) : undefined
  if (label !== undefined) advance(c)
  // As in protoc, no type is named by the word: one that is called so is written with a leading dot.
  if (isWord(c, 'group')) return parseGroup(c, first, label, syntax)
  const typeFirst = c.at
  let mapKey: ProtoName | undefined
  let type: ProtoName | undefined
  if (isWord(c, 'map') && kindAt(c, 1) === LESS) {
    advance(c)
    advance(c)
    mapKey = takeDottedName(c, 'the type of the keys', true)
    if (mapKey === undefined || !expect(c, COMMA, 'after the type of the keys')) return undefined
    type = takeDottedName(c, 'the type of the values', true)
    if (type === undefined || !expect(c, GREATER, 'after the type of the values')) return undefined
  } else {
    type = takeDottedName(c, 'the type of a field', true)
    if (type === undefined) return undefined
  }
  const typeSpan = spanOf(c, typeFirst, c.at - 1)
  const name = takeName(c, "the field's name")
  if (name === undefined) return undefined
  const number = parseFieldNumber(c, name)
  if (number === undefined) return undefined
  const options = parseBracketedOptions(c)
  if (options === undefined || !expectSemicolon(c, `after the field '${name.text}'`)) return undefined
  return {
    kind: 'field',
    label,
    labelSpan: spanOf(c, first, first),
    type,
    mapKey,
    typeSpan,
    name,
    number: number.number,
    numberSpan: number.numberSpan,
    options,
    group: undefined,
    first,
    tail: c.at - 1,
  }
}

function parseFieldNumber(c: Cursor, name: ProtoName): { number: number; numberSpan: ProtoName['span'] } | undefined {
  if (!accept(c, EQUALS)) {
    expected(c, `'=' and a number after the name '${name.text}'`, 'every field has a number, as in: string name = 1;')
    return undefined
  }
  const first = c.at
  const negative = accept(c, MINUS)
  if (kindAt(c) !== INTEGER) {
    expected(c, 'a field number')
    return undefined
  }
  const number = integerNumber(tokenText(c))
  advance(c)
  return { number: negative ? 0 - number : number, numberSpan: spanOf(c, first, c.at - 1) }
}

function parseGroup(c: Cursor, first: number, label: ProtoField['label'], syntax: ProtoSyntax): ProtoField | undefined {
  const typeFirst = c.at
  advance(c)
  const type = takeName(c, "the group's name")
  if (type === undefined) return undefined
  const number = parseFieldNumber(c, type)
  if (number === undefined) return undefined
  const options = parseBracketedOptions(c)
  if (options === undefined) return undefined
  const group = parseMessageBody(c, first, type, undefined, syntax)
  if (group === undefined) return undefined
  return {
    kind: 'field',
    label,
    labelSpan: spanOf(c, first, first),
    type,
    mapKey: undefined,
    typeSpan: spanOf(c, typeFirst, typeFirst + 1),
    name: { text: type.text.toLowerCase(), span: type.span },
    ...number,
    options,
    group,
    first,
    tail: group.tail,
  }
}

function parseOneof(c: Cursor, syntax: ProtoSyntax): ProtoOneof | undefined {
  const first = c.at
  advance(c)
  const name = takeName(c, "the oneof's name")
  if (name === undefined || !expect(c, BRACE_OPEN, `after the name '${name.text}'`)) return undefined
  const tail = c.at - 1
  const options: ProtoOption[] = []
  const fields: ProtoField[] = []
  const whole = parseBody(
    c,
    `oneof '${name.text}'`,
    tail,
    () => {
      if (isWord(c, 'option')) return push(options, parseOptionStatement(c))
      return push(fields, parseField(c, syntax))
    },
    false,
  )
  return { kind: 'oneof', name, options, fields, whole, first, tail }
}

function parseExtend(c: Cursor, syntax: ProtoSyntax): ProtoExtend | undefined {
  const first = c.at
  advance(c)
  const extendee = takeDottedName(c, 'the message to extend', true)
  if (extendee === undefined || !expect(c, BRACE_OPEN, `after the name '${extendee.text}'`)) return undefined
  const tail = c.at - 1
  const fields: ProtoField[] = []
  const whole = parseBody(
    c,
    `the extension of '${extendee.text}'`,
    tail,
    () => push(fields, parseField(c, syntax)),
    false,
  )
  return { kind: 'extend', extendee, fields, whole, first, tail }
}

function parseRange(c: Cursor): ProtoRange | undefined {
  const first = c.at
  const start = takeRangeNumber(c)
  if (start === undefined) return undefined
  let end = start
  if (isWord(c, 'to')) {
    advance(c)
    if (isWord(c, 'max')) {
      advance(c)
      end = Number.POSITIVE_INFINITY
    } else {
      const number = takeRangeNumber(c)
      if (number === undefined) return undefined
      end = number
    }
  }
  return { start, end, span: spanOf(c, first, c.at - 1) }
}

function takeRangeNumber(c: Cursor): number | undefined {
  const negative = accept(c, MINUS)
  if (kindAt(c) !== INTEGER) {
    expected(c, 'a number')
    return undefined
  }
  const number = integerNumber(tokenText(c))
  advance(c)
  return negative ? 0 - number : number
}

function parseReserved(c: Cursor): ProtoReserved | undefined {
  const first = c.at
  advance(c)
  const ranges: ProtoRange[] = []
  const names: ProtoName[] = []
  do {
    if (ranges.length + names.length > 0 && (kindAt(c) === STRING || kindAt(c) === IDENTIFIER) !== names.length > 0) {
      expected(c, names.length > 0 ? 'a name' : 'a number', 'names and numbers are reserved in statements of their own')
      return undefined
    }
    if (kindAt(c) === STRING) {
      const name = takeString(c, 'a name')!
      names.push({ text: name.value.text, span: name.span })
    } else if (kindAt(c) === IDENTIFIER) {
      names.push(takeName(c, 'a name')!)
    } else if (!push(ranges, parseRange(c))) {
      return undefined
    }
  } while (accept(c, COMMA))
  if (!expectSemicolon(c, 'after what is reserved')) return undefined
  return { kind: 'reserved', ranges, names, first, tail: c.at - 1 }
}

function parseExtensions(c: Cursor): ProtoExtensions | undefined {
  const first = c.at
  advance(c)
  const ranges: ProtoRange[] = []
  do {
    if (!push(ranges, parseRange(c))) return undefined
  } while (accept(c, COMMA))
  const options = parseBracketedOptions(c)
  if (options === undefined || !expectSemicolon(c, 'after the extension range')) return undefined
  return { kind: 'extensions', ranges, options, first, tail: c.at - 1 }
}

function parseEnum(c: Cursor, first: number, visibility: ProtoVisibility): ProtoEnum | undefined {
  advance(c)
  const name = takeName(c, "the enum's name")
  if (name === undefined || !expect(c, BRACE_OPEN, `after the name '${name.text}'`)) return undefined
  const tail = c.at - 1
  const options: ProtoOption[] = []
  const values: ProtoEnumValue[] = []
  const reserved: ProtoReserved[] = []
  const whole = parseBody(c, `enum '${name.text}'`, tail, () => {
    if (isWord(c, 'option')) return push(options, parseOptionStatement(c))
    if (isWord(c, 'reserved')) return push(reserved, parseReserved(c))
    return push(values, parseEnumValue(c))
  })
  return { kind: 'enum', name, visibility, options, values, reserved, whole, first, tail }
}

function parseEnumValue(c: Cursor): ProtoEnumValue | undefined {
  const first = c.at
  const name = takeName(c, 'the name of a value')
  if (name === undefined || !expect(c, EQUALS, `and a number after the name '${name.text}'`)) return undefined
  const numberFirst = c.at
  const negative = accept(c, MINUS)
  if (kindAt(c) !== INTEGER) {
    expected(c, 'the number of the value')
    return undefined
  }
  const number = integerNumber(tokenText(c))
  advance(c)
  const numberSpan = spanOf(c, numberFirst, c.at - 1)
  const options = parseBracketedOptions(c)
  if (options === undefined || !expectSemicolon(c, `after the value '${name.text}'`)) return undefined
  return { name, number: negative ? 0 - number : number, numberSpan, options, first, tail: c.at - 1 }
}

function parseService(c: Cursor): ProtoService | undefined {
  const first = c.at
  advance(c)
  const name = takeName(c, "the service's name")
  if (name === undefined || !expect(c, BRACE_OPEN, `after the name '${name.text}'`)) return undefined
  const tail = c.at - 1
  const options: ProtoOption[] = []
  const methods: ProtoMethod[] = []
  parseBody(c, `service '${name.text}'`, tail, () => {
    if (isWord(c, 'option')) return push(options, parseOptionStatement(c))
    if (isWord(c, 'rpc')) return push(methods, parseMethod(c))
    expected(c, "'rpc' or 'option'", 'a service holds methods: rpc Name (Request) returns (Response);')
    return false
  })
  return { kind: 'service', name, options, methods, first, tail }
}

function parseMethod(c: Cursor): ProtoMethod | undefined {
  const first = c.at
  advance(c)
  const name = takeName(c, "the method's name")
  if (name === undefined) return undefined
  const input = parseMethodType(c, 'the request')
  if (input === undefined) return undefined
  if (!isWord(c, 'returns')) {
    expected(c, "'returns' and the type of the response")
    return undefined
  }
  advance(c)
  const output = parseMethodType(c, 'the response')
  if (output === undefined) return undefined
  const options: ProtoOption[] = []
  let tail = c.at
  if (accept(c, BRACE_OPEN)) {
    parseBody(c, `method '${name.text}'`, tail, () => {
      if (isWord(c, 'option')) return push(options, parseOptionStatement(c))
      expected(c, "'option'")
      return false
    })
  } else {
    if (!expectSemicolon(c, `after the method '${name.text}'`)) return undefined
    tail = c.at - 1
  }
  return {
    name,
    input: input.type,
    inputStream: input.stream,
    output: output.type,
    outputStream: output.stream,
    options,
    first,
    tail,
  }
}

function parseMethodType(c: Cursor, what: string): { type: ProtoName; stream: boolean } | undefined {
  if (!expect(c, PAREN_OPEN, `and the type of ${what}`)) return undefined
  const stream = isWord(c, 'stream')
  if (stream) advance(c)
  const type = takeDottedName(c, `the type of ${what}`, true)
  if (type === undefined || !expect(c, PAREN_CLOSE, `after the type of ${what}`)) return undefined
  return { type, stream }
}
