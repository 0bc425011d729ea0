/** `volo idl remove`: takes IDLs out of volo.yml, and their generated code with them. */

import { type Config, checkEntryName } from '../../../project/config/config.ts'
import { pathFrom } from '../../../project/display-path.ts'
import { done, type ExitCode, failed } from '../../exit-code.ts'
import { changeProject } from '../../open-project.ts'
import { isPlanned, planWithStore, registryFiles } from '../../planning.ts'
import type { CommandRegistry, Run } from '../../run.ts'
import { changesOf, showChanges } from '../generate/generate.ts'

interface IdlRemoveOptions {
  readonly repo?: string
  readonly entry?: string
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addIdlRemove({ program, action }: CommandRegistry): void {
  const command = program
    .command('remove')
    .alias('rm')
    .summary('remove IDLs and their generated code')
    .description(
      'Removes IDL files from volo.yml, and the code generated from them. The IDL files themselves and the handlers are kept: they are yours.',
    )
    .argument('<files...>', 'IDL files that volo.yml lists; those from git by their path in the repo')
    .option('--repo <name>', 'the repo that the files are in')
    .option('-n, --entry <name>', 'the entry of volo.yml')
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  volo idl remove idl/stock.thrift\n  volo idl remove --repo idl shop/shop.thrift',
    )
  action<[string[]], IdlRemoveOptions>(command, (run, [words], options) =>
    changeProject(run, (config, { signal }) => removeIdls(run, config, words, options, signal)),
  )
}

async function removeIdls(
  run: Run,
  config: Config,
  words: readonly string[],
  options: IdlRemoveOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { io, output } = run
  const { planRemoval } = await import('../../../project/registry/idl-registry.ts')
  const { planGeneration } = await import('../../../project/generate/generate.ts')
  const { serviceHandlers } = await import('../../../project/handler/handler-update.ts')
  const { writeRegistry } = await import('../../../project/registry/registry-write.ts')
  checkEntryName(config, options.entry)
  const { config: next, removed } = planRemoval(config, { words, ...options }, io.cwd)
  const result = await planWithStore(run, next, { offline: options.offline, signal, before: config })
  if (!isPlanned(run, result)) return failed
  const { plan } = result
  const handlers = serviceHandlers(planGeneration(config, io.cwd, plan.host))
  const gone = removed.map(({ path }) => path)
  const orphans = handlers
    .filter(({ idl, exists }) => exists && gone.includes(idl))
    .map(({ path }) => pathFrom(io.cwd, path ?? ''))
  const registry = await registryFiles(run, plan)
  writeRegistry(plan)
  const shownConfig = pathFrom(io.cwd, next.path)
  output.json({
    ok: true,
    idls: removed.map(({ path, entry }) => ({ path, entry })),
    registry: [...registry.changed, ...registry.removed],
    ...changesOf(run, plan.generation),
    handlersLeft: orphans,
  })
  for (const { path, entry } of removed) output.info(`removed  ${path} from entry '${entry}' of ${shownConfig}`)
  for (const path of registry.changed.filter((one) => one !== shownConfig)) output.info(`changed  ${path}`)
  showChanges(run, plan.generation)
  for (const path of orphans) output.info(`${path} is yours and was kept; delete it if nothing needs it`)
  return done
}
