/** The compiler's pipeline, read top to bottom: load, parse, lower, link, check, generate. */

import { type Diagnostic, type DiagnosticCode, reportInto } from './diagnostic.ts'
import { generate } from './gen/generate.ts'
import type { ProgramNames } from './gen/name/names.ts'
import type { GeneratedFile, GenerateOptions } from './generate-options.ts'
import type { Host } from './host.ts'
import { bundledDescriptor } from './idl/proto/descriptor.ts'
import { checkProgram } from './ir/check/check.ts'
import { checkProto } from './ir/check/proto.ts'
import type { IrProgram } from './ir/ir.ts'
import { link } from './ir/link.ts'
import type { Reach } from './ir/reach.ts'
import { type LoadedFile, load } from './load.ts'

export type { FileOptions, GeneratedFile, GenerateOptions, OptionPlaces } from './generate-options.ts'

/** What to check. */
export interface CheckInput {
  /** Entry files as the Host knows them. */
  readonly entries: readonly string[]
  /** Folders in which includes and imports are searched, in order. The google protos are always found, last. */
  readonly includes?: readonly string[]
  readonly host: Host
}

/** What to compile. */
export interface CompileInput extends CheckInput {
  readonly options?: GenerateOptions
}

/** What a check found. */
export interface CheckResult {
  readonly program: IrProgram
  /** Every file of the program: the entries, what they reach, and which of these came with the compiler. */
  readonly sources: readonly LoadedFile[]
  /** In the order of files and places. */
  readonly diagnostics: readonly Diagnostic[]
}

/** What came out. `files` is empty when a diagnostic is an error. */
export interface CompileResult extends CheckResult {
  readonly files: readonly GeneratedFile[]
  /** The TypeScript names of what is generated, and what that is; undefined when the IDL has errors. */
  readonly names: ProgramNames | undefined
  readonly reach: Reach | undefined
}

/** Compiles entry files to TypeScript. Bad IDL never throws: it becomes diagnostics. */
export function compile(input: CompileInput): CompileResult {
  const checked = check(input)
  if (hasErrors(checked.diagnostics)) return { ...checked, files: [], names: undefined, reach: undefined }
  const found: Diagnostic[] = []
  const { files, names, reach } = generate(checked.program, input.options ?? {}, reportInto(found))
  const diagnostics = [...checked.diagnostics, ...found]
  return { ...checked, diagnostics, files: hasErrors(found) ? [] : files, names, reach }
}

/** All of {@link compile} but the generating: loads, parses, links and checks. */
export function check(input: CheckInput): CheckResult {
  const diagnostics: Diagnostic[] = []
  const report = reportInto(diagnostics)
  const { program, files } = load(input, report)
  // What could not be parsed declares nothing: names would seem unknown that are not.
  if (!diagnostics.some(({ code }) => unreadable.has(code))) {
    link(program, report)
    checkProto(program, bundledDescriptor, report)
    checkProgram(program, report)
  }
  return { program, sources: files, diagnostics: inOrder(diagnostics, program) }
}

const unreadable: ReadonlySet<DiagnosticCode> = new Set([
  'syntax',
  'unterminated',
  'nested-too-deep',
  'lfs-pointer',
  'merge-conflict',
])

/** True when a diagnostic stops generation. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}

/** Diagnostics by file, in the program's order, then by place; those without a place first. */
function inOrder(diagnostics: readonly Diagnostic[], program: IrProgram): readonly Diagnostic[] {
  const rank = new Map(program.files.map((file, i) => [file.source, i]))
  const of = ({ span }: Diagnostic): number => (span === undefined ? -1 : (rank.get(span.source) ?? -1))
  return [...diagnostics].sort((a, b) => of(a) - of(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0))
}
