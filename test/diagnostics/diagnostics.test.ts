/**
 * Every diagnostic code with a bad IDL and the exact text it prints.
 *
 * `test/diagnostics/<code>/` is one case, or holds one folder per case. A case holds
 * - `main.thrift` or `main.proto` (or both): the entries; other files are there to be included;
 * - `roots/<name>/`, if any: each is an include root, in the order of names;
 * - `<file>.locked`, if any: `<file>` exists and cannot be read;
 * - `expected.txt`: what is printed, without colours;
 * - for codes about volo.yml and volo.lock, a `volo.yml` instead of entries, with what it names beside it; files of git repos lie below `git/`.
 * Each case must print its code. `UPDATE_DIAGNOSTICS=1 npx vitest run test/diagnostics` writes the expected texts anew: read the difference.
 */

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CompileResult, compile } from '../../src/compiler/compile.ts'
import { reportInto } from '../../src/compiler/diagnostic.ts'
import { diagnosticCodes } from '../../src/compiler/diagnostic-code.ts'
import type { Host } from '../../src/compiler/host.ts'
import { textOf } from '../../src/compiler/text/foreign-text.ts'
import { renderDiagnostic } from '../../src/compiler/text/render-diagnostic.ts'
import { readConfig } from '../../src/project/config/config.ts'
import { planGeneration } from '../../src/project/generate/generate.ts'
import { idlLocations } from '../../src/project/idl-location.ts'
import { readLock } from '../../src/project/lock/lock-reader.ts'
import { compareLocks } from '../../src/project/lock/lock-reconciliation.ts'
import { usedFiles, wrongDigests } from '../../src/project/registry/lock-digest.ts'

const here = import.meta.dirname

function casesOf(code: string): string[] {
  const folder = join(here, code)
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).sort()
  if (names.some((name) => name.startsWith('main.') || name === 'volo.yml')) return [folder]
  return names.map((name) => join(folder, name))
}

function hostOver(folder: string): Host {
  return {
    read(path) {
      const full = join(folder, path)
      if (existsSync(`${full}.locked`)) throw new Error('permission denied')
      return existsSync(full) && statSync(full).isFile() ? textOf(readFileSync(full)) : undefined
    },
  }
}

/** What a folder gives: of its volo.yml, or of its IDLs alone. */
function outcome(folder: string): Pick<CompileResult, 'diagnostics'> & { readonly files: readonly unknown[] } {
  if (existsSync(join(folder, 'volo.yml'))) {
    const config = readConfig(join(folder, 'volo.yml'), folder)
    if (config.diagnostics.length > 0) return { ...config, files: [] }
    const lock = readLock(folder, folder)
    const { clashes, differences } = compareLocks(config, lock)
    const diagnostics = [...lock.diagnostics]
    const findings = clashes.length > 0 ? clashes : differences.map((one) => one.finding)
    for (const finding of findings) reportInto(diagnostics)(finding)
    if (diagnostics.length > 0) return { diagnostics, files: [] }
    const host = hostOver(folder)
    const plan = planGeneration(config, folder, { read: (path) => host.read(path.replace(/^git:/, 'git')) })
    const wrong = wrongDigests(lock, usedFiles(plan, idlLocations(config, folder)))
    return wrong.length > 0 ? { diagnostics: wrong, files: [] } : plan
  }
  const roots = join(folder, 'roots')
  return compile({
    entries: readdirSync(folder)
      .filter((name) => name.startsWith('main.'))
      .map((name) => name.replace(/\.locked$/, ''))
      .sort(),
    includes: existsSync(roots) ? readdirSync(roots).map((name) => `roots/${name}`) : [],
    host: hostOver(folder),
  })
}

function print(folder: string): { codes: string[]; text: string; files: number } {
  const { diagnostics, files } = outcome(folder)
  return {
    codes: diagnostics.map((diagnostic) => diagnostic.code),
    text: diagnostics.map((diagnostic) => renderDiagnostic(diagnostic)).join('\n'),
    files: files.length,
  }
}

describe.each(Object.keys(diagnosticCodes))('%s', (code) => {
  const cases = casesOf(code)

  it('has a bad IDL', () => {
    expect(cases).not.toEqual([])
  })

  it.each(cases.map((folder) => relative(here, folder)))('prints the expected text for %s', (name) => {
    const folder = join(here, name)
    const printed = print(folder)
    const expected = join(folder, 'expected.txt')
    if (process.env['UPDATE_DIAGNOSTICS'] === '1') writeFileSync(expected, printed.text)
    expect(printed.codes).toContain(code)
    expect(printed.text).toBe(existsSync(expected) ? readFileSync(expected, 'utf8') : '')
    if (diagnosticCodes[code as keyof typeof diagnosticCodes].severity === 'error') expect(printed.files).toBe(0)
  })
})

describe('the folders', () => {
  it('are named after codes', () => {
    const folders = readdirSync(here).filter((name) => statSync(join(here, name)).isDirectory())
    expect(folders.filter((name) => !Object.hasOwn(diagnosticCodes, name))).toEqual([])
  })
})
