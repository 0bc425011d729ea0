/** The kinds of Thrift tokens, and how people are told of them. */

/** Token kinds; the end of the file is 0. Keywords are identifiers: the parser knows them by place, so any of them may be a field's name. */
export const T = {
  end: 0,
  identifier: 1,
  int: 2,
  double: 3,
  string: 4,
  leftBrace: 5,
  rightBrace: 6,
  leftParen: 7,
  rightParen: 8,
  leftBracket: 9,
  rightBracket: 10,
  less: 11,
  greater: 12,
  comma: 13,
  semicolon: 14,
  colon: 15,
  equals: 16,
  ampersand: 17,
  star: 18,
  minus: 19,
  /** A character that no token starts with; it has been reported. */
  junk: 20,
} as const

/** Each kind as it stands in a sentence: `expected '{'`. */
export const kindName: readonly string[] = [
  'the end of the file',
  'a name',
  'an integer',
  'a number',
  'a string',
  "'{'",
  "'}'",
  "'('",
  "')'",
  "'['",
  "']'",
  "'<'",
  "'>'",
  "','",
  "';'",
  "':'",
  "'='",
  "'&'",
  "'*'",
  "'-'",
  'an unknown character',
]

/** The words that begin a declaration. */
export const declarationWords: ReadonlySet<string> = new Set([
  'const',
  'typedef',
  'enum',
  'senum',
  'struct',
  'union',
  'exception',
  'service',
  'include',
  'cpp_include',
  'namespace',
])

/** The types that every file knows. */
export const baseTypes: ReadonlySet<string> = new Set([
  'bool',
  'byte',
  'i8',
  'i16',
  'i32',
  'i64',
  'double',
  'string',
  'binary',
  'slist',
  'uuid',
])
