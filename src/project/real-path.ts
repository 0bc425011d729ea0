/** Paths with symbolic links resolved, also of files that do not exist yet. */

import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The absolute path with every symbolic link resolved in the part that exists, in the case that the file system has. */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}
