/** The compiler's Host over a project and the locked trees of its git repos. */

import type { Host } from '../../compiler/host.ts'
import { textOf } from '../../compiler/text/foreign-text.ts'
import { boundaryOf, type IdlLocations } from '../idl-location.ts'

/** The files of a repo at one commit. */
export interface RepoFiles {
  /** The paths of its IDL files. */
  readonly paths?: readonly string[]
  /** The bytes of a file; undefined when there is none. Throws when it is there and cannot be read. */
  read(path: string): Uint8Array | undefined
}

/** A Host that reads what lies below `git:` from `trees` (by the path of the mount), all else from `disk`. */
export function gitHost(disk: Host, locations: IdlLocations, trees: ReadonlyMap<string, RepoFiles>): Host {
  return {
    boundary: boundaryOf,
    identity: (path) => (boundaryOf(path) === undefined ? (disk.identity?.(path) ?? path) : path),
    whyMissing(path) {
      if (boundaryOf(path) === undefined) return disk.whyMissing?.(path)
      const found = locations.inRepo(path)
      const paths = (found && trees.get(found.mount.path)?.paths) ?? []
      const other = paths.find((one) => one.toLowerCase() === found?.path.toLowerCase())
      return other === undefined
        ? undefined
        : `the repo has '${other}', which differs in case: write it as it is called`
    },
    read(path) {
      if (boundaryOf(path) === undefined) return disk.read(path)
      const found = locations.inRepo(path)
      const bytes = found && trees.get(found.mount.path)?.read(found.path)
      return bytes === undefined ? undefined : textOf(bytes)
    },
  }
}
