/** `volo cache clean`: empties the cache of git sources. */

import { ProjectError } from '../../../project/project-error.ts'
import { byteSize } from '../../byte-size.ts'
import { done } from '../../exit-code.ts'
import type { CommandRegistry } from '../../run.ts'
import { whileLocked } from '../../while-locked.ts'

interface CacheCleanOptions {
  readonly unused?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addCacheClean({ program, action }: CommandRegistry): void {
  const command = program
    .command('clean')
    .summary('remove repos from the cache')
    .description(
      'Removes every repo from the cache, or with --unused those that no command has opened for a while. What a project needs again is fetched again. A repo that another command is fetching stays.',
    )
    .option('--unused <days>', 'only what was not used for so many days')
    .option('--dry-run', 'remove nothing; say what would be')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExamples:\n  volo cache clean\n  volo cache clean --unused 30 --dry-run')
  action<[], CacheCleanOptions>(command, async (run, _args, { unused, dryRun }) => {
    const unusedDays = unused === undefined ? undefined : Number(unused)
    if (unusedDays !== undefined && !(unused !== '' && unusedDays >= 0 && unusedDays <= 36_500)) {
      throw new ProjectError(`--unused is '${unused}', and must be a number of days`, { usage: true })
    }
    const { cleanCache } = await import('../../../project/git/clean-cache.ts')
    const cleaned = await whileLocked(run, undefined, ({ signal }) =>
      cleanCache({ env: run.io.env, unusedDays, dryRun, signal }),
    )
    run.output.json(cleaned)
    const { repos, commits, bytes, inUse, folder } = cleaned
    const removed = dryRun === true ? 'would remove' : 'removed'
    for (const one of repos) run.output.info(`${removed}  ${one.url ?? one.folder}`)
    for (const one of inUse) run.output.warn(`${one} is in use, and stays`)
    const count = commits === 1 ? '1 commit' : `${commits} commits`
    run.output.result(`${removed} ${count}, ${byteSize(bytes)}, from ${folder}`)
    return done
  })
}
