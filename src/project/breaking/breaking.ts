/** Compares the IDLs of a project with an older version, entry by entry, without the changes that volo.yml ignores. */

import type { BreakingChange, DeclarationChange } from '../../compiler/breaking/change.ts'
import { type Comparison, compareVersions } from '../../compiler/breaking/compare/compare.ts'
import { applyIgnores, type BreakingIgnore, onlyWanted } from '../../compiler/breaking/ignore.ts'
import type { BreakingCategory } from '../../compiler/breaking/rule.ts'
import { check, hasErrors } from '../../compiler/compile.ts'
import type { SourceFile, Span } from '../../compiler/diagnostic.ts'
import type { IrProgram } from '../../compiler/ir/ir.ts'
import { normalizePath } from '../../compiler/path.ts'
import type { RenderableDiagnostic } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../config/config.ts'
import type { ComparedVersion } from './compared-version.ts'

/** What was found. */
export interface BreakingResult {
  readonly changes: readonly BreakingChange[]
  readonly declarations: readonly DeclarationChange[]
  /** The IDLs that were compared, and those that are new; as the compiler sees them. */
  readonly compared: readonly string[]
  readonly added: readonly string[]
  /** How many changes volo.yml ignores. */
  readonly ignored: number
  /** Errors of either version, and ignores that ignore nothing. With an error nothing was compared. */
  readonly diagnostics: readonly RenderableDiagnostic[]
}

/** A group of IDLs that is compiled together in both versions. */
interface Group {
  readonly before: Listed
  readonly after: Listed
  readonly ignores: readonly BreakingIgnore[]
  readonly category: BreakingCategory
  /** The place of an ignore; undefined where unused ones are nobody's business. */
  readonly placeOf: ((index: number) => Span | undefined) | undefined
}

interface Listed {
  readonly files: readonly string[]
  readonly includes: readonly string[]
}

const nothing: Listed = { files: [], includes: [] }

/** Compares named files. The ignores of a volo.yml around them hold. */
export function compareFiles(
  before: ComparedVersion,
  after: ComparedVersion,
  listed: Listed,
  config: Config | undefined,
  category: BreakingCategory | undefined,
): BreakingResult {
  const entries = Object.values(config?.entries ?? {})
  const ignores = entries.flatMap((entry) => entry.typescript?.breaking?.ignore ?? [])
  const group = {
    before: existing(before, listed),
    after: listed,
    ignores,
    category: category ?? 'source',
    placeOf: undefined,
  }
  return compareGroups(before, after, [group])
}

/** Compares what both volo.yml list: each entry with the one of its name, or `only` one. */
export function compareEntries(
  before: ComparedVersion,
  after: ComparedVersion,
  only: string | undefined,
  category: BreakingCategory | undefined,
): BreakingResult {
  const names = Object.keys(after.config?.entries ?? {})
  const groups = names
    .filter((name) => only === undefined || name === only)
    .map((name): Group => {
      const own = after.config?.entries[name]?.typescript?.breaking
      return {
        before: existing(before, listOf(before, name)),
        after: listOf(after, name),
        ignores: own?.ignore ?? [],
        category: category ?? own?.category ?? 'source',
        placeOf: (index) => after.config?.at(['entries', name, 'typescript', 'breaking', 'ignore', index]),
      }
    })
  const kept = new Set(names.flatMap((name) => listOf(after, name).files))
  for (const name of Object.keys(before.config?.entries ?? {})) {
    if (names.includes(name) || (only !== undefined && name !== only)) continue
    const { files, includes } = existing(before, listOf(before, name))
    const gone = { files: files.filter((file) => !kept.has(file)), includes }
    groups.push({ before: gone, after: nothing, ignores: [], category: category ?? 'source', placeOf: undefined })
  }
  return compareGroups(before, after, groups)
}

function listOf({ config, locations }: ComparedVersion, name: string): Listed {
  const idls = (config?.entries[name]?.services ?? []).map(({ idl }) => idl)
  if (locations === undefined || idls.length === 0) return nothing
  return {
    files: [...new Set(idls.map((idl) => normalizePath(locations.pathOf(name, idl))))],
    includes: [...new Set(locations.rootsOf(name))],
  }
}

/** Without the files that the version does not have. */
function existing({ host }: ComparedVersion, { files, includes }: Listed): Listed {
  return {
    files: files.filter((file) => {
      try {
        return host.read(file) !== undefined
      } catch {
        // The file exists; the error is reported when it is compiled.
        return true
      }
    }),
    includes,
  }
}

function compareGroups(before: ComparedVersion, after: ComparedVersion, groups: readonly Group[]): BreakingResult {
  const shown = labeller(before)
  const diagnostics: RenderableDiagnostic[] = []
  const results: { readonly comparison: Comparison; readonly group: Group; readonly used: readonly number[] }[] = []
  for (const group of groups) {
    const old = programOf(before, group.before)
    const now = programOf(after, group.after)
    diagnostics.push(...old.errors.map((one) => relabelled(one, shown)), ...now.errors)
    if (old.errors.length + now.errors.length > 0) continue
    const { comparison, used } = applyIgnores(compareVersions(old.program, now.program), group.ignores)
    results.push({ comparison: onlyWanted(comparison, group.category), group, used })
  }
  if (diagnostics.length > 0) {
    return { changes: [], declarations: [], compared: [], added: [], ignored: 0, diagnostics }
  }
  for (const { group, used } of results) diagnostics.push(...unusedIgnores(group, used))
  const old = new Set(groups.flatMap((group) => group.before.files))
  const now = [...new Set(groups.flatMap((group) => group.after.files))]
  const unique = distinct(results.map(({ comparison }) => comparison))
  return {
    changes: unique.changes.map((change) => relabelledChange(change, shown)),
    declarations: unique.declarations,
    compared: [...old],
    added: now.filter((file) => !old.has(file)),
    ignored: results.reduce((sum, { used }) => sum + used.reduce((a, b) => a + b, 0), 0),
    diagnostics,
  }
}

function programOf(
  { host }: ComparedVersion,
  { files, includes }: Listed,
): { readonly program: IrProgram; readonly errors: readonly RenderableDiagnostic[] } {
  const { program, diagnostics } = check({ entries: files, includes, host })
  return { program, errors: hasErrors(diagnostics) ? diagnostics.filter(({ severity }) => severity === 'error') : [] }
}

/** A file that several entries reach is compared in each, and said once. */
function distinct(comparisons: readonly Comparison[]): Comparison {
  const seen = new Set<string>()
  const isNew = (key: string): boolean => seen.size < seen.add(key).size
  return {
    changes: comparisons.flatMap(({ changes }) =>
      changes.filter((one) =>
        isNew(JSON.stringify([one.rule, one.subject, one.message, placeKey(one.before), placeKey(one.after)])),
      ),
    ),
    declarations: comparisons.flatMap(({ declarations }) =>
      declarations.filter(({ what, name, status }) => isNew(`${what} ${name} ${status}`)),
    ),
  }
}

function placeKey(span: Span | undefined): string {
  return span === undefined ? '' : `${span.source.path}:${span.start}`
}

function unusedIgnores({ ignores, placeOf }: Group, used: readonly number[]): RenderableDiagnostic[] {
  if (placeOf === undefined) return []
  return ignores.flatMap(({ rule, subject, path }, i) => {
    if (used[i] !== 0) return []
    const of = [subject, path].filter((one) => one !== undefined).map((one) => ` of '${one}'`)
    return {
      code: 'unused-ignore',
      severity: 'warning' as const,
      message: `nothing breaks '${rule}'${of.join('')}, so this ignores nothing`,
      span: placeOf(i),
      related: [],
      hint: 'remove it once what it was for is in the version that you compare with',
    }
  })
}

type Shown = (source: SourceFile) => SourceFile

function labeller({ label }: ComparedVersion): Shown {
  const known = new Map<SourceFile, SourceFile>()
  return (source) => {
    const found = known.get(source) ?? { ...source, path: label(source.path) }
    known.set(source, found)
    return found
  }
}

function shownSpan(span: Span | undefined, shown: Shown): Span | undefined {
  return span === undefined ? undefined : { ...span, source: shown(span.source) }
}

function relabelledChange(change: BreakingChange, shown: Shown): BreakingChange {
  return { ...change, before: shownSpan(change.before, shown) }
}

function relabelled(diagnostic: RenderableDiagnostic, shown: Shown): RenderableDiagnostic {
  const related = diagnostic.related.map((place) => ({ ...place, span: shownSpan(place.span, shown)! }))
  return { ...diagnostic, span: shownSpan(diagnostic.span, shown), related }
}
