/** Diagnostics: what the compiler says about IDL text, as data with a place, and the function that collects them. */

import { type DiagnosticCode, diagnosticCodes, type Severity } from './diagnostic-code.ts'

export type { DiagnosticCode, Severity } from './diagnostic-code.ts'

/** One IDL file as the compiler holds it. */
export interface SourceFile {
  /** As the Host knows it; shown to people. */
  readonly path: string
  /** Path relative to its import root with `/` separators: `shop/v1/shop.proto`. It decides the module's place. */
  readonly logicalPath: string
  readonly text: string
}

/** A stretch of source: UTF-16 offsets, `end` exclusive. */
export interface Span {
  readonly source: SourceFile
  readonly start: number
  readonly end: number
}

/** Another place that belongs to a diagnostic. */
export interface RelatedPlace {
  readonly message: string
  readonly span: Span
}

/** One finding. Bad input never throws; it becomes these. */
export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly severity: Severity
  readonly message: string
  /** Undefined when no file is to blame. */
  readonly span: Span | undefined
  readonly related: readonly RelatedPlace[]
  /** What to do about it, one sentence. */
  readonly hint: string | undefined
}

/** A diagnostic as its finder states it: the severity comes from the table of codes. */
export interface Finding {
  readonly code: DiagnosticCode
  readonly message: string
  readonly span: Span | undefined
  readonly related?: readonly RelatedPlace[] | undefined
  readonly hint?: string | undefined
}

/** Takes what a phase finds. */
export type Report = (finding: Finding) => void

/** A {@link Report} that appends to `into`. */
export function reportInto(into: Diagnostic[]): Report {
  return ({ code, message, span, related, hint }) => {
    into.push({ code, severity: diagnosticCodes[code].severity, message, span, related: related ?? [], hint })
  }
}
