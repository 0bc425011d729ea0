/** What the command says: results, progress, warnings and errors, with colour where a terminal shows it. */

import { escapeControls, oneLine } from './escape-controls.ts'
import type { CliIo, TextSink } from './io.ts'

/** How much is said. */
export interface OutputOptions {
  /** One JSON value on stdout instead of sentences. */
  readonly json?: boolean | undefined
  readonly quiet?: boolean | undefined
  readonly verbose?: boolean | undefined
}

/** The voice of one run. */
export interface Output {
  readonly options: OutputOptions
  /** Folders whose files, and those of the git work trees around them, may be quoted; absolute. First the current folder; commands add what the user named. */
  readonly sourceRoots: string[]
  /** Whether stderr shows colours. */
  readonly colorErrors: boolean
  /** Columns of the terminal, 120 where there is none. */
  readonly width: number
  /** The requested result; on stdout, also when quiet. Nothing with --json. */
  result(text: string): void
  /** What was done; on stdout, unless quiet or --json. */
  info(text: string): void
  /** Details; on stdout with --verbose. */
  detail(text: string): void
  /** A warning; on stderr. */
  warn(text: string, hint?: string): void
  /** The reason of a failure; on stderr. */
  error(text: string, hint?: string): void
  /** Text as it is but for control characters, on stderr. */
  raw(text: string): void
  /** The result as JSON, with --json only. */
  json(value: unknown): void
  bold(text: string): string
  dim(text: string): string
}

/** The output of a run over `io`. */
export function createOutput(io: CliIo, options: OutputOptions): Output {
  const colorOut = usesColor(io, io.stdout)
  const colorErrors = usesColor(io, io.stderr)
  const paint = (on: boolean, code: string, text: string): string => (on ? `\u001b[${code}m${text}\u001b[0m` : text)
  const isColored = (sink: TextSink): boolean => (sink === io.stdout ? colorOut : colorErrors)
  const line = (sink: TextSink, text: string): void => void sink.write(`${escapeControls(text, isColored(sink))}\n`)
  const complaint = (code: string, word: string, text: string, hint: string | undefined): void => {
    line(io.stderr, `${paint(colorErrors, code, word)}: ${text}`)
    if (hint !== undefined) line(io.stderr, `${paint(colorErrors, '1;32', 'hint')}: ${oneLine(hint)}`)
  }
  const says = options.quiet !== true && options.json !== true
  return {
    options,
    sourceRoots: [io.cwd],
    colorErrors,
    width: io.stderr.columns || 120,
    result: (text) => {
      if (options.json !== true) line(io.stdout, text)
    },
    info: (text) => {
      if (says) line(io.stdout, text)
    },
    detail: (text) => {
      if (says && options.verbose === true) line(io.stdout, paint(colorOut, '2', text))
    },
    warn: (text, hint) => complaint('1;33', 'warning', text, hint),
    error: (text, hint) => complaint('1;31', 'error', text, hint),
    raw: (text) => void io.stderr.write(escapeControls(text, colorErrors)),
    json: (value) => {
      if (options.json === true) io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
    },
    bold: (text) => paint(colorOut, '1', text),
    dim: (text) => paint(colorOut, '2', text),
  }
}

/** Colour is used on terminals, unless NO_COLOR is set (https://no-color.org); FORCE_COLOR turns it on elsewhere. */
function usesColor(io: CliIo, sink: TextSink): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return sink.isTTY === true && TERM !== 'dumb'
}
