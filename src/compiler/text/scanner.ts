/** What both lexers stand on: character classes, white space and comments, and a compact list of tokens. */

/** A comment with its markers; `closed` is false for a block comment that runs into the end of the file. */
export interface Comment {
  readonly start: number
  readonly end: number
  readonly closed: boolean
}

/** Bits of {@link charClass}. */
export const IDENTIFIER_START = 1
export const IDENTIFIER_PART = 2
export const DIGIT = 4
export const HEX_DIGIT = 8

const charClasses = new Uint8Array(128)
for (let c = 0; c < 128; c++) {
  const s = String.fromCharCode(c)
  let bits = 0
  if (/[A-Za-z_]/.test(s)) bits |= IDENTIFIER_START | IDENTIFIER_PART
  if (/[0-9]/.test(s)) bits |= DIGIT | IDENTIFIER_PART
  if (/[0-9A-Fa-f]/.test(s)) bits |= HEX_DIGIT
  charClasses[c] = bits
}

/** The class bits of a UTF-16 unit; 0 beyond ASCII and for NaN (the end of the text). */
export function charClass(unit: number): number {
  return unit < 128 ? charClasses[unit]! : 0
}

/** The offset at which the text starts: 1 after a byte order mark. */
export function startOffset(text: string): number {
  return text.charCodeAt(0) === 0xfeff ? 1 : 0
}

/**
 * The offset of the next token at or after `offset`. Comments on the way are appended to `comments`: `//`, block comments, and with `hash` also
 * `#`. Block comments do not nest.
 */
export function skipTrivia(text: string, offset: number, hash: boolean, comments: Comment[]): number {
  let at = offset
  for (;;) {
    const c = text.charCodeAt(at)
    if (c === 32 || c === 10 || (c >= 9 && c <= 13)) {
      at++
    } else if (c === 47) {
      const next = text.charCodeAt(at + 1)
      if (next === 47) {
        at = lineComment(text, at, comments)
      } else if (next === 42) {
        const close = text.indexOf('*/', at + 2)
        const end = close < 0 ? text.length : close + 2
        comments.push({ start: at, end, closed: close >= 0 })
        at = end
      } else {
        return at
      }
    } else if (hash && c === 35) {
      at = lineComment(text, at, comments)
    } else {
      return at
    }
  }
}

/** A line feed ends a line, with or without a carriage return before it. One alone does not: protoc and Apache read on, too. */
function lineComment(text: string, start: number, comments: Comment[]): number {
  const feed = text.indexOf('\n', start)
  let end = feed < 0 ? text.length : feed
  if (text.charCodeAt(end - 1) === 13 && end - 1 > start) end--
  comments.push({ start, end, closed: true })
  return end
}

/** Tokens as parallel arrays: no object per token. The last token is the end of the file. */
export interface TokenList {
  readonly kinds: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** How many of `comments` stand before the token. */
  readonly commentsBefore: Int32Array
  readonly comments: readonly Comment[]
  readonly length: number
}

/** A {@link TokenList} that grows. */
export interface TokenListBuilder {
  kinds: Uint8Array
  starts: Int32Array
  ends: Int32Array
  commentsBefore: Int32Array
  readonly comments: Comment[]
  length: number
}

/** An empty list with room for the tokens that a text of this length usually has. */
export function createTokenList(textLength: number): TokenListBuilder {
  const room = (textLength >> 2) + 16
  return {
    kinds: new Uint8Array(room),
    starts: new Int32Array(room),
    ends: new Int32Array(room),
    commentsBefore: new Int32Array(room),
    comments: [],
    length: 0,
  }
}

/** Appends a token; the comments collected so far stand before it. */
export function pushToken(list: TokenListBuilder, kind: number, start: number, end: number): void {
  const i = list.length
  if (i === list.kinds.length) grow(list)
  list.kinds[i] = kind
  list.starts[i] = start
  list.ends[i] = end
  list.commentsBefore[i] = list.comments.length
  list.length = i + 1
}

function grow(list: TokenListBuilder): void {
  const room = list.kinds.length * 2
  const kinds = new Uint8Array(room)
  kinds.set(list.kinds)
  list.kinds = kinds
  for (const name of ['starts', 'ends', 'commentsBefore'] as const) {
    const bigger = new Int32Array(room)
    bigger.set(list[name])
    list[name] = bigger
  }
}
