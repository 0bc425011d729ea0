/** Thrift text parsed, lowered or compiled for tests. */

import { type Diagnostic, reportInto, type SourceFile } from '../../../../src/compiler/diagnostic.ts'
import type { ThriftDocument } from '../../../../src/compiler/idl/thrift/ast.ts'
import { lowerThrift } from '../../../../src/compiler/idl/thrift/lower.ts'
import { parseThrift } from '../../../../src/compiler/idl/thrift/parser.ts'
import type { IrFile } from '../../../../src/compiler/ir/ir.ts'
import { positionAt } from '../../../../src/compiler/text/position.ts'

/** A parsed and lowered file with what was said about it. */
export interface Parsed {
  readonly document: ThriftDocument
  readonly file: IrFile
  readonly diagnostics: readonly Diagnostic[]
  /** `line:column message` of each diagnostic. */
  readonly said: readonly string[]
}

export function parseText(text: string, path = 'a.thrift'): Parsed {
  const source: SourceFile = { path, logicalPath: path, text }
  const diagnostics: Diagnostic[] = []
  const document = parseThrift(source, reportInto(diagnostics))
  const file = lowerThrift(document, reportInto(diagnostics))
  const said = diagnostics.map(({ span, message }) => {
    const { line, column } = positionAt(source, span!.start)
    return `${line}:${column} ${message}`
  })
  return { document, file, diagnostics, said }
}

/** The syntax tree without places: what is compared when layout does not matter. */
export function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return value
  const skipped = new Set(['start', 'end', 'source', 'tokens', 'idEnd', 'valueSpan', 'throwsSpan', 'pathSpan'])
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => !skipped.has(key) && each !== undefined)
      .map(([key, each]) => [key, withoutPlaces(each)]),
  )
}
