/** `volo breaking`: whether IDLs still fit an older version of them. */

import { changeDiagnostic } from '../../compiler/breaking/change-diagnostic.ts'
import { type BreakingCategory, breakingCategories } from '../../compiler/breaking/rule.ts'
import { diagnosticToJson, type RenderableDiagnostic } from '../../compiler/text/render-diagnostic.ts'
import type { BreakingResult } from '../../project/breaking/breaking.ts'
import { type Config, checkEntryName } from '../../project/config/config.ts'
import { ProjectError } from '../../project/project-error.ts'
import { namedFolders, showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import { withStore } from '../planning.ts'
import type { CommandRegistry, Run } from '../run.ts'
import { collect } from './collect.ts'

interface BreakingOptions {
  readonly against: string
  readonly includes?: readonly string[]
  readonly category?: string
  readonly entry?: string
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addBreaking({ program, action }: CommandRegistry): void {
  const command = program
    .command('breaking')
    .description(
      'Compares IDL files with an older version of them and writes nothing: the given ones, or those that volo.yml lists. Exits 1 when one breaks the wire, JSON or source.',
    )
    .argument('[files...]', '.thrift and .proto files; patterns such as idl/**/*.proto work too')
    .option(
      '--against <version>',
      'a branch, tag or commit of the repository that you are in; a folder or file with older IDLs; or "lock": what volo.lock holds against what the refs of git sources point at now',
      'HEAD',
    )
    .option(
      '-i, --includes <dir>',
      'with files: a folder in which includes and imports are searched (repeatable)',
      collect,
    )
    .option(
      '--category <category>',
      'wire: what breaks bytes; json: also their JSON; source: also code that uses what is generated (default: as volo.yml says, else source)',
    )
    .option('-n, --entry <name>', 'compare this entry of volo.yml only')
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the changes as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo breaking                            uncommitted changes against the last commit
  volo breaking --against origin/main      for CI
  volo breaking --against v1.4.0 --category wire
  volo breaking --against ../released idl/shop.thrift -i idl
  volo breaking --against lock             what volo update would bring

Changes that were decided on are ignored under 'breaking:' in volo.yml, each with a reason.`,
    )
  action<[string[]], BreakingOptions>(command, async (run, [files], options) => {
    const category = categoryOf(options.category)
    if (files.length > 0 && (options.against === 'lock' || options.entry !== undefined)) {
      throw new ProjectError(
        `files and ${options.entry === undefined ? '--against lock' : '--entry'} exclude each other`,
        {
          hint: 'leave the files out: volo.yml lists them',
          usage: true,
        },
      )
    }
    const config = files.length === 0 ? await openProject(run) : await projectAround(run)
    if (files.length === 0) {
      if (config === undefined) return failed
      checkEntryName(config, options.entry)
    }
    const { planComparison } = await import('../../project/breaking/comparison.ts')
    run.output.sourceRoots.push(...namedFolders([...files, options.against], options.includes, run.io.cwd))
    const result = await withStore(run, { offline: options.offline }, (store) =>
      planComparison(config, { ...options, files, category }, { cwd: run.io.cwd, env: run.io.env, store }),
    )
    return show(run, result, options.against)
  })
}

function categoryOf(text: string | undefined): BreakingCategory | undefined {
  const found = breakingCategories.find((one) => one === text)
  if (text === undefined || found !== undefined) return found
  throw new ProjectError(`there is no category '${text}'`, {
    hint: `the categories are ${breakingCategories.join(', ')}`,
    usage: true,
  })
}

/** The volo.yml around files that were named, for its ignores; undefined where there is none. */
async function projectAround(run: Run): Promise<Config | undefined> {
  const { findConfig } = await import('../../project/config/config.ts')
  try {
    findConfig(run.io.cwd, run.config)
  } catch (error) {
    if (error instanceof ProjectError && run.config === undefined) return undefined
    throw error
  }
  return openProject(run)
}

function show(run: Run, result: BreakingResult, against: string): ExitCode {
  const { output } = run
  const { changes, diagnostics } = result
  const isBroken = diagnostics.some(({ severity }) => severity === 'error')
  const ok = !isBroken && changes.length === 0
  const found: RenderableDiagnostic[] = [...diagnostics, ...changes.map(changeDiagnostic)]
  showDiagnostics(output, found)
  output.json({
    ok,
    against,
    files: result.compared,
    added: result.added,
    ignored: result.ignored,
    changes: changes.map((change) => ({
      rule: change.rule,
      category: change.category,
      subject: change.subject,
      ...diagnosticToJson({ ...changeDiagnostic(change), message: change.message }),
    })),
    declarations: result.declarations.map(({ name, what, status, breaks, compatible }) => ({
      name,
      what,
      status,
      breaks: breaks ?? null,
      compatible,
    })),
    diagnostics: diagnostics.map(diagnosticToJson),
  })
  if (isBroken) return failed
  for (const { name, what, status, compatible } of result.declarations) {
    if (status === 'added') output.detail(`new      ${what} ${name}`)
    for (const text of compatible) output.detail(`allowed  ${what} ${name}: ${text}`)
  }
  for (const file of result.added) output.detail(`new      ${file}`)
  output.info(summary(result, against))
  return ok ? done : failed
}

function summary({ changes, compared, added, ignored }: BreakingResult, against: string): string {
  const files = `${compared.length} ${compared.length === 1 ? 'file' : 'files'}`
  const more = [
    ...(added.length > 0 ? [`${added.length} new`] : []),
    ...(ignored > 0 ? [`${ignored} ${ignored === 1 ? 'change' : 'changes'} ignored`] : []),
  ]
  const counts = breakingCategories.flatMap((category) => {
    const n = changes.filter((change) => change.category === category).length
    return n === 0 ? [] : [`${n} ${n === 1 ? 'breaks' : 'break'} ${category}`]
  })
  const found = counts.length === 0 ? 'nothing breaks' : counts.join(', ')
  return `Compared ${files} with ${against}: ${found}${more.length > 0 ? ` (${more.join(', ')})` : ''}.`
}
