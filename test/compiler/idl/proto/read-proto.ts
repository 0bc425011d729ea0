/** Reads proto text for tests: parse and lower, with findings as `line:column code message`. */

import { type Diagnostic, reportInto, type SourceFile } from '../../../../src/compiler/diagnostic.ts'
import type { ProtoDocument } from '../../../../src/compiler/idl/proto/ast.ts'
import { lowerProto } from '../../../../src/compiler/idl/proto/lower.ts'
import { parseProto } from '../../../../src/compiler/idl/proto/parser.ts'
import type { IrEnum, IrField, IrFile, IrMessage, IrService } from '../../../../src/compiler/ir/ir.ts'
import { positionAt } from '../../../../src/compiler/text/position.ts'

/** What reading gave. */
export interface ReadProto {
  readonly document: ProtoDocument
  readonly file: IrFile
  readonly diagnostics: readonly Diagnostic[]
  /** `line:column code message` of each finding. */
  readonly findings: readonly string[]
  message(name: string): IrMessage
  field(message: string, name: string): IrField
  enumOf(name: string): IrEnum
  service(name: string): IrService
}

/** Parses and lowers a file. */
export function readProto(text: string, path = 'test.proto'): ReadProto {
  const source: SourceFile = { path, logicalPath: path, text }
  const diagnostics: Diagnostic[] = []
  const report = reportInto(diagnostics)
  const document = parseProto(source, report)
  const file = lowerProto(document, report)
  const of = (name: string, kind: string) => {
    const found = file.declarations.find((one) => one.name === name && one.kind === kind)
    if (found === undefined) throw new Error(`no ${kind} ${name}`)
    return found
  }
  const message = (name: string): IrMessage => of(name, 'message') as IrMessage
  return {
    document,
    file,
    diagnostics,
    findings: diagnostics.map(shown),
    message,
    field(holder, name) {
      const found = message(holder).fields.find((one) => one.name === name)
      if (found === undefined) throw new Error(`no field ${name} in ${holder}`)
      return found
    },
    enumOf: (name) => of(name, 'enum') as IrEnum,
    service: (name) => of(name, 'service') as IrService,
  }
}

/** A finding as one line. */
export function shown({ code, message, span }: Diagnostic): string {
  if (span === undefined) return `${code} ${message}`
  const { line, column } = positionAt(span.source, span.start)
  return `${line}:${column} ${code} ${message}`
}
