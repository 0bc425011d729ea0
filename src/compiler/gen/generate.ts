/** Generation: a linked and checked program becomes the text of its TypeScript modules. */

import type { Report, Span } from '../diagnostic.ts'
import type { GeneratedFile, GenerateOptions } from '../generate-options.ts'
import type { IrFile, IrProgram } from '../ir/ir.ts'
import { type Reach, reach } from '../ir/reach.ts'
import { resolveOptions } from './context.ts'
import { moduleText } from './module.ts'
import { waysBack } from './module-cycle.ts'
import { nameProgram, type ProgramNames } from './name/names.ts'
import { wellKnownFiles } from './name/runtime-names.ts'

/** What generation gives besides diagnostics. */
export interface Generated {
  readonly files: readonly GeneratedFile[]
  readonly names: ProgramNames
  readonly reach: Reach
}

/**
 * Modules with what the roots reach, in the order of the program. Well-known types come from the runtime. Names that clash and integers that the chosen
 * form cannot hold are reported; the result is then not worth writing.
 */
export function generate(program: IrProgram, options: GenerateOptions, report: Report): Generated {
  const resolved = resolveOptions(options)
  let errors = 0
  const counted: Report = (finding) => {
    errors++
    report(finding)
  }
  const reached = reach(program, options, counted)
  const names = nameProgram(program, counted, options, reached)
  if (errors > 0) return { files: [], names, reach: reached }
  const said = new Set<Span>()
  const reportOnce: Report = (finding) => {
    if (finding.span === undefined || said.has(finding.span)) return
    said.add(finding.span)
    report(finding)
  }
  const isOurs = (file: IrFile): boolean => resolved.runtime === 'relative' || !isWellKnown(file)
  const generated = program.files.filter((file) => reached.has(file) && isOurs(file))
  const modules = new Map<string, IrFile[]>()
  for (const file of generated) {
    const path = names.module(file)
    const files = modules.get(path)
    if (files === undefined) modules.set(path, [file])
    else files.push(file)
  }
  const all = new Set(generated)
  const wayBack = waysBack(program.files, names.module)
  const files = [...modules].map(([path, own]) => ({
    path: `${path}.ts`,
    text: moduleText(own, resolved, names, reached, all, wayBack, reportOnce),
  }))
  return { files, names, reach: reached }
}

function isWellKnown(file: IrFile): boolean {
  return Object.hasOwn(wellKnownFiles, file.source.logicalPath)
}
