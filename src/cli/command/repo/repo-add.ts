/** `volo repo add`: a git repo for IDLs to come from. */

import { Option } from 'commander'
import type { Config, ConfigProtocol } from '../../../project/config/config.ts'
import { pathFrom } from '../../../project/display-path.ts'
import { done, type ExitCode, failed } from '../../exit-code.ts'
import { changeOrBeginProject } from '../../open-project.ts'
import { isPlanned, registryFiles, shortCommit, withStore } from '../../planning.ts'
import type { CommandRegistry, Run } from '../../run.ts'
import { changesOf, showChanges } from '../generate/generate.ts'

interface RepoAddOptions {
  readonly name?: string
  readonly ref?: string
  readonly entry?: string
  readonly protocol?: ConfigProtocol
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addRepoAdd({ program, action }: CommandRegistry): void {
  const command = program
    .command('add')
    .summary('add a git repo')
    .description(
      'Adds a git repo to an entry of volo.yml and locks it at the commit that its ref points at. The IDLs of the entry can include its files; volo idl add --repo lists IDLs of it. Adding it again with another ref moves it there.',
    )
    .argument('<url>', 'https://, ssh://, git://, file://, git@host:path, or a folder')
    .option('--name <name>', 'its name in volo.yml (default: the last part of the URL)')
    .option('-r, --ref <ref>', 'a branch, a tag or a commit (default: HEAD)')
    .option('-n, --entry <name>', 'the entry of volo.yml, made when there is none (default: default)')
    .addOption(
      new Option('--protocol <kind>', 'the protocol of a new entry (default: that of the IDLs of the repo)').choices([
        'thrift',
        'protobuf',
      ]),
    )
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo repo add https://github.com/acme/idl.git
  volo repo add git@github.com:acme/idl.git -r v1.4 --name idl-v1
  volo repo add ../idl --protocol protobuf -n grpc

A credential in the URL is refused: git's credential helpers and ssh keys are used.`,
    )
  action<[string], RepoAddOptions>(command, (run, [url], options) =>
    changeOrBeginProject(run, (config, isNew, { signal }) => addRepo(run, config, isNew, url, options, signal)),
  )
}

async function addRepo(
  run: Run,
  config: Config,
  isNewProject: boolean,
  url: string,
  options: RepoAddOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { io, output } = run
  const { cwd } = io
  const { planRepoAddition } = await import('../../../project/registry/repo-registry.ts')
  const { writeRegistry } = await import('../../../project/registry/registry-write.ts')
  const result = await withStore(run, { offline: options.offline, signal }, (store) =>
    planRepoAddition(config, { ...options, url }, { cwd, store, allowOutside: run.allowOutside }),
  )
  if (!isPlanned(run, result)) return failed
  const { added, plan } = result
  const registry = await registryFiles(run, plan)
  writeRegistry(plan)
  const { entry, name, ref, commit, what, files, newEntry } = added
  output.json({
    ok: true,
    repo: { entry, name, url: added.url, ref, commit, what, files },
    registry: [...registry.created, ...registry.changed],
    ...changesOf(run, plan.generation),
  })
  const shownConfig = pathFrom(cwd, config.path)
  if (isNewProject) output.info(`created  ${shownConfig}`)
  if (newEntry !== undefined) output.info(`added    entry '${entry}' (${newEntry}) to ${shownConfig}`)
  const where = `'${ref}', ${shortCommit(commit)}, ${files === 1 ? '1 IDL file' : `${files} IDL files`}`
  if (what === 'added') output.info(`added    repo ${name} (${where}) to entry '${entry}'`)
  else if (what === 'ref changed') output.info(`moved    repo ${name} to ${where}`)
  else output.info(`${added.url} is listed already, as repo ${name} of entry '${entry}' (${where})`)
  for (const path of registry.created) output.info(`created  ${path}`)
  for (const path of registry.changed.filter((one) => one !== shownConfig)) output.info(`changed  ${path}`)
  if (plan.generation.files.some(({ action }) => action !== 'keep')) showChanges(run, plan.generation)
  if (what === 'added') output.info(`\nTo list an IDL of it: volo idl add --repo ${name} <path>`)
  return done
}
