/** The plan of a generation: which files are created, changed or removed. */

import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { GenerateOptions } from '../../compiler/compile.ts'
import type { Diagnostic } from '../../compiler/diagnostic.ts'
import type { IrFile } from '../../compiler/ir/ir.ts'
import { asFileError, isFsError } from '../fs-error.ts'
import type { NamedProgram } from './service-model.ts'

/** The entries of volo.yml that generate into one folder in one way. */
export interface GenerationGroup {
  /** The output folder, absolute. */
  readonly out: string
  readonly options: GenerateOptions
  readonly entries: readonly GenerationEntry[]
  readonly named: NamedProgram
}

/** One entry of volo.yml in a plan. */
interface GenerationEntry {
  readonly name: string
  /** The folder of the handlers, absolute; undefined for clients. */
  readonly handlers: string | undefined
  /** The IDL files that the entry lists, in order. */
  readonly files: readonly IrFile[]
}

/** A file of a plan. */
export interface PlannedFile {
  /** Absolute. */
  readonly path: string
  readonly action: 'create' | 'change' | 'remove' | 'keep'
  /** What it shall hold; empty when it is removed, or known to hold it already. */
  readonly text: string
}

/** What generating would do. `files` and `groups` are empty when a diagnostic is an error. */
export interface GenerationPlan {
  readonly diagnostics: readonly Diagnostic[]
  readonly groups: readonly GenerationGroup[]
  readonly files: readonly PlannedFile[]
  /** Generated files in the output folders that no IDL gives and no volo.yml claims, absolute: they stay, since nobody knows whose they are. */
  readonly unclaimed: readonly string[]
}

/** The plan that does nothing, with what was found. */
export function emptyPlan(diagnostics: readonly Diagnostic[] = []): GenerationPlan {
  return { diagnostics, groups: [], files: [], unclaimed: [] }
}

/** Whether two texts are equal apart from `\r\n`, which a checkout on Windows may have written. */
export function sameText(a: string, b: string): boolean {
  return a === b || a.replaceAll('\r\n', '\n') === b
}

/** The TypeScript files below a folder, without those in `node_modules`; absolute. */
export function typescriptFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && one.name.endsWith('.ts'))
      .map((one) => join(one.parentPath, one.name))
      .filter((path) => !relative(folder, path).split(sep).includes('node_modules'))
  } catch (error) {
    if (isFsError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return []
    throw asFileError('read', folder, error)
  }
}
