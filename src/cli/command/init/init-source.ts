/** `volo init -g`: where the IDLs of a new project come from, files or a git repo. */

import { resolve } from 'node:path'
import { Option } from 'commander'
import { ProjectError } from '../../../project/project-error.ts'
import type { NewProject, NewProjectResult } from '../../../project/scaffold/new-project.ts'
import { withStore } from '../../planning.ts'
import type { Run } from '../../run.ts'

/** The options about git sources. */
export interface InitSourceOptions {
  readonly includes?: readonly string[]
  readonly gitUrl?: string
  readonly ref?: string
  readonly repo?: string
  readonly offline?: boolean
}

/** `--git` beside `--no-git`, which is about a repository for the project: commander would give both one value. */
export function gitOption(): Option {
  const option = new Option('-g, --git <url>', 'the git repo that the IDLs are in: a URL, git@host:path, or a folder')
  option.attributeName = () => 'gitUrl'
  return option
}

/** What the project is made from. */
interface ProjectWords extends Omit<NewProject, 'includes'> {
  readonly folder: string
  readonly words: readonly string[]
}

/** Plans the project from its words: files here, or with `--git` paths in the repo. */
export async function planFrom(
  run: Run,
  options: InitSourceOptions,
  { folder, words, ...project }: ProjectWords,
): Promise<NewProjectResult> {
  const { cwd } = run.io
  const { gitUrl: url, ref, repo: name, includes = [], offline } = options
  if (url === undefined) {
    const { planProject } = await import('../../../project/scaffold/new-project.ts')
    return planProject({ ...project, includes: includes.map((one) => resolve(cwd, one)) }, cwd)
  }
  const { planGitProject } = await import('../../../project/scaffold/new-git-project.ts')
  const stop = new AbortController()
  const release = run.io.onInterrupt(() => stop.abort())
  try {
    return await withStore(run, { offline, signal: stop.signal }, (store) =>
      planGitProject(
        { ...project, folder, git: { url, ref, name, includes, paths: words, all: false } },
        { cwd, store },
      ),
    )
  } finally {
    release()
  }
}

/** Throws a usage ProjectError for options about a repo without one, and a repo without IDLs. */
export function checkGitOptions(options: InitSourceOptions, words: readonly string[]): void {
  if (options.gitUrl !== undefined && words.length === 0) {
    throw new ProjectError('there is no IDL to start from', {
      hint: 'name the IDL files in the repo, after the name of the project',
      usage: true,
    })
  }
  const alone = options.ref !== undefined ? '-r' : options.repo !== undefined ? '--repo' : undefined
  if (alone !== undefined && options.gitUrl === undefined) {
    throw new ProjectError(`${alone} is about a git repo, and there is none`, {
      hint: 'give its URL with -g',
      usage: true,
    })
  }
}
