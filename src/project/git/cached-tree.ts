/** A GitTree over the cache: every read is held against the digest that the tree's record has. */

import { ProjectError } from '../project-error.ts'
import { readContent } from './content-store.ts'
import type { GitTree } from './git-store.ts'
import { followLinks } from './symbolic-link.ts'
import type { TreeRecord } from './tree-record.ts'

/** Whether a path is that of an IDL file. */
export function isIdlPath(path: string): boolean {
  return /\.(?:thrift|proto)$/i.test(path)
}

/** The tree of a record. `shown` names the repo in errors. */
export function cachedTree(cache: string, shown: string, record: TreeRecord): GitTree {
  const { commit, files, links, refused } = record
  const find = (path: string): string | undefined => {
    const to = followLinks(links, path)
    if (typeof to === 'object') {
      throw new ProjectError(`${path} of ${shown} ${to.reason}, and is not read`, {
        hint: 'ask the owner of the repo for a file in its place',
      })
    }
    const reason = refused.get(to) ?? reasonAbove(refused, to)
    if (reason !== undefined) throw new ProjectError(`${path} of ${shown} is not read: ${reason}`)
    return files.get(to)
  }
  const linked = [...links.keys()].filter((path) => {
    const to = isIdlPath(path) ? followLinks(links, path) : undefined
    return typeof to === 'string' && files.has(to)
  })
  return {
    commit,
    paths: [...[...files.keys()].filter(isIdlPath), ...linked].sort(),
    digest: (path) => find(path),
    read(path) {
      const digest = find(path)
      if (digest === undefined) return undefined
      const bytes = readContent(cache, digest)
      if (bytes !== undefined) return bytes
      throw new ProjectError(`the cached ${path} of ${shown} at ${commit.slice(0, 12)} is damaged or was removed`, {
        hint: 'run the command again: it fetches the file anew',
      })
    },
  }
}

/** A path below one that is refused is a path in a submodule. */
function reasonAbove(refused: TreeRecord['refused'], path: string): string | undefined {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const reason = refused.get(path.slice(0, slash))
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Whether all that a record names is in the cache and sound. */
export function isSound(cache: string, record: TreeRecord): boolean {
  for (const digest of new Set(record.files.values())) if (readContent(cache, digest) === undefined) return false
  return true
}
