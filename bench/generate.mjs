/** Compiles the IDLs of the races with this package and leaves runnable JavaScript in bench/gen/. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { compile } from 'volo-ts/compiler'

const here = dirname(fileURLToPath(import.meta.url))

/** Writes the modules of IDL files (relative to bench/) below bench/gen/. */
export function generate(entries) {
  for (const entry of entries) {
    const path = join(here, entry)
    const text = readFileSync(path, 'utf8')
    const { files, diagnostics } = compile({
      entries: [path],
      host: { read: (file) => (file === path ? text : undefined) },
    })
    if (files.length === 0) throw new Error(diagnostics.map((one) => one.message).join('\n'))
    for (const file of files) {
      const name = file.path.replace(/\.ts$/, `-${entry.endsWith('.proto') ? 'proto' : 'thrift'}.js`)
      const target = join(here, 'gen', name)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(
        target,
        ts.transpileModule(file.text, {
          compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
        }).outputText,
      )
    }
  }
}
