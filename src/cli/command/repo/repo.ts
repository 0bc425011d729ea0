/** `volo repo`: the git repos that IDLs come from. */

import type { CommandRegistry } from '../../run.ts'
import { addRepoAdd } from './repo-add.ts'
import { addRepoList } from './repo-list.ts'
import { addRepoRemove } from './repo-remove.ts'
import { addRepoUpdate } from './repo-update.ts'

/** Adds the command and its sub-commands. */
export function addRepo(registry: CommandRegistry): void {
  const command = registry.program
    .command('repo')
    .description('The git repos of volo.yml that IDLs come from, each locked at a commit in volo.lock.')
    .addHelpText(
      'after',
      `
Examples:
  volo repo add https://github.com/acme/idl.git
  volo repo list
  volo repo update idl
  volo repo remove idl`,
    )
  for (const add of [addRepoAdd, addRepoList, addRepoUpdate, addRepoRemove]) add({ ...registry, program: command })
}
