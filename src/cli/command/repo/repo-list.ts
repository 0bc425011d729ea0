/** `volo repo list`: the git repos of a project and where they stand. */

import { checkEntryName } from '../../../project/config/config.ts'
import { withoutCredentials } from '../../../project/git/url.ts'
import { done, failed } from '../../exit-code.ts'
import { openProject } from '../../open-project.ts'
import { shortCommit, showProblems } from '../../planning.ts'
import type { CommandRegistry } from '../../run.ts'

interface RepoListOptions {
  readonly entry?: string
  readonly json?: boolean
}

/** Adds the command. */
export function addRepoList({ program, action }: CommandRegistry): void {
  const command = program
    .command('list')
    .alias('ls')
    .summary('list the git repos')
    .description('Lists the git repos of volo.yml: entry, name, ref, commit, URL, and how many IDLs come from each.')
    .option('-n, --entry <name>', 'only those of this entry')
    .option('--json', 'print the list as JSON')
    .addHelpText('after', '\nExamples:\n  volo repo list\n  volo repo list --json')
  action<[], RepoListOptions>(command, async (run, _args, { entry }) => {
    const config = await openProject(run)
    if (config === undefined) return failed
    const { repoRows } = await import('../../../project/registry/repo-registry.ts')
    const { readLock } = await import('../../../project/lock/lock-reader.ts')
    const lock = readLock(config.folder, run.io.cwd)
    if (showProblems(run, lock)) return failed
    checkEntryName(config, entry)
    const rows = repoRows(config, lock).filter((one) => entry === undefined || one.entry === entry)
    run.output.json(
      rows.map(({ entry, name, url, ref, commit, idls, files }) => ({ entry, name, url, ref, commit, idls, files })),
    )
    if (rows.length === 0) run.output.info('volo.yml lists no git repo; add one with: volo repo add <url>')
    const cells = rows.map(({ entry, name, url, ref, commit, idls }) => [
      entry,
      name,
      ref,
      commit === undefined ? 'not locked' : shortCommit(commit),
      idls.length === 1 ? '1 IDL' : `${idls.length} IDLs`,
      withoutCredentials(url),
    ])
    const widths = [0, 1, 2, 3, 4].map((i) => Math.max(0, ...cells.map((row) => row[i]?.length ?? 0)))
    for (const row of cells) run.output.result(row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '))
    return done
  })
}
