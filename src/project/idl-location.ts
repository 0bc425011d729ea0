/** Where the compiler finds the IDLs of a volo.yml: files of the project by their paths, files of git repos below `git:`. */

import { resolve } from 'node:path'
import { below, joinPath } from '../compiler/path.ts'
import type { Config, ConfigIdl } from './config/config.ts'
import { pathFrom } from './display-path.ts'
import { repoPath } from './git/repo-path.ts'
import { parseGitUrl } from './git/url.ts'
import { type ListedRepo, listedRepos } from './lock/lock-reconciliation.ts'

/** A repo of an entry and the folder that its files have for the compiler: `git:/github.com/acme/idl`. */
export interface Mount extends ListedRepo {
  readonly path: string
}

/** The locations of a project's IDLs. Paths are as the compiler sees them: from the current folder, or below `git:`. */
export interface IdlLocations {
  /** One per repo of each entry; several share a path when they are one URL at one ref. */
  readonly mounts: readonly Mount[]
  /** The path of an IDL of an entry. */
  pathOf(entry: string, idl: ConfigIdl): string
  /** The folders that the includes of an entry's IDLs are searched in: what its IDLs name, then the root of each of its repos. */
  rootsOf(entry: string): string[]
  /** The repo that a file lies in, and its path there; undefined for a file of the project. */
  inRepo(path: string): { readonly mount: Mount; readonly path: string } | undefined
}

/** The first segment of the paths of files from git. */
const space = 'git:'

/** The part of the path of a file from git that its includes may not leave; undefined for files of the project. */
export function boundaryOf(path: string): string | undefined {
  return path.startsWith(space) && path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined
}

/** The locations of the IDLs of a volo.yml, seen from `cwd`. */
export function idlLocations(config: Config, cwd: string): IdlLocations {
  const mounts = mountRepos(listedRepos(config), config.folder)
  const mountOf = (entry: string, name: string | undefined): Mount | undefined =>
    mounts.find((one) => one.entry === entry && one.name === name)
  const place = (entry: string, idl: ConfigIdl, path: string): string => {
    if (idl.source === 'local') return pathFrom(cwd, resolve(config.folder, path))
    const mount = mountOf(entry, idl.repo)?.path ?? `${space}/${idl.repo ?? ''}`
    // What leads out of the repo stays a path that no file has.
    return joinPath(mount, below('', repoPath(path)) ?? '..')
  }
  return {
    mounts,
    pathOf: (entry, idl) => place(entry, idl, idl.path),
    rootsOf(entry) {
      const idls = (config.entries[entry]?.services ?? []).map(({ idl }) => idl)
      const named = idls.flatMap((idl) => (idl.includes ?? []).map((root) => place(entry, idl, root)))
      return [...named, ...mounts.filter((one) => one.entry === entry).map(({ path }) => path)]
    },
    inRepo(path) {
      for (const mount of mounts) {
        const inside = below(mount.path, path)
        if (inside !== undefined) return { mount, path: inside }
      }
      return undefined
    },
  }
}

/**
 * Gives each repo its folder: by host and path, so that a file includes one of another repo as `acme/common/money.thrift`, as in Rust
 * Volo. A second ref of one URL has its ref in the name; an entry that has another repo or ref at a path that an earlier entry uses gets a space of its own.
 */
function mountRepos(repos: readonly ListedRepo[], folder: string): Mount[] {
  const shared = new Map<string, string>()
  const mounts: Mount[] = []
  for (const entry of new Set(repos.map((one) => one.entry))) {
    const own = new Map<string, string>()
    const named = repos
      .filter((one) => one.entry === entry)
      .map((repo) => {
        const source = JSON.stringify([repo.url, repo.ref])
        const base = folderOf(repo.url, folder)
        const names = [base, `${base}@${repo.ref.replaceAll(/[^\w.-]/g, '_')}`]
        for (let n = 2; ; n++) {
          const name = names.shift() ?? `${base}@${n}`
          if ((own.get(name) ?? source) !== source) continue
          own.set(name, source)
          return { repo, name, source }
        }
      })
    const isApart = named.some(({ name, source }) => (shared.get(name) ?? source) !== source)
    for (const { repo, name, source } of named) {
      if (!isApart) shared.set(name, source)
      mounts.push({ ...repo, path: `${space}${isApart ? entry.replaceAll('/', '_') : ''}${name}` })
    }
  }
  return mounts
}

/** `/github.com/acme/idl`; of a folder of this machine the last two names. */
function folderOf(url: string, base: string): string {
  const { protocol, host, path } = parseGitUrl(url, base)
  const names = path
    .split(/[/\\]/)
    .filter((name) => name !== '')
    .map((name) => name.replaceAll(/[^\w.~-]/g, '_'))
  if (protocol === 'file') return `/file/${names.slice(-2).join('/')}`
  return `/${host.replaceAll(/[^\w.-]/g, '_')}/${names.join('/')}`
}
