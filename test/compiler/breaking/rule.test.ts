/**
 * Every rule with two versions of an IDL that break it, and the exact text that is printed.
 *
 * `rules/<rule>/` is one case, or holds one folder per case. A case holds `before/` and `after/`, whose IDL files are all entries, and
 * `expected.txt`. `UPDATE_DIAGNOSTICS=1 npx vitest run test/compiler/breaking` writes the expected texts anew: read the difference.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changeDiagnostic } from '../../../src/compiler/breaking/change-diagnostic.ts'
import { type Comparison, compareVersions } from '../../../src/compiler/breaking/compare/compare.ts'
import { type BreakingRuleId, breakingRule, breakingRules } from '../../../src/compiler/breaking/rule.ts'
import { check } from '../../../src/compiler/compile.ts'
import type { IrProgram } from '../../../src/compiler/ir/ir.ts'
import { renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'

const here = join(import.meta.dirname, 'rules')

function casesOf(rule: string): string[] {
  const folder = join(here, rule)
  if (!existsSync(folder)) return []
  return existsSync(join(folder, 'after'))
    ? [folder]
    : readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
}

function programOf(folder: string, version: string): IrProgram {
  const entries = readdirSync(join(folder, version))
    .sort()
    .map((name) => `${version}/${name}`)
  const host = {
    read: (path: string) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined),
  }
  const { program, diagnostics } = check({ entries, host })
  expect(diagnostics.filter(({ severity }) => severity === 'error').map((one) => renderDiagnostic(one))).toEqual([])
  return program
}

function compareCase(folder: string): Comparison {
  return compareVersions(programOf(folder, 'before'), programOf(folder, 'after'))
}

function print({ changes, declarations }: Comparison): string {
  const found = changes.map((change) => renderDiagnostic(changeDiagnostic(change))).join('\n')
  const allowed = declarations.flatMap(({ name, status, what, compatible }) =>
    status === 'added' ? [`${what} ${name} is new`] : compatible.map((text) => `${what} ${name}: ${text}`),
  )
  return allowed.length === 0 ? found : `${found}\nCompatible:\n${allowed.join('\n')}\n`
}

describe.each(Object.keys(breakingRules) as BreakingRuleId[])('%s', (rule) => {
  const cases = casesOf(rule)

  it('has two versions that break it', () => {
    expect(cases).not.toEqual([])
  })

  it.each(cases.map((folder) => relative(here, folder)))('prints the expected text for %s', (name) => {
    const folder = join(here, name)
    const comparison = compareCase(folder)
    const text = print(comparison)
    const expected = join(folder, 'expected.txt')
    if (process.env['UPDATE_DIAGNOSTICS'] === '1') writeFileSync(expected, text)
    expect(comparison.changes.map((change) => change.rule)).toContain(rule)
    for (const change of comparison.changes) expect(change.category).toBe(breakingRule(change.rule).category)
    expect(text).toBe(existsSync(expected) ? readFileSync(expected, 'utf8') : '')
  })

  it.each(cases.map((folder) => relative(here, folder)))('finds nothing where nothing changed in %s', (name) => {
    const folder = join(here, name)
    for (const version of ['before', 'after']) {
      expect(compareVersions(programOf(folder, version), programOf(folder, version))).toEqual({
        changes: [],
        declarations: [],
      })
    }
  })
})

describe('the folders', () => {
  it('are named after rules', () => {
    expect(readdirSync(here).filter((name) => !Object.hasOwn(breakingRules, name))).toEqual([])
  })
})
