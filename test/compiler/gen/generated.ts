import { type CompileResult, compile, type GenerateOptions } from '../../../src/compiler/compile.ts'
import { memoryHost } from '../../../src/compiler/host.ts'
import { renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'

/** Compiles IDL texts; every file is an entry unless `entries` names some. */
export function compileTexts(
  files: Readonly<Record<string, string>>,
  options: GenerateOptions = {},
  entries: readonly string[] = Object.keys(files),
): CompileResult {
  return compile({ entries, includes: ['.'], host: memoryHost(files), options })
}

/** The generated modules by path. Fails when a diagnostic is an error. */
export function generated(
  files: Readonly<Record<string, string>>,
  options: GenerateOptions = {},
  entries?: readonly string[],
): Record<string, string> {
  const result = compileTexts(files, options, entries)
  const errors = result.diagnostics.filter((one) => one.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((one) => renderDiagnostic(one)).join('\n'))
  return Object.fromEntries(result.files.map((file) => [file.path, file.text]))
}
