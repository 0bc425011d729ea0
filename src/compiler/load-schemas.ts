/** loadSchemas: IDL text to the descriptions that generic clients and servers work by, at run time. */

import type { FileSchema } from '../runtime/core/message/schema.ts'
import { type CheckResult, type CompileInput, check, hasErrors } from './compile.ts'
import { type Diagnostic, reportInto } from './diagnostic.ts'
import { fileSchemas } from './gen/file-schemas.ts'

export type { FileSchema } from '../runtime/core/message/schema.ts'

/** What {@link loadSchemas} gives. */
export interface SchemaResult extends CheckResult {
  /** The descriptions of the entry files, in their order; each leads to those it imports. Empty when a diagnostic is an error. */
  readonly schemas: readonly FileSchema[]
}

/**
 * Reads IDL files into descriptions: for `interpretedService` of `volo-ts/thrift` and `volo-ts/grpc`, which make services of
 * them without generated code. The options that say how values look (`int64`, `bytes`, `map`, `enum`, `naming`,
 * `keepUnknownFields`) hold here too. Bad IDL never throws: it becomes diagnostics.
 */
export function loadSchemas(input: CompileInput): SchemaResult {
  const checked = check(input)
  if (hasErrors(checked.diagnostics)) return { ...checked, schemas: [] }
  const found: Diagnostic[] = []
  const described = fileSchemas(checked.program, input.options ?? {}, reportInto(found))
  const schemas = checked.program.entries.flatMap((file) => described.get(file) ?? [])
  return { ...checked, diagnostics: [...checked.diagnostics, ...found], schemas: hasErrors(found) ? [] : schemas }
}
