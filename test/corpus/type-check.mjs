/** Type-checks generated modules that exist in memory only, under the strictest options. */

import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import ts from 'typescript'

const built = resolve(import.meta.dirname, '../../dist/gen.d.ts')

const strictest = {
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  types: [],
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  erasableSyntaxOnly: true,
  skipLibCheck: true,
}

/** Text of modules checked by one program: bounds its memory. */
const batchLength = 8_000_000

/** Checks modules given by absolute path; `gen` is the module that stands for `volo-ts/gen`. */
export function typeCheck(modules, gen = built) {
  if (!existsSync(gen)) throw new Error(`${gen} is missing; run: npm run build`)
  const errors = []
  let batch = []
  let length = 0
  for (const [path, text] of modules) {
    batch.push(path)
    length += text.length
    if (length < batchLength) continue
    errors.push(...checkBatch(modules, batch, gen))
    batch = []
    length = 0
  }
  if (batch.length > 0) errors.push(...checkBatch(modules, batch, gen))
  return { errors, files: modules.size }
}

function checkBatch(modules, rootNames, gen) {
  const options = { ...strictest, paths: { 'volo-ts/gen': [gen] } }
  const disk = ts.createCompilerHost(options)
  const folders = new Set()
  for (const path of modules.keys()) {
    for (let folder = dirname(path); !folders.has(folder); folder = dirname(folder)) folders.add(folder)
  }
  const host = {
    ...disk,
    fileExists: (path) => modules.has(path) || packageText(path) !== undefined || disk.fileExists(path),
    directoryExists: (path) => folders.has(path) || disk.directoryExists(path),
    readFile: (path) => packageText(path) ?? modules.get(path) ?? disk.readFile(path),
    realpath: (path) => path,
    getSourceFile: (path, language, ...rest) =>
      modules.has(path)
        ? ts.createSourceFile(path, modules.get(path), language)
        : disk.getSourceFile(path, language, ...rest),
  }
  const program = ts.createProgram(rootNames, options, host)
  return rootNames.flatMap((path) => {
    const file = program.getSourceFile(path)
    return [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
      ...program.getDeclarationDiagnostics(file),
    ].map((one) => shown(file, one))
  })
}

/** Generated modules are ES modules: a package.json at the root of what is in memory says so. */
function packageText(path) {
  return path.endsWith('/out/package.json') ? '{"type":"module"}' : undefined
}

function shown(file, { start, messageText }) {
  const { line, character } = file.getLineAndCharacterOfPosition(start ?? 0)
  const message = ts.flattenDiagnosticMessageText(messageText, ' ')
  return `${file.fileName}:${line + 1}:${character + 1}: ${message}`
}
