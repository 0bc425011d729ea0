/** Compiles IDL text; the modules that come out as text, or loaded. */

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CompileResult, compile, type GenerateOptions } from '../../src/compiler/compile.ts'
import { memoryHost } from '../../src/compiler/host.ts'
import { renderDiagnostic } from '../../src/compiler/text/render-diagnostic.ts'

const here = dirname(fileURLToPath(import.meta.url))
const gen = join(here, '../../src/gen.ts')

/** A generated module: what its names are is the test's business. */
// biome-ignore lint/suspicious/noExplicitAny: the types of these modules exist at run time only.
export type GeneratedModule = Record<string, any>

/** Compiles IDL texts; every file is an entry unless `entries` names some. */
export function compileTexts(
  files: Readonly<Record<string, string>>,
  options: GenerateOptions = {},
  entries: readonly string[] = Object.keys(files),
): CompileResult {
  return compile({ entries, includes: ['.'], host: memoryHost(files), options })
}

/** The text of the generated modules, by path. Throws when a diagnostic is an error. */
export function generatedText(
  files: Readonly<Record<string, string>>,
  options: GenerateOptions = {},
  entries?: readonly string[],
): Record<string, string> {
  const result = compileTexts(files, options, entries)
  const errors = result.diagnostics.filter((one) => one.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((one) => renderDiagnostic(one)).join('\n'))
  return Object.fromEntries(result.files.map((file) => [file.path, file.text]))
}

/** Compiles IDL files and imports the module of the first one. */
export async function generated(
  files: Readonly<Record<string, string>>,
  options: GenerateOptions = {},
): Promise<GeneratedModule> {
  return import(/* @vite-ignore */ generatedPath(files, options))
}

/** Compiles IDL files and leaves the modules in a folder of their own; the path of the first one. */
export function generatedPath(files: Readonly<Record<string, string>>, options: GenerateOptions = {}): string {
  const modules = Object.entries(generatedText(files, { importExtension: '.ts', ...options }))
  const hash = createHash('sha256').update(JSON.stringify(modules)).digest('hex').slice(0, 16)
  const folder = join(here, 'tmp', hash)
  for (const [path, text] of modules) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    const runtime = relative(dirname(file), gen).replaceAll('\\', '/')
    writeFileSync(file, text.replaceAll("'volo-ts/gen'", `'${runtime}'`))
  }
  return join(folder, Object.keys(files)[0]!.replace(/\.\w+$/, '.ts'))
}
