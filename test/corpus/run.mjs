/**
 * Real IDLs through the compiler: `npm run corpus` fetches what the machine's tools allow (`source.mjs`), and every file must parse, generate and
 * type-check, but for those in `refused.mjs`. Says aloud what it skips. Needs `npm run build`. Arguments: names of sources; default all.
 */

import { join, relative } from 'node:path'
import { compile, renderDiagnostic } from 'volo-ts/compiler'
import { refusedFiles } from './refused.mjs'
import { cacheFolder, folderOf, idlFiles, readIdl, sources } from './source.mjs'
import { typeCheck } from './type-check.mjs'

const host = { read: readIdl }
const out = join(cacheFolder, 'out')
const wanted = process.argv.slice(2)
const isTypeChecked = process.env['CORPUS_TYPES'] !== '0'
let failures = 0

for (const source of sources) {
  if (wanted.length > 0 && !wanted.includes(source.name)) continue
  const { folder, skipped } = folderOf(source)
  if (skipped !== undefined) {
    console.log(`SKIPPED ${source.name}: ${skipped}`)
    continue
  }
  const files = idlFiles(folder)
  const modules = new Map()
  const refused = []
  const compiled = compileAll(source, folder, files, modules, refused)
  const unexpected = judge(source, folder, refused)
  const typed = isTypeChecked ? typeCheck(modules) : { errors: [], files: 0 }
  for (const error of typed.errors.slice(0, 20)) console.log(error)
  failures += unexpected + typed.errors.length
  const idls = `${files.filter((one) => one.endsWith('.thrift')).length} Thrift and ${files.filter((one) => one.endsWith('.proto')).length} protobuf files`
  console.log(
    `${source.name}: ${idls}; ${compiled} compiled, ${refused.length} refused (${unexpected} without a known reason); ` +
      `${typed.files} modules type-checked, ${typed.errors.length} errors`,
  )
}

if (failures > 0) {
  console.log(`${failures} failures`)
  process.exitCode = 1
}

/**
 * Compiles the protobuf files of a source as one program, without those that clash with others (compiled alone afterwards), and each Thrift file
 * alone. Puts modules by absolute path into `modules` and `{ path, diagnostics }` into `refused`; gives the number of files that compile.
 */
function compileAll(source, folder, files, modules, refused) {
  const includes = (source.roots ?? []).map((root) => join(folder, root))
  let compiled = 0
  const attempt = (entries, to) => {
    const result = compile({ entries, includes, host })
    const errors = result.diagnostics.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) return errors
    for (const { path, text } of result.files) modules.set(join(to, path), text)
    compiled += entries.length
    return []
  }
  let together = files.filter((path) => path.endsWith('.proto'))
  const alone = files.filter((path) => path.endsWith('.thrift'))
  const target = join(out, source.name)
  while (together.length > 0) {
    const errors = attempt(together, join(target, 'all'))
    if (errors.length === 0) break
    const bad = new Set(errors.map(({ span }) => span?.source.path))
    const rest = together.filter((path) => !bad.has(path))
    // An error without a file, or in one that is imported: no telling which to take out.
    alone.push(...together.filter((path) => rest.length === together.length || bad.has(path)))
    together = rest.length === together.length ? [] : rest
  }
  for (const [i, path] of alone.entries()) {
    const diagnostics = attempt([path], join(target, String(i)))
    if (diagnostics.length > 0) refused.push({ path, diagnostics })
  }
  return compiled
}

/** Says which refusals have no known reason, and which known ones no longer happen; how many these are. */
function judge(source, folder, refused) {
  const known = refusedFiles[source.name] ?? {}
  let unexpected = 0
  for (const { path, diagnostics } of refused) {
    const name = relative(folder, path)
    if (diagnostics.some(({ code }) => code === known[name]?.code)) continue
    unexpected++
    console.log(
      `${source.name} ${name}:\n${diagnostics
        .slice(0, 3)
        .map((one) => renderDiagnostic(one))
        .join('')}`,
    )
  }
  for (const name of Object.keys(known)) {
    if (refused.some(({ path }) => relative(folder, path) === name)) continue
    unexpected++
    console.log(`${source.name} ${name}: is no longer refused`)
  }
  return unexpected
}
