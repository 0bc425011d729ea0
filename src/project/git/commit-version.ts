/** The IDLs of the project's own repository at a commit, read and never written. */

import { relative, sep } from 'node:path'
import { textOf } from '../../compiler/text/foreign-text.ts'
import { didYouMean } from '../../compiler/text/suggest.ts'
import { runChild } from '../child.ts'
import type { IdlVersion, VersionPlace } from '../idl-version.ts'
import { nodeHost } from '../node-host.ts'
import { ProjectError } from '../project-error.ts'
import { parseBlobs, parseTree } from './git-output.ts'
import { GitFailure, type GitRunner, runGit } from './run-git.ts'
import { followLinks } from './symbolic-link.ts'

/** The files of a repository at one commit; undefined when the folder is in no repository. */
export interface Repository {
  /** The commit of a ref: a branch, tag, commit, or what `git rev-parse` takes; undefined when there is none. */
  commitOf(ref: string): Promise<string | undefined>
  /** The files of a commit. Throws a ProjectError for IDLs that lie in a submodule. */
  versionAt(ref: string, commit: string, place: VersionPlace): Promise<IdlVersion>
  /** A ref that may have been meant, as a hint. */
  hintFor(ref: string): Promise<string | undefined>
}

/** The repository that holds a folder. */
export async function repositoryOf(folder: string, runner: GitRunner): Promise<Repository | undefined> {
  const found = await findRepository(folder, runner)
  if (found === undefined) return undefined
  const { store, prefix } = found
  const git = (args: readonly string[], doing: string, input?: string): Promise<Buffer> =>
    runGit(runner, args, { store, doing, ...(input !== undefined && { input }) })
  const ask = async (args: readonly string[]): Promise<string | undefined> => {
    try {
      return (await git(args, 'look at the repository')).toString('utf8').replace(/\n$/, '')
    } catch (error) {
      // Where there is no such ref, git fails without a word.
      if (error instanceof GitFailure && error.words === '') return undefined
      throw error
    }
  }
  return {
    commitOf: (ref) =>
      ref.startsWith('-')
        ? Promise.resolve(undefined)
        : ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]),
    async versionAt(ref, commit, { cwd, base, files }) {
      const tree = treeOf(await git(['ls-tree', '-r', '-z', '--full-tree', commit], `list the files of ${ref}`))
      const pathOf = (path: string): string | undefined => inRepository(prefix, base, path)
      for (const file of files) refuseSubmodule(tree.submodules, pathOf(file), ref)
      const ids = new Set([...tree.blobs.values(), ...tree.links.values()])
      const input = [...ids].map((id) => `${id}\n`).join('')
      const texts = parseBlobs(await git(['cat-file', '--batch'], `read the files of ${ref}`, input), notFetched)
      const targets = new Map([...tree.links].map(([path, id]) => [path, texts.get(id)?.toString('utf8') ?? '']))
      const disk = nodeHost(cwd)
      return {
        read(path) {
          const inside = pathOf(path)
          if (inside === undefined) return disk.read(path)
          const to = followLinks(targets, inside)
          const id = typeof to === 'string' ? tree.blobs.get(to) : undefined
          const bytes = id === undefined ? undefined : texts.get(id)
          return bytes === undefined ? undefined : textOf(bytes)
        },
        label(path) {
          const inside = pathOf(path)
          return inside === undefined ? path : `${ref}:${inside}`
        },
      }
    },
    async hintFor(ref) {
      const refs = await ask(['for-each-ref', '--format=%(refname:short)', 'refs/heads', 'refs/tags', 'refs/remotes'])
      return didYouMean(ref, (refs ?? '').split('\n').filter(Boolean))
    },
  }
}

/** The git folder of the repository around a folder, and the way from its root to the folder, with a `/` at its end. */
async function findRepository(
  folder: string,
  { env, signal }: GitRunner,
): Promise<{ readonly store: string; readonly prefix: string } | undefined> {
  const args = ['rev-parse', '--absolute-git-dir', '--show-prefix']
  const { ok, output, stdout } = await runChild('git', args, { cwd: folder, env: { ...env, LC_ALL: 'C' }, signal })
  if (ok) {
    const [store = '', prefix = ''] = stdout.split('\n')
    return { store, prefix }
  }
  if (/not a git repository/.test(output)) return undefined
  throw new ProjectError(`git cannot look at the repository: ${output.trim()}`, {
    hint: 'give a folder or file with the older IDLs to --against',
  })
}

/** The path of a file in the repository; undefined when it lies outside. `prefix` is the way to `base`, with a `/` at its end. */
function inRepository(prefix: string, base: string, path: string): string | undefined {
  const names = prefix.split('/').filter(Boolean)
  for (const name of relative(base, path).split(sep)) {
    if (name === '') continue
    if (name !== '..') names.push(name)
    else if (names.pop() === undefined) return undefined
  }
  return names.join('/')
}

/** What is read of a commit: IDLs, and the files that list and lock them. */
const isRead = /(?:\.thrift|\.proto|(?:^|\/)volo\.(?:yml|lock))$/

/** What a commit holds, by path: blobs that are read, symbolic links, submodules. */
interface Tree {
  readonly blobs: ReadonlyMap<string, string>
  readonly links: ReadonlyMap<string, string>
  readonly submodules: readonly string[]
}

function treeOf(output: Buffer): Tree {
  const blobs = new Map<string, string>()
  const links = new Map<string, string>()
  const submodules: string[] = []
  for (const { mode, id, path } of parseTree(output)) {
    if (mode === '160000') submodules.push(path)
    else if (mode === '120000') links.set(path, id)
    else if (mode.startsWith('100') && isRead.test(path)) blobs.set(path, id)
  }
  return { blobs, links, submodules }
}

function notFetched(id: string): never {
  throw new ProjectError(`git does not have the file ${id} of that commit`, { hint: 'fetch it: git fetch' })
}

function refuseSubmodule(submodules: readonly string[], path: string | undefined, ref: string): void {
  const found = submodules.find((one) => path?.startsWith(`${one}/`))
  if (found === undefined) return
  throw new ProjectError(`${path} lies in the submodule ${found}, which ${ref} holds only a commit of`, {
    hint: 'check an older commit of the submodule out elsewhere, and give that folder to --against',
  })
}
