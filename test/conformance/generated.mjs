/** Code that is generated from the protos of a suite, as JavaScript in the cache folder. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { compile, memoryHost } from '../../dist/command/compiler.js'

const face = (name) => pathToFileURL(fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url))).href

/** Generates modules for every proto below `root` into `folder`, which is replaced. */
export function generateInto(folder, root) {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.proto'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  const sources = Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  const { files, diagnostics } = compile({ entries: paths, host: memoryHost(sources), options: {} })
  const errors = diagnostics.filter((one) => one.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((one) => one.message).join('\n'))
  const fresh = `${folder}-${process.pid}`
  for (const { path, text } of files) {
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
    const { outputText } = ts.transpileModule(text, { compilerOptions })
    const file = join(fresh, path.replace(/\.ts$/, '.mjs'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      outputText
        .replaceAll(/'volo-ts\/(\w+)'/g, (_, name) => JSON.stringify(face(name)))
        .replaceAll(/(from '\.[^']*)\.(?:js|ts)'/g, "$1.mjs'"),
    )
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(fresh, folder)
}

/** A module that {@link generateInto} made, by its path without extension. */
export function importGenerated(folder, path) {
  return import(pathToFileURL(join(folder, `${path}.mjs`)).href)
}
