/** Lines and columns of offsets in a source file. */

import type { SourceFile } from '../diagnostic.ts'

/** A place for people: both numbers start at 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

const lineStartsOf = new WeakMap<SourceFile, readonly number[]>()

/** The offset at which each line starts. `\n`, `\r\n` and a lone `\r` end a line. Computed once per file. */
function lineStarts(source: SourceFile): readonly number[] {
  const known = lineStartsOf.get(source)
  if (known !== undefined) return known
  const { text } = source
  const starts = [0]
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1)
  }
  lineStartsOf.set(source, starts)
  return starts
}

/** The line and column of an offset; offsets beyond the text are clamped to its end. */
export function positionAt(source: SourceFile, offset: number): Position {
  const starts = lineStarts(source)
  const at = Math.max(0, Math.min(offset, source.text.length))
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= at) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: at - starts[low]! + 1 }
}

/** The text of a line (from 1) without its line break; empty when there is no such line. */
export function lineText(source: SourceFile, line: number): string {
  const starts = lineStarts(source)
  const start = starts[line - 1]
  if (start === undefined) return ''
  const end = starts[line] ?? source.text.length
  return source.text.slice(start, end).replace(/[\r\n]+$/, '')
}
