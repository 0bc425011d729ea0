/** Which comments belong to which statement, by protoc's rules. */

import { docText } from '../../text/doc-comment.ts'
import type { Comment, TokenList } from '../../text/scanner.ts'
import type { ProtoDocument, ProtoNode } from './ast.ts'
import { BRACE_CLOSE, BRACKET_CLOSE, PAREN_CLOSE } from './cursor.ts'
import { END } from './lexer.ts'

/** The comments of a statement. */
export interface NodeComments {
  /** Before it, without a blank line between. */
  readonly leading: readonly Comment[]
  /** After its `;` or `{`. */
  readonly trailing: readonly Comment[]
  /** Before it, each group parted by blank lines. */
  readonly detached: readonly (readonly Comment[])[]
}

interface Split {
  readonly trailing: readonly Comment[]
  readonly detached: readonly (readonly Comment[])[]
  readonly leading: readonly Comment[]
}

const nothing: Split = { trailing: [], detached: [], leading: [] }

/** Finds the comments of a statement, as protoc puts them into a descriptor's source info. */
export function commentsOf(document: ProtoDocument, node: ProtoNode): NodeComments {
  const { tokens, source } = document
  const before = splitBefore(source.text, tokens, node.first)
  const after = splitBefore(source.text, tokens, node.tail + 1)
  return { leading: before.leading, detached: before.detached, trailing: after.trailing }
}

/** The documentation of a statement: its leading comment, then its trailing one. */
export function docOf(document: ProtoDocument, node: ProtoNode): string | undefined {
  const { tokens, source } = document
  const leading = docText(source.text, splitBefore(source.text, tokens, node.first).leading)
  const trailing = docText(source.text, splitBefore(source.text, tokens, node.tail + 1).trailing)
  if (leading === undefined) return trailing
  return trailing === undefined ? leading : `${leading}\n\n${trailing}`
}

/** Shares out the comments between token `index - 1` and token `index`. */
function splitBefore(text: string, tokens: TokenList, index: number): Split {
  if (index >= tokens.length) return nothing
  const from = index === 0 ? 0 : tokens.commentsBefore[index - 1]!
  const to = tokens.commentsBefore[index]!
  if (from === to) return nothing
  const groups: Comment[][] = []
  let group: Comment[] = []
  let trailing: readonly Comment[] = []
  let attachable = index > 0
  const flush = (): void => {
    if (group.length === 0) return
    if (attachable) trailing = group
    else groups.push(group)
    attachable = false
    group = []
  }
  let end = index === 0 ? 0 : tokens.ends[index - 1]!
  let i = from
  if (index > 0) {
    const first = tokens.comments[i]!
    if (lineBreaks(text, end, first.start) === 0) {
      const next = i + 1 < to ? tokens.comments[i + 1]!.start : tokens.starts[index]!
      group.push(first)
      end = first.end
      i++
      // With another token on the same line nobody can tell whose comment it is.
      if (!isLine(text, first) && lineBreaks(text, end, next) === 0) {
        if (i === to) return nothing
        group = []
      }
      flush()
    }
  } else {
    attachable = false
  }
  for (; i < to; i++) {
    const comment = tokens.comments[i]!
    const breaks = lineBreaks(text, end, comment.start)
    if (breaks > 1) {
      flush()
      attachable = false
    }
    const previous = group.at(-1)
    if (previous !== undefined && !(isLine(text, previous) && isLine(text, comment))) flush()
    group.push(comment)
    end = comment.end
  }
  if (lineBreaks(text, end, tokens.starts[index]!) > 1) {
    flush()
    attachable = false
  }
  const kind = tokens.kinds[index]!
  if (kind === END || kind === BRACE_CLOSE || kind === BRACKET_CLOSE || kind === PAREN_CLOSE) flush()
  return { trailing, detached: groups, leading: group }
}

function isLine(text: string, comment: Comment): boolean {
  return text.charCodeAt(comment.start + 1) === 47
}

function lineBreaks(text: string, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end && count < 2; i++) if (text.charCodeAt(i) === 10) count++
  return count
}
