/** Planning a new project from IDLs in git: these are not copied, volo.yml and volo.lock say where they are. */

import { join } from 'node:path'
import { hasErrors } from '../../compiler/compile.ts'
import type { Config } from '../config/config.ts'
import { emptyConfig, newConfig } from '../config/config-text.ts'
import { pathFrom } from '../display-path.ts'
import type { GitStore } from '../git/git-store.ts'
import { lockName } from '../lock/lock.ts'
import { readLock } from '../lock/lock-reader.ts'
import { type GitIdlWords, planGitIdls } from '../registry/git-addition.ts'
import { openSources } from '../registry/git-source.ts'
import { planAddition } from '../registry/idl-registry.ts'
import { lockText, planRegistry, withText } from '../registry/registry-plan.ts'
import { completePlan, type NewProject, type NewProjectResult } from './new-project.ts'

/** What a new project from git is made of. */
export interface NewGitProject extends Omit<NewProject, 'idls' | 'includes' | 'protocol'> {
  /** Where the project will be, absolute. */
  readonly folder: string
  readonly git: Omit<GitIdlWords, 'entry'>
}

/** Plans a project; nothing is written but the cache. */
export async function planGitProject(
  project: NewGitProject,
  { cwd, store }: { readonly cwd: string; readonly store: () => Promise<GitStore> },
): Promise<NewProjectResult> {
  const path = join(project.folder, 'volo.yml')
  const empty = emptyConfig(path, pathFrom(cwd, path))
  const lock = readLock(join(project.folder, '.'), cwd)
  const found = await planGitIdls(empty, project.git, { cwd, lock, store })
  const { host } = await openSources(found.config, { cwd, lock, store, moveTo: found.moveTo })
  const { config, diagnostics } = planAddition(found.config, { idls: found.idls, host }, cwd)
  if (hasErrors(diagnostics)) return { ok: false, diagnostics }
  const written = withText(config, configText(config, project.template))
  const result = await planRegistry(written, { cwd, store, moveTo: found.moveTo })
  if (!result.ok) return result
  const { plan } = result
  const { groups, files } = plan.generation
  if (groups[0] === undefined) return { ok: false, diagnostics }
  return completePlan(
    { ...project, isFromGit: true },
    {
      diagnostics,
      files: [
        { path: 'volo.yml', text: plan.config.source.text },
        { path: lockName, text: lockText(plan) ?? '' },
        ...files
          .filter(({ action }) => action !== 'remove')
          .map((file) => ({ path: pathFrom(project.folder, file.path), text: file.text })),
      ],
      named: groups[0].named,
      entries: found.idls.map(({ idl }) => idl.path),
      instead: [],
    },
  )
}

/** The same IDLs in the layout of a new volo.yml. */
function configText({ entries }: Config, template: NewProject['template']): string {
  return newConfig(
    Object.entries(entries).map(([name, { protocol, repos = {}, services = [] }]) => ({
      name,
      protocol,
      repos: Object.entries(repos).map(([key, repo]) => ({ ...repo, name: key, lock: repo.lock ?? '' })),
      idls: services.map(({ idl }) => ({ repo: idl.repo, path: idl.path, includes: idl.includes ?? [] })),
      typescript: template === 'client' ? { handlers: false } : {},
    })),
  )
}
