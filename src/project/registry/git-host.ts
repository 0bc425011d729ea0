/** The compiler's Host over a project and the locked trees of its git repos. */

import type { Host } from '../../compiler/host.ts'
import { boundaryOf, type IdlLocations } from '../idl-location.ts'

/** The files of a repo at one commit. */
export interface RepoFiles {
  /** The bytes of a file; undefined when there is none. Throws when it is there and cannot be read. */
  read(path: string): Uint8Array | undefined
}

/** A Host that reads what lies below `git:` from `trees` (by the path of the mount), all else from `disk`. */
export function gitHost(disk: Host, locations: IdlLocations, trees: ReadonlyMap<string, RepoFiles>): Host {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    boundary: boundaryOf,
    read(path) {
      if (boundaryOf(path) === undefined) return disk.read(path)
      const found = locations.inRepo(path)
      const bytes = found && trees.get(found.mount.path)?.read(found.path)
      if (bytes === undefined) return undefined
      try {
        return decoder.decode(bytes)
      } catch {
        throw new Error('it is not UTF-8 text')
      }
    },
  }
}
