/** `volo migrate`: Rust Volo's configuration files as volo.yml. */

import { dirname, resolve } from 'node:path'
import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import { pathFrom } from '../../project/display-path.ts'
import type { MigrationPlan } from '../../project/migration/migrate-file.ts'
import { showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import type { CommandRegistry, Run } from '../run.ts'
import { whileLocked } from '../while-locked.ts'

interface MigrateOptions {
  readonly output?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addMigrate({ program, action }: CommandRegistry): void {
  const command = program
    .command('migrate')
    .description(
      'Converts a configuration file of Rust Volo to a volo.yml: the legacy format (up to 0.9), the current one, and volo.workspace.yml. The old file is kept as volo.yml.bak; comments are kept. Writes everything or nothing, and needs no network. Without a file: volo.yml, volo-gen/volo.yml or volo.workspace.yml of this folder.',
    )
    .argument('[file]', 'the file, or the folder that it is in')
    .option('-o, --output <file>', 'write the result here, with its paths adjusted, and keep the old file')
    .option('--dry-run', 'write nothing, print the result')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo migrate
  volo migrate volo-gen/volo.yml --dry-run
  volo migrate ../rust-shop/volo-gen/volo.yml --output volo.yml`,
    )
  action<[string | undefined], MigrateOptions>(command, async (run, [word], options) => {
    const { findMigrationFile } = await import('../../project/migration/migrate-file.ts')
    const from = findMigrationFile(run.io.cwd, word)
    const output = options.output === undefined ? undefined : resolve(run.io.cwd, options.output)
    if (options.dryRun === true) return migrate(run, from, output, true)
    return whileLocked(run, dirname(output ?? from), () => migrate(run, from, output, false))
  })
}

async function migrate(run: Run, from: string, output: string | undefined, dryRun: boolean): Promise<ExitCode> {
  const { planMigration, writeMigration } = await import('../../project/migration/migrate-file.ts')
  const { cwd } = run.io
  const plan = planMigration(from, output, cwd)
  const isError = showDiagnostics(run.output, plan.diagnostics)
  const backup = isError || dryRun || plan.isDone ? undefined : writeMigration(plan)
  run.output.json({
    ok: !isError,
    dryRun,
    format: plan.format,
    from: pathFrom(cwd, plan.from),
    to: pathFrom(cwd, plan.to),
    changed: !isError && !plan.isDone,
    backup: backup && pathFrom(cwd, backup),
    notes: plan.notes,
    ...(isError ? {} : { text: plan.config.source.text }),
    diagnostics: plan.diagnostics.map(diagnosticToJson),
  })
  if (isError) {
    if (run.output.options.json !== true) run.output.raw('nothing was written\n')
    return failed
  }
  if (dryRun && !plan.isDone) {
    run.output.result(plan.config.source.text.trimEnd())
  }
  showMigration(run, plan, backup, dryRun)
  return done
}

function showMigration(run: Run, plan: MigrationPlan, backup: string | undefined, dryRun: boolean): void {
  const { output, io } = run
  const [from, to] = [pathFrom(io.cwd, plan.from), pathFrom(io.cwd, plan.to)]
  if (plan.isDone) {
    output.info(`${from} needs no migration: it is read as it is.`)
    return
  }
  if (output.options.json !== true) for (const note of plan.notes) output.warn(note)
  if (dryRun) return
  const entries = Object.values(plan.config.entries)
  const count = (n: number, noun: string, nouns: string): string => `${n} ${n === 1 ? noun : nouns}`
  const idls = entries.reduce((sum, entry) => sum + (entry.services ?? []).length, 0)
  const repos = entries.reduce((sum, entry) => sum + Object.keys(entry.repos ?? {}).length, 0)
  const parts = [count(entries.length, 'entry', 'entries'), count(idls, 'IDL', 'IDLs'), count(repos, 'repo', 'repos')]
  output.info(`migrated ${from}${from === to ? '' : ` to ${to}`} (${plan.format} format): ${parts.join(', ')}`)
  if (backup !== undefined) output.info(`kept     ${pathFrom(io.cwd, backup)}, the file as it was`)
  output.info(`\nNext: volo generate${to === 'volo.yml' ? '' : ` --config ${to}`}`)
}
