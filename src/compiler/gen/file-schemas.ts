/** fileSchemas: the run-time descriptions of a program's files, without any TypeScript between. */

import { fileSchema } from '../../runtime/core/message/file-schema.ts'
import { type FileSchema, formatNumber } from '../../runtime/core/message/schema.ts'
import type { Report } from '../diagnostic.ts'
import type { GenerateOptions } from '../generate-options.ts'
import type { IrFile, IrProgram } from '../ir/ir.ts'
import { type Reach, reach } from '../ir/reach.ts'
import { visitDeclarationTypes } from '../ir/walk.ts'
import { moduleContext, resolveOptions } from './context.ts'
import { nameProgram } from './name/names.ts'
import { schemaJson } from './schema.ts'

/**
 * What generated code would say of each file of a program that has no errors: those of which something is reached. Names
 * that clash are reported.
 */
export function fileSchemas(
  program: IrProgram,
  options: GenerateOptions,
  report: Report,
): ReadonlyMap<IrFile, FileSchema> {
  const resolved = resolveOptions(options)
  const reached = reach(program, options, report)
  const names = nameProgram(program, report, options, reached)
  const files = program.files.filter((file) => reached.has(file))
  const all = new Set(files)
  const schemas = new Map<IrFile, FileSchema>()
  for (const file of files) {
    const json = schemaJson(
      file,
      moduleContext([file], resolved, names, reached, all, () => undefined, report),
    )
    const beside = [...describedBeside(file, reached)].filter((one) => one !== file)
    schemas.set(
      file,
      fileSchema(formatNumber, json, () => beside.flatMap((one) => schemas.get(one) ?? [])),
    )
  }
  return schemas
}

/** The files that a description leads to: those imported, and those whose types are used though an import between has no module. */
export function describedBeside(file: IrFile, reached: Reach): Set<IrFile> {
  const beside = new Set<IrFile>()
  for (const one of file.imports) if (one.file !== undefined) beside.add(one.file)
  for (const one of reached.declarations(file)) {
    if (one.kind === 'service' && one.extends?.target !== undefined) beside.add(one.extends.target.file)
    visitDeclarationTypes(one, { reference: ({ target }) => target !== undefined && beside.add(target.file) })
  }
  return beside
}
