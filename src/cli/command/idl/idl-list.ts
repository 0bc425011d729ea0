/** `volo idl list`: the IDLs of a project and their services. */

import { oneLine } from '../../escape-controls.ts'
import { done, failed } from '../../exit-code.ts'
import { openProject } from '../../open-project.ts'
import { shortCommit, showProblems, withStore } from '../../planning.ts'
import type { CommandRegistry } from '../../run.ts'

interface IdlListOptions {
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addIdlList({ program, action }: CommandRegistry): void {
  const command = program
    .command('list')
    .alias('ls')
    .summary('list the IDLs and their services')
    .description('Lists the IDLs of volo.yml: entry, file, services, and where those from git stand.')
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the list as JSON')
    .addHelpText('after', '\nExamples:\n  volo idl list\n  volo idl list --json')
  action<[], IdlListOptions>(command, async (run, _args, options) => {
    const config = await openProject(run)
    if (config === undefined) return failed
    const { cwd } = run.io
    const { listedIdls } = await import('../../../project/registry/idl-registry.ts')
    const { check } = await import('../../../compiler/compile.ts')
    const { openSources } = await import('../../../project/registry/git-source.ts')
    const { readLock } = await import('../../../project/lock/lock-reader.ts')
    const lock = readLock(config.folder, cwd)
    const sources = await withStore(run, options, (store) => openSources(config, { cwd, lock, store, vendored: true }))
    if (showProblems(run, sources)) return failed
    const rows = listedIdls(config, cwd).map(({ entry, protocol, path, idl, roots }) => {
      const repo = sources.repos.find((one) => one.entry === entry && one.name === idl.repo)
      const pooled = sources.locations.rootsOf(entry)
      const { program: checked, diagnostics } = check({
        entries: [path],
        includes: [...new Set([...roots, ...pooled])],
        host: sources.host,
      })
      const services = checked.entries.flatMap(({ declarations }) =>
        declarations.flatMap((one) => (one.kind === 'service' ? [one.name] : [])),
      )
      const errors = diagnostics.filter(({ severity }) => severity === 'error').length
      const git = repo && { repo: repo.name, url: repo.url, ref: repo.ref, commit: repo.commit, file: idl.path }
      return { entry, protocol, source: idl.source, path, ...git, includes: idl.includes ?? [], services, errors }
    })
    run.output.json(rows)
    if (rows.length === 0) run.output.info('volo.yml lists no IDL; add one with: volo idl add <file>')
    const entryWidth = Math.max(...rows.map(({ entry }) => entry.length))
    const pathWidth = Math.max(...rows.map(({ path }) => path.length))
    for (const { entry, path, services, errors, repo, ref, commit } of rows) {
      const about =
        errors > 0
          ? `${errors === 1 ? '1 error' : `${errors} errors`} (volo check)`
          : services.join(', ') || 'no services'
      const at = commit === undefined ? '' : `  ${repo} ${ref} ${shortCommit(commit)}`
      run.output.result(`${entry.padEnd(entryWidth)}  ${oneLine(path).padEnd(pathWidth)}  ${about}${at}`)
    }
    return done
  })
}
