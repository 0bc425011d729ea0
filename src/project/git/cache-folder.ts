/** The location and the layout of the cache of git sources. */

import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { ProjectError } from '../project-error.ts'
import { type GitUrl, repoName } from './url.ts'

type Env = Readonly<Record<string, string | undefined>>

/**
 * The cache's folder, absolute: `VOLO_CACHE`, else `volo` below `XDG_CACHE_HOME`, else where the system keeps caches.
 * Throws a ProjectError when the environment names a relative one.
 */
export function cacheFolder(env: Env): string {
  const own = env['VOLO_CACHE']
  if (own) {
    if (isAbsolute(own)) return own
    throw new ProjectError(`VOLO_CACHE is '${own}', and must be an absolute path`, { usage: true })
  }
  const xdg = env['XDG_CACHE_HOME']
  // The XDG base directory specification: a relative path is to be ignored.
  if (xdg && isAbsolute(xdg)) return join(xdg, 'volo')
  if (process.platform === 'win32') {
    return join(env['LOCALAPPDATA'] || join(env['USERPROFILE'] || homedir(), 'AppData', 'Local'), 'volo', 'cache')
  }
  const home = env['HOME'] || homedir()
  return process.platform === 'darwin' ? join(home, 'Library', 'Caches', 'volo') : join(home, '.cache', 'volo')
}

/** The folders below the cache's. The number is that of their format: another one is another cache. */
export const cacheLayout: {
  /** Contents of IDL files, each named by its sha256. */
  readonly contents: string
  /** One folder per URL. */
  readonly repos: string
} = { contents: join('v1', 'contents'), repos: join('v1', 'repos') }

/** The places of one repo in the cache. */
export interface RepoPlaces {
  /** The folder of all the others; its write lock is held while any of them changes. */
  readonly folder: string
  /** Holds the URL, for people and for `volo cache`. */
  readonly url: string
  /** The bare store: the commits that were asked for, without their past, and the contents of IDL files. */
  readonly store: string
  /** A bare store of commits alone, made when somebody asks what lies between two of them. */
  readonly history: string
  /** One record per commit: which file has which content. */
  readonly trees: string
}

/** The places of a repo. */
export function repoPlaces(cache: string, url: GitUrl): RepoPlaces {
  const digest = createHash('sha256').update(url.address).digest('hex').slice(0, 16)
  const folder = join(cache, cacheLayout.repos, `${repoName(url, []).slice(0, 40)}-${digest}`)
  return {
    folder,
    url: join(folder, 'url'),
    store: join(folder, 'store.git'),
    history: join(folder, 'history.git'),
    trees: join(folder, 'trees'),
  }
}
