/** `volo repo update`: git repos moved to what their refs stand for now. */

import { ProjectError } from '../../../project/project-error.ts'
import { failed } from '../../exit-code.ts'
import { changeProject, openProject } from '../../open-project.ts'
import type { CommandRegistry } from '../../run.ts'
import { addUpdateOptions, type UpdateOptions, update } from '../update.ts'

/** Adds the command. */
export function addRepoUpdate({ program, action }: CommandRegistry): void {
  const command = addUpdateOptions(
    program
      .command('update')
      .summary('move git repos to the commits that their refs point at now')
      .description(
        'Moves git repos to the commits that their refs point at now, as volo update does; fails when volo.yml has no repo.',
      )
      .argument('[repos...]', 'names of repos (default: all of them)'),
  ).addHelpText('after', '\nExamples:\n  volo repo update\n  volo repo update idl --dry-run')
  action<[string[]], UpdateOptions>(command, async (run, [names], options) => {
    const { listedRepos } = await import('../../../project/lock/lock-reconciliation.ts')
    const isReading = options.check === true || options.dryRun === true
    const body = async (config: Parameters<typeof update>[1], signal?: AbortSignal): ReturnType<typeof update> => {
      if (listedRepos(config).length === 0) {
        throw new ProjectError('volo.yml lists no git repo', { hint: 'add one with: volo repo add <url>' })
      }
      return update(run, config, names, options, signal)
    }
    if (!isReading) return changeProject(run, (config, { signal }) => body(config, signal))
    const config = await openProject(run)
    return config === undefined ? failed : body(config)
  })
}
