/** `volo cache`: the git repos that every project of the user shares. */

import type { CommandRegistry } from '../../run.ts'
import { addCacheClean } from './cache-clean.ts'
import { addCacheList } from './cache-list.ts'

/** Adds the command and its sub-commands. */
export function addCache(registry: CommandRegistry): void {
  const command = registry.program
    .command('cache')
    .description(
      'The cache of IDLs from git, which all projects share. It lies in $VOLO_CACHE, else in volo below $XDG_CACHE_HOME or where the system keeps caches. Everything in it can be fetched again.',
    )
    .addHelpText(
      'after',
      `
Examples:
  volo cache list
  volo cache clean --unused 30`,
    )
  for (const add of [addCacheList, addCacheClean]) add({ ...registry, program: command })
}
