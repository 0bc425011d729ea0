/** Comments as documentation: which node they belong to, and their text without markers. */

import type { Comment } from './scanner.ts'

/** The comments between two tokens, shared out. */
export interface SplitComments {
  /** Belongs to what ends before. */
  readonly trailing: readonly Comment[]
  /** Belongs to neither: each group of adjacent lines by itself. */
  readonly detached: readonly (readonly Comment[])[]
  /** Belongs to what starts after. */
  readonly leading: readonly Comment[]
}

const none: SplitComments = { trailing: [], detached: [], leading: [] }

/**
 * Shares out `comments[from..to)`, which stand between a token ending at `previousEnd` (undefined at the start of the file) and one starting at
 * `nextStart` (undefined at the end of the file). Trailing is what starts on the line of the previous token, with the line comments directly below
 * it that continue it in the same column; leading is the last group, if no blank line parts it from the next token. A comment with tokens on the
 * same line on both sides belongs to the next one.
 */
export function splitComments(
  text: string,
  comments: readonly Comment[],
  from: number,
  to: number,
  previousEnd: number | undefined,
  nextStart: number | undefined,
): SplitComments {
  if (from >= to) return none
  const groups: Comment[][] = []
  const trailing: Comment[] = []
  let i = from
  if (previousEnd !== undefined) {
    let end = previousEnd
    while (i < to && breaksBetween(text, end, comments[i]!.start) === 0) {
      trailing.push(comments[i]!)
      end = comments[i]!.end
      i++
    }
    const nextOnSameLine = i === to && nextStart !== undefined && breaksBetween(text, end, nextStart) === 0
    if (nextOnSameLine) return { trailing: [], detached: [], leading: trailing }
    const last = trailing.at(-1)
    if (last !== undefined && isLine(text, last)) {
      const column = columnOf(text, last.start)
      const below = nextStart === undefined || columnOf(text, nextStart) !== column
      while (below && i < to && isLine(text, comments[i]!) && columnOf(text, comments[i]!.start) === column) {
        if (breaksBetween(text, end, comments[i]!.start) !== 1) break
        end = comments[i]!.end
        trailing.push(comments[i]!)
        i++
      }
    }
  }
  for (; i < to; i++) {
    const comment = comments[i]!
    const group = groups.at(-1)
    const before = group?.at(-1)
    const joins =
      before !== undefined &&
      breaksBetween(text, before.end, comment.start) <= 1 &&
      isLine(text, before) &&
      isLine(text, comment)
    if (joins) group!.push(comment)
    else groups.push([comment])
  }
  const lastGroup = groups.at(-1)
  if (
    lastGroup !== undefined &&
    nextStart !== undefined &&
    breaksBetween(text, lastGroup.at(-1)!.end, nextStart) <= 1
  ) {
    groups.pop()
    return { trailing, detached: groups, leading: lastGroup }
  }
  return { trailing, detached: groups, leading: [] }
}

/** The text of comments with markers, decoration stars and common indentation removed; undefined when nothing remains. */
export function docText(text: string, comments: readonly Comment[]): string | undefined {
  if (comments.length === 0) return undefined
  if (comments.length === 1 && isOneLine(text, comments[0]!)) return oneLineText(text, comments[0]!)
  const lines: string[] = []
  for (const comment of comments) lines.push(...linesOf(text, comment))
  while (lines.length > 0 && lines[0]!.trim() === '') lines.shift()
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop()
  if (lines.length === 0) return undefined
  let indent = Number.POSITIVE_INFINITY
  for (const line of lines) if (line.trim() !== '') indent = Math.min(indent, line.search(/\S/))
  return lines.map((line) => line.slice(indent).trimEnd()).join('\n')
}

function isOneLine(text: string, comment: Comment): boolean {
  if (isLine(text, comment)) return true
  for (let i = comment.start; i < comment.end; i++) {
    const c = text.charCodeAt(i)
    if (c === 10 || c === 13) return false
  }
  return true
}

/** The same as for several lines, without making any: most comments are like this. */
function oneLineText(text: string, comment: Comment): string | undefined {
  let { start, end } = comment
  if (isLine(text, comment)) {
    const mark = text.charCodeAt(start)
    while (start < end && text.charCodeAt(start) === mark) start++
    const next = text.charCodeAt(start)
    if (mark === 47 && start < end && (next === 33 || next === 60)) start++
  } else {
    start += 2
    if (comment.closed) end -= 2
    while (start < end && text.charCodeAt(start) === 42) start++
    while (end > start && text.charCodeAt(end - 1) === 42) end--
  }
  return text.slice(start, end).trim() || undefined
}

function linesOf(text: string, comment: Comment): string[] {
  if (isLine(text, comment)) {
    const body = text.slice(comment.start, comment.end)
    return [expandTabs(body.startsWith('#') ? body.replace(/^#+/, '') : body.replace(/^\/\/+[!<]?/, ''))]
  }
  const end = comment.closed ? comment.end - 2 : comment.end
  const body = trimStars(text.slice(comment.start + 2, end))
  const [first = '', ...rest] = body.split(/\r\n|\r|\n/)
  const content = rest.filter((line) => line.trim() !== '')
  const starred = content.length > 0 && content.every((line) => /^\s*\*/.test(line))
  const lines = rest.map((line) => (starred ? line.replace(/^\s*\*+/, '') : expandTabs(line)))
  const head = first.trim()
  if (head === '') return lines
  // The first line follows the marker, so its indentation says nothing: it takes that of the others.
  let indent = Number.POSITIVE_INFINITY
  for (const line of lines) if (line.trim() !== '') indent = Math.min(indent, line.search(/\S/))
  return [' '.repeat(Number.isFinite(indent) ? indent : 0) + head, ...lines]
}

function trimStars(body: string): string {
  let start = 0
  let end = body.length
  while (body[start] === '*') start++
  while (end > start && body[end - 1] === '*') end--
  return body.slice(start, end)
}

function expandTabs(line: string): string {
  return line.includes('\t') ? line.replace(/^\s+/, (space) => space.replaceAll('\t', '    ')) : line
}

function isLine(text: string, comment: Comment): boolean {
  return text.charCodeAt(comment.start + 1) !== 42 || text.charCodeAt(comment.start) === 35
}

function columnOf(text: string, offset: number): number {
  let at = offset - 1
  while (at >= 0 && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 13) at--
  return offset - at
}

/** Line breaks between two offsets, counted up to 2. */
function breaksBetween(text: string, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end && count < 2; i++) {
    const c = text.charCodeAt(i)
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) count++
  }
  return count
}
