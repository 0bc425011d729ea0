/** Generation: a linked and checked program becomes the text of its TypeScript modules. */

import type { Report, Span } from '../diagnostic.ts'
import type { GeneratedFile, GenerateOptions } from '../generate-options.ts'
import type { IrFile, IrProgram, IrType } from '../ir/ir.ts'
import { resolveOptions } from './context.ts'
import { moduleText } from './module.ts'
import { nameProgram } from './names.ts'
import { wellKnownFiles } from './runtime-names.ts'

/**
 * One module per IDL file, in the order of the program. Well-known types come from the runtime, and files of Google that
 * serve as options only are left out. Names that clash and integers that the chosen
 * form cannot hold are reported; the result is then not worth writing.
 */
export function generate(program: IrProgram, options: GenerateOptions, report: Report): GeneratedFile[] {
  const resolved = resolveOptions(options)
  let clashes = 0
  const names = nameProgram(program, (finding) => {
    clashes++
    report(finding)
  })
  if (clashes > 0) return []
  const said = new Set<Span>()
  const reportOnce: Report = (finding) => {
    if (finding.span === undefined || said.has(finding.span)) return
    said.add(finding.span)
    report(finding)
  }
  const generated = generatedFiles(program, resolved.runtime === 'relative')
  return [...generated].map((file) => ({
    path: `${names.module(file)}.ts`,
    text: moduleText(file, resolved, names, generated, reportOnce),
  }))
}

/** The files that become modules. `all`: the well-known ones too. */
function generatedFiles(program: IrProgram, all: boolean): ReadonlySet<IrFile> {
  const needed = new Set<IrFile>()
  const need = (file: IrFile): void => {
    if (needed.has(file) || (!all && isWellKnown(file))) return
    needed.add(file)
    for (const other of referredFiles(file)) need(other)
    for (const one of file.imports) if (one.file !== undefined && !isForOptions(one.file)) need(one.file)
  }
  for (const file of program.entries) need(file)
  return new Set(program.files.filter((file) => needed.has(file)))
}

function isWellKnown(file: IrFile): boolean {
  return Object.hasOwn(wellKnownFiles, file.source.logicalPath)
}

/** Files that most projects import to annotate, not to use their types. */
function isForOptions(file: IrFile): boolean {
  return /^google\/(?:protobuf\/descriptor|api\/\w+)\.proto$/.test(file.source.logicalPath)
}

/** The files whose types a file's fields and methods use. */
function* referredFiles(file: IrFile): Iterable<IrFile> {
  for (const one of file.declarations) {
    if (one.kind === 'message') for (const field of one.fields) yield* filesOf(field.type)
    if (one.kind !== 'service') continue
    for (const method of one.methods)
      for (const type of [method.request, method.result]) if (type !== undefined) yield* filesOf(type)
  }
}

function* filesOf(type: IrType): Iterable<IrFile> {
  if (type.kind === 'reference') {
    if (type.reference.target !== undefined) yield type.reference.target.file
  } else if (type.kind === 'map') {
    yield* filesOf(type.key)
    yield* filesOf(type.value)
  } else if (type.kind !== 'scalar') {
    yield* filesOf(type.element)
  }
}
