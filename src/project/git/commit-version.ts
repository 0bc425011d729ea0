/** The IDLs of the project's own repository at a commit, read and never written. */

import { relative, sep } from 'node:path'
import { didYouMean } from '../../compiler/text/suggest.ts'
import type { IdlVersion, VersionPlace } from '../idl-version.ts'
import { nodeHost } from '../node-host.ts'
import { ProjectError } from '../project-error.ts'
import { GitFailure, type GitRunner, runGit } from './run-git.ts'

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
  const git = (args: readonly string[], doing: string, input?: string): Promise<Buffer> =>
    runGit(runner, ['-C', folder, ...args], { doing, ...(input !== undefined && { input }) })
  const ask = async (args: readonly string[]): Promise<string | undefined> => {
    try {
      return (await git(args, 'look at the repository')).toString('utf8').replace(/\n$/, '')
    } catch (error) {
      // Where there is no repository, or no such ref, git says so by failing.
      if (
        error instanceof GitFailure &&
        (error.trouble === 'local' || error.words === '' || /not a git/.test(error.words))
      )
        return undefined
      if (error instanceof GitFailure && /unknown revision|Needed a single|ambiguous argument/.test(error.words))
        return undefined
      throw error
    }
  }
  const prefix = await ask(['rev-parse', '--show-prefix'])
  if (prefix === undefined) return undefined
  return {
    commitOf: (ref) =>
      ref.startsWith('-')
        ? Promise.resolve(undefined)
        : ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]),
    async versionAt(ref, commit, { cwd, base, files }) {
      const tree = parseTree(await git(['ls-tree', '-r', '-z', '--full-tree', commit], `list the files of ${ref}`))
      const pathOf = (path: string): string | undefined => inRepository(prefix, base, path)
      for (const file of files) refuseSubmodule(tree.submodules, pathOf(file), ref)
      const input = [...new Set(tree.blobs.values())].map((id) => `${id}\n`).join('')
      const texts = parseBlobs(await git(['cat-file', '--batch'], `read the files of ${ref}`, input))
      const disk = nodeHost(cwd)
      return {
        name: ref,
        read(path) {
          const inside = pathOf(path)
          if (inside === undefined) return disk.read(path)
          const id = tree.blobs.get(inside)
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

function parseTree(output: Buffer): { readonly blobs: Map<string, string>; readonly submodules: readonly string[] } {
  const blobs = new Map<string, string>()
  const submodules: string[] = []
  for (const line of output.toString('utf8').split('\0')) {
    const match = /^(\d{6}) \w+ ([0-9a-f]+)\t(.+)$/s.exec(line)
    if (match === null) continue
    const [, mode, id, path] = match as unknown as [string, string, string, string]
    if (mode === '160000') submodules.push(path)
    else if (mode.startsWith('100') && isRead.test(path)) blobs.set(path, id)
  }
  return { blobs, submodules }
}

/** `<id> blob <size>`, a line break, the bytes, a line break; for each that was asked for. */
function parseBlobs(output: Buffer): Map<string, Buffer> {
  const blobs = new Map<string, Buffer>()
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at)
    const [id = '', kind, size] = output.toString('latin1', at, end).split(' ')
    if (kind !== 'blob')
      throw new ProjectError(`git does not have the file ${id} of that commit`, { hint: 'fetch it: git fetch' })
    const start = end + 1
    blobs.set(id, output.subarray(start, start + Number(size)))
    at = start + Number(size) + 1
  }
  return blobs
}

function refuseSubmodule(submodules: readonly string[], path: string | undefined, ref: string): void {
  const found = submodules.find((one) => path?.startsWith(`${one}/`))
  if (found === undefined) return
  throw new ProjectError(`${path} lies in the submodule ${found}, which ${ref} holds only a commit of`, {
    hint: 'check an older commit of the submodule out elsewhere, and give that folder to --against',
  })
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Error('it is not UTF-8 text')
  }
}
