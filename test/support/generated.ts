/** Compiles IDL text and loads the modules that come out. */

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile, type GenerateOptions, hasErrors } from '../../src/compiler/compile.ts'
import { memoryHost } from '../../src/compiler/host.ts'

const here = dirname(fileURLToPath(import.meta.url))
const gen = join(here, '../../src/gen.ts')

/** A generated module: what its names are is the test's business. */
// biome-ignore lint/suspicious/noExplicitAny: the types of these modules exist at run time only.
export type GeneratedModule = Record<string, any>

/** The text of the modules that come out of IDL files, by path. Throws the diagnostics when there are errors. */
function generatedText(files: Readonly<Record<string, string>>, options: GenerateOptions = {}): Map<string, string> {
  const result = compile({
    entries: Object.keys(files),
    includes: [''],
    host: memoryHost(files),
    options: { importExtension: '.ts', ...options },
  })
  if (hasErrors(result.diagnostics)) throw new Error(result.diagnostics.map((one) => one.message).join('\n'))
  return new Map(result.files.map((file) => [file.path, file.text]))
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
  const modules = generatedText(files, options)
  const hash = createHash('sha256')
    .update(JSON.stringify([...modules]))
    .digest('hex')
    .slice(0, 16)
  const folder = join(here, 'tmp', hash)
  for (const [path, text] of modules) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    const runtime = relative(dirname(file), gen).replaceAll('\\', '/')
    writeFileSync(file, text.replaceAll("'volo-ts/gen'", `'${runtime}'`))
  }
  return join(folder, Object.keys(files)[0]!.replace(/\.\w+$/, '.ts'))
}
