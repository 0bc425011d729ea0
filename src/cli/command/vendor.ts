/** `volo vendor`: keeps copies of the locked IDLs in the project. */

import { Option } from 'commander'
import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../project/config/config.ts'
import type { VendorChanges } from '../../project/git/vendor.ts'
import { showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import { changeProject, openProject } from '../open-project.ts'
import { withStore } from '../planning.ts'
import type { CommandRegistry, Run } from '../run.ts'

interface VendorOptions {
  readonly remove?: boolean
  readonly check?: boolean
  readonly dryRun?: boolean
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addVendor({ program, action }: CommandRegistry): void {
  const command = program
    .command('vendor')
    .description(
      'Copies the IDLs that volo.lock names to vendor/idl, from where they are read from then on: builds need neither git nor the network, and reviews show what changes. Check the folder in. Commands that move volo.lock keep the copies up to date; edits made there by hand are undone, and refused by generate --frozen.',
    )
    .addOption(
      new Option('--remove', 'remove the copies: IDLs are read from git again').conflicts(['check', 'offline']),
    )
    .option('--check', 'write nothing; exit 1 when the copies are not what volo.lock names')
    .option('--dry-run', 'write nothing; say what would be')
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExamples:\n  volo vendor\n  volo vendor --check     in CI\n  volo vendor --remove')
  action<[], VendorOptions>(command, async (run, _args, options) => {
    if (options.check !== true && options.dryRun !== true) {
      return changeProject(run, (config, { signal }) => vendor(run, config, options, signal))
    }
    const config = await openProject(run)
    return config === undefined ? failed : vendor(run, config, options, undefined)
  })
}

async function vendor(
  run: Run,
  config: Config,
  options: VendorOptions,
  signal: AbortSignal | undefined,
): Promise<ExitCode> {
  const dryRun = options.check === true || options.dryRun === true
  if (options.remove === true) {
    const { writeVendor } = await import('../../project/git/vendor.ts')
    return show(run, writeVendor(config.folder, [], { dryRun }), options)
  }
  const { readLock } = await import('../../project/lock/lock-reader.ts')
  const { vendorProject } = await import('../../project/registry/vendor-project.ts')
  const lock = readLock(config.folder, run.io.cwd)
  const result = await withStore(run, { offline: options.offline, signal }, (store) =>
    vendorProject(config, lock, store, { dryRun }),
  )
  if (showDiagnostics(run.output, result.diagnostics)) {
    run.output.json({ ok: false, diagnostics: result.diagnostics.map(diagnosticToJson) })
    return failed
  }
  if (result.repos === 0) run.output.info('no IDL comes from git; add one with: volo idl add -g <url> <path>')
  return show(run, result, options)
}

function show(run: Run, changes: VendorChanges, { check, dryRun }: VendorOptions): ExitCode {
  const { written, removed, unchanged } = changes
  const isStale = written.length + removed.length > 0
  const isFailed = check === true && isStale
  run.output.json({ ok: !isFailed, written, removed, unchanged })
  const would = dryRun === true || check === true
  for (const path of written) run.output.info(`${would ? 'would write' : 'wrote'}    ${path}`)
  for (const path of removed) run.output.info(`${would ? 'would remove' : 'removed'}  ${path}`)
  if (!isStale) {
    const files = unchanged === 1 ? '1 vendored file is' : `${unchanged} vendored files are`
    run.output.info(unchanged === 0 ? 'nothing is vendored' : `${files} up to date`)
  }
  if (!isFailed) return done
  run.output.error(`${written.length + removed.length} vendored files are not what volo.lock names`, 'run: volo vendor')
  return failed
}
