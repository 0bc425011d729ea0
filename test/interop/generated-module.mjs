/** A generated module as JavaScript, with the built package behind it. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { compile, memoryHost } from '../../dist/command/compiler.js'

const gen = fileURLToPath(new URL('../../dist/gen.js', import.meta.url))

/** The module of one IDL text as JavaScript, which imports `volo-ts/gen`. */
export function generatedJavaScript(path, text) {
  const { files, diagnostics } = compile({ entries: [path], host: memoryHost({ [path]: text }), options: {} })
  const errors = diagnostics.filter((one) => one.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((one) => one.message).join('\n'))
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
  return ts.transpileModule(files[0].text, { compilerOptions }).outputText
}

/** The same, imported. */
export async function generatedModule(path, text) {
  const folder = mkdtempSync(join(tmpdir(), 'volo-interop-gen-'))
  try {
    const file = join(folder, 'module.mjs')
    writeFileSync(
      file,
      generatedJavaScript(path, text).replaceAll("'volo-ts/gen'", JSON.stringify(pathToFileURL(gen).href)),
    )
    return await import(pathToFileURL(file).href)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
