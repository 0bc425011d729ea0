/** `volo cache list`: what the cache of git sources holds. */

import { byteSize } from '../../byte-size.ts'
import { done } from '../../exit-code.ts'
import type { CommandRegistry } from '../../run.ts'

/** Adds the command. */
export function addCacheList({ program, action }: CommandRegistry): void {
  const command = program
    .command('list')
    .alias('ls')
    .summary('list the repos in the cache')
    .description('Lists the repos in the cache: size, commits, when one was last used, URL; and the size of all.')
    .option('--json', 'print the list as JSON')
    .addHelpText('after', '\nExamples:\n  volo cache list\n  volo cache list --json')
  action(command, async (run) => {
    const { readCache } = await import('../../../project/git/cache-report.ts')
    const cache = readCache(run.io.env)
    run.output.json(cache)
    for (const { url, folder, bytes, commits, inUse } of cache.repos) {
      const used = commits[0]?.used.slice(0, 10) ?? 'never'
      const count = commits.length === 1 ? '1 commit' : `${commits.length} commits`
      const note = inUse ? '  (in use)' : ''
      run.output.result(
        `${byteSize(bytes).padStart(7)}  ${count.padStart(11)}  ${used.padEnd(10)}  ${url ?? folder}${note}`,
      )
    }
    run.output.result(`${byteSize(cache.bytes).padStart(7)}  in ${cache.folder}`)
    return done
  })
}
