/** `volo repo remove`: takes a git repo out of volo.yml. */

import type { Config } from '../../../project/config/config.ts'
import { pathFrom } from '../../../project/display-path.ts'
import { ProjectError } from '../../../project/project-error.ts'
import { done, type ExitCode, failed } from '../../exit-code.ts'
import { changeProject } from '../../open-project.ts'
import { isPlanned, planWithStore, registryFiles, showProblems } from '../../planning.ts'
import type { CommandRegistry, Run } from '../../run.ts'
import { changesOf, showChanges } from '../generate/generate.ts'

interface RepoRemoveOptions {
  readonly entry?: string
  readonly force?: boolean
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addRepoRemove({ program, action }: CommandRegistry): void {
  const command = program
    .command('remove')
    .alias('rm')
    .summary('remove a git repo')
    .description(
      'Removes a git repo from volo.yml and volo.lock. Fails while volo.yml lists an IDL from it; with --force these IDLs and their generated code are removed too. Handlers are kept: they are yours.',
    )
    .argument('<name>', 'its name in volo.yml')
    .option('-n, --entry <name>', 'the entry of volo.yml, when several have a repo of that name')
    .option('-f, --force', 'also remove the IDLs that come from it')
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExamples:\n  volo repo remove idl\n  volo repo remove idl --force')
  action<[string], RepoRemoveOptions>(command, (run, [name], options) =>
    changeProject(run, (config, { signal }) => removeRepo(run, config, name, options, signal)),
  )
}

async function removeRepo(
  run: Run,
  config: Config,
  name: string,
  options: RepoRemoveOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { io, output } = run
  const { findRepoRow, repoRows, withoutRepo } = await import('../../../project/registry/repo-registry.ts')
  const { readLock } = await import('../../../project/lock/lock-reader.ts')
  const { writeRegistry } = await import('../../../project/registry/registry-write.ts')
  const lock = readLock(config.folder, io.cwd)
  if (showProblems(run, lock)) return failed
  const row = findRepoRow(repoRows(config, lock), name, options.entry)
  if (row.idls.length > 0 && options.force !== true) {
    throw new ProjectError(`repo '${name}' is used: ${row.idls.join(', ')} of entry '${row.entry}' come from it`, {
      hint: 'take these out first with: volo idl remove, or all at once with --force',
    })
  }
  const result = await planWithStore(run, withoutRepo(config, row), {
    offline: options.offline,
    signal,
    before: config,
  })
  if (!isPlanned(run, result)) {
    output.error(`repo '${name}' stays: what it holds is included by IDLs of other places`)
    return failed
  }
  const { plan } = result
  const registry = await registryFiles(run, plan)
  writeRegistry(plan)
  output.json({
    ok: true,
    repo: { entry: row.entry, name, url: row.url, ref: row.ref },
    idls: row.idls,
    registry: [...registry.changed, ...registry.removed],
    ...changesOf(run, plan.generation),
  })
  const shownConfig = pathFrom(io.cwd, config.path)
  output.info(`removed  repo ${name} from entry '${row.entry}' of ${shownConfig}`)
  for (const path of row.idls) output.info(`removed  ${path} from entry '${row.entry}' of ${shownConfig}`)
  for (const path of registry.changed.filter((one) => one !== shownConfig)) output.info(`changed  ${path}`)
  for (const path of registry.removed) output.info(`removed  ${path}`)
  if (plan.generation.files.some(({ action }) => action !== 'keep')) showChanges(run, plan.generation)
  return done
}
