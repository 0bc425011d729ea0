/** The two versions of a project that are compared: its files as they are, as they were, and with the newest of its git sources. */

import { join, resolve } from 'node:path'
import type { Host } from '../../compiler/host.ts'
import { type Config, parseConfig } from '../config/config.ts'
import type { GitStore } from '../git/git-store.ts'
import { parseGitUrl } from '../git/url.ts'
import { boundaryOf, type IdlLocations, idlLocations } from '../idl-location.ts'
import type { IdlVersion } from '../idl-version.ts'
import { lockName } from '../lock/lock.ts'
import { parseLock, type ReadLock, readLock } from '../lock/lock-reader.ts'
import { type ListedRepo, listedRepos } from '../lock/lock-reconciliation.ts'
import { nodeHost } from '../node-host.ts'
import { ProjectError } from '../project-error.ts'
import { openSources, type Sources } from '../registry/git-source.ts'

/** One of the two versions that are compared. */
export interface ComparedVersion {
  readonly host: Host
  /** What volo.yml was; undefined where files are named. */
  readonly config: Config | undefined
  readonly locations: IdlLocations | undefined
  /** How a path of the compiler is shown. */
  label(path: string): string
}

/** What opening the versions of a project needs. */
export interface OpenVersions {
  readonly cwd: string
  readonly store: () => Promise<GitStore>
}

/** The files as they are, with the git sources of a volo.yml where they are locked. */
export async function currentVersion(config: Config | undefined, options: OpenVersions): Promise<ComparedVersion> {
  if (config === undefined) return { host: nodeHost(options.cwd), config, locations: undefined, label: (path) => path }
  return openVersion(config, readLock(config.folder, options.cwd), options, undefined)
}

/** The files of an older version: what its own volo.yml lists, or what today's does where it had none that can be read. */
export async function olderVersion(
  config: Config | undefined,
  version: IdlVersion,
  options: OpenVersions,
): Promise<ComparedVersion> {
  const { cwd } = options
  const host: Host = { read: (path) => version.read(resolve(cwd, path)) }
  const label = (path: string): string => version.label(resolve(cwd, path))
  if (config === undefined) return { host, config, locations: undefined, label }
  const text = version.read(config.path)
  const read = text === undefined ? undefined : parseConfig(text, config.path, version.label(config.path))
  const old = read !== undefined && read.diagnostics.length === 0 ? read : config
  const lockPath = join(config.folder, lockName)
  const lock = parseLock(version.read(lockPath) ?? '', lockPath, version.label(lockPath))
  const side = await openVersion(old, lock, options, undefined)
  return {
    ...side,
    host: {
      boundary: (path) => side.host.boundary?.(path),
      read: (path) => (boundaryOf(path) === undefined ? host.read(path) : side.host.read(path)),
    },
    label: (path) => (boundaryOf(path) === undefined ? label(path) : side.label(path)),
  }
}

/** The files with the git sources of a volo.yml where their refs point at now. */
export async function newestVersion(config: Config, options: OpenVersions): Promise<ComparedVersion> {
  const repos = listedRepos(config)
  if (repos.length === 0) {
    throw new ProjectError('volo.yml has no git sources, so volo.lock locks nothing to compare with', {
      hint: 'compare with a branch, tag or commit: volo breaking --against main',
    })
  }
  const store = await options.store()
  const found = await store.resolve(repos.map(({ url, ref }) => ({ url: parseGitUrl(url, config.folder), ref })))
  return openVersion(config, readLock(config.folder, options.cwd), options, ({ entry, name }: ListedRepo) => {
    const at = repos.findIndex((one) => one.entry === entry && one.name === name)
    return found[at]?.commit
  })
}

async function openVersion(
  config: Config,
  lock: ReadLock,
  { cwd, store }: OpenVersions,
  moveTo: Parameters<typeof openSources>[1]['moveTo'],
): Promise<ComparedVersion> {
  const sources = await openSources(config, { cwd, lock, store, moveTo })
  const error = sources.diagnostics.find(({ severity }) => severity === 'error')
  if (error !== undefined) throw new ProjectError(error.message, { hint: error.hint })
  return { host: sources.host, config, locations: idlLocations(config, cwd), label: (path) => gitLabel(sources, path) }
}

/** A file from git with its commit. */
function gitLabel({ locations, repos }: Sources, path: string): string {
  const found = locations.inRepo(path)
  const repo = repos.find(({ entry, name }) => entry === found?.mount.entry && name === found.mount.name)
  return repo === undefined ? path : `${path}@${repo.commit.slice(0, 10)}`
}
