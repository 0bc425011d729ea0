/** Diagnostics as a terminal shows them (place, source line, caret, hint) and as JSON. */

import type { Diagnostic, Severity, Span } from '../diagnostic.ts'
import { lineText, positionAt } from './position.ts'

/** How to render. */
export interface RenderOptions {
  /** ANSI colours. Default false. */
  readonly color?: boolean | undefined
  /** Columns of source shown at most; longer lines are clipped around the caret. Default 120. */
  readonly width?: number | undefined
  /** Whether lines of a file, by its path, may be shown. Default: of every file. */
  readonly showsSource?: ((path: string) => boolean) | undefined
}

/** A place in a file as JSON: lines and columns from 1, columns in UTF-16 units, the end exclusive. */
export interface JsonPlace {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** What can be shown as a diagnostic: its code may be one of another table than the compiler's. */
export interface RenderableDiagnostic extends Omit<Diagnostic, 'code'> {
  readonly code: string
}

/** A diagnostic as JSON. `file` and the place are absent when no file is to blame. */
export interface JsonDiagnostic extends Partial<JsonPlace> {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly related: readonly (JsonPlace & { readonly message: string })[]
  readonly hint?: string
}

/**
 * The diagnostic as text that ends in a line break: `path:line:col: error[code]: message`, the source line with a caret, related places, `hint:`.
 * Control characters from the source never reach the terminal.
 */
export function renderDiagnostic(diagnostic: RenderableDiagnostic, options: RenderOptions = {}): string {
  const paint = options.color === true ? colored : plain
  const width = Math.max(20, options.width ?? 120)
  const { code, severity, message, span, related, hint } = diagnostic
  const tint = severity === 'error' ? 'red' : 'yellow'
  const spans = span === undefined ? related.map((place) => place.span) : [span, ...related.map((place) => place.span)]
  const gutter = Math.max(0, ...spans.map((s) => String(positionAt(s.source, s.start).line).length))
  let out = `${placeOf(span, paint)}${paint(tint, `${severity}[${code}]`)}${paint('bold', `: ${printable(message)}`)}\n`
  const isShown = (one: Span): boolean => options.showsSource?.(one.source.path) ?? true
  if (span !== undefined && isShown(span)) out += excerpt(span, gutter, width, paint, tint)
  for (const place of related) {
    out += `${placeOf(place.span, paint)}${paint('blue', 'note')}: ${printable(place.message)}\n`
    if (isShown(place.span)) out += excerpt(place.span, gutter, width, paint, 'blue')
  }
  if (hint !== undefined) out += `${paint('green', 'hint')}: ${printable(hint)}\n`
  return out
}

/** The diagnostic as data that `JSON.stringify` takes. */
export function diagnosticToJson(diagnostic: RenderableDiagnostic): JsonDiagnostic {
  const { code, severity, message, span, related, hint } = diagnostic
  return {
    ...(span === undefined ? {} : jsonPlace(span)),
    code,
    severity,
    message,
    related: related.map((place) => ({ ...jsonPlace(place.span), message: place.message })),
    ...(hint === undefined ? {} : { hint }),
  }
}

function jsonPlace(span: Span): JsonPlace {
  const start = positionAt(span.source, span.start)
  const end = positionAt(span.source, Math.max(span.start, span.end))
  return { file: span.source.path, line: start.line, column: start.column, endLine: end.line, endColumn: end.column }
}

type Style = 'red' | 'yellow' | 'blue' | 'green' | 'bold' | 'dim'
type Paint = (style: Style, text: string) => string

const styleCodes = { red: '1;31', yellow: '1;33', blue: '1;34', green: '1;32', bold: '1', dim: '2' } as const
const plain: Paint = (_, text) => text
const colored: Paint = (style, text) => `\u001b[${styleCodes[style]}m${text}\u001b[0m`

function placeOf(span: Span | undefined, paint: Paint): string {
  if (span === undefined) return ''
  const { line, column } = positionAt(span.source, span.start)
  return paint('bold', `${printable(span.source.path)}:${line}:${column}: `)
}

/** The source line under a gutter and the underline below it. */
function excerpt(span: Span, gutter: number, width: number, paint: Paint, tint: Style): string {
  const { line, column } = positionAt(span.source, span.start)
  const whole = lineText(span.source, line)
  // Cells are counted only near the place, so that a line of megabytes costs nothing.
  const skipped = Math.max(0, column - 1 - 2 * width)
  const text = whole.slice(skipped, skipped + 6 * width)
  const first = Math.min(column - 1 - skipped, text.length)
  const last = Math.min(first + Math.max(1, span.end - span.start), text.length)
  const cells = toCells(text)
  const from = cells.columnOfUnit[first]!
  const to = Math.max(from + 1, cells.columnOfUnit[last]!)
  const { shown, start } = clip(cells.text, from, to, width)
  const length = Math.max(1, Math.min(to, start + width) - from)
  const bar = paint('dim', '|')
  const pad = ' '.repeat(gutter)
  const mark = ' '.repeat(from - start) + paint(tint, '^'.repeat(length))
  return `${pad} ${bar}\n${paint('dim', String(line).padStart(gutter))} ${bar} ${shown}\n${pad} ${bar} ${mark}\n`
}

/** A line as the terminal shows it: one entry of `text` per terminal column. */
interface Cells {
  /** What stands in each column; the second column of a wide character is empty. */
  readonly text: readonly string[]
  /** The column of each UTF-16 unit of the source line, and of its end. */
  readonly columnOfUnit: readonly number[]
}

function toCells(line: string): Cells {
  const text: string[] = []
  const columnOfUnit: number[] = []
  for (const char of line) {
    for (let k = 0; k < char.length; k++) columnOfUnit.push(text.length)
    if (char === '\t') {
      do text.push(' ')
      while (text.length % 4 !== 0)
    } else if (isZeroWidth(char.codePointAt(0)!) && text.length > 0) {
      text[text.length - 1] += char
    } else {
      text.push(printable(char))
      if (isWide(char.codePointAt(0)!)) text.push('')
    }
  }
  columnOfUnit.push(text.length)
  return { text, columnOfUnit }
}

/** The stretch of a line that is shown: all of it, or a window around the mark. */
function clip(cells: readonly string[], from: number, to: number, width: number): { shown: string; start: number } {
  if (cells.length <= width) return { shown: cells.join('').trimEnd(), start: 0 }
  const wanted = Math.max(0, from - Math.max(10, (width - (to - from)) >> 1))
  const start = Math.min(wanted, Math.max(0, cells.length - width))
  const window = cells.slice(start, start + width)
  if (start > 0) window[0] = '…'
  if (start + width < cells.length) window[window.length - 1] = '…'
  return { shown: window.join('').trimEnd(), start }
}

function isZeroWidth(c: number): boolean {
  return (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200d) || (c >= 0xfe00 && c <= 0xfe0f) || c === 0xfeff
}

function isWide(c: number): boolean {
  return (
    (c >= 0x1100 && c <= 0x115f) ||
    (c >= 0x2e80 && c <= 0xa4cf) ||
    (c >= 0xac00 && c <= 0xd7a3) ||
    (c >= 0xf900 && c <= 0xfaff) ||
    (c >= 0xfe30 && c <= 0xfe6f) ||
    (c >= 0xff00 && c <= 0xff60) ||
    (c >= 0xffe0 && c <= 0xffe6) ||
    (c >= 0x1f300 && c <= 0x1faff) ||
    (c >= 0x20000 && c <= 0x3fffd)
  )
}

/** Text without control characters and direction overrides: names and lines come from files that nobody vouches for. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}
