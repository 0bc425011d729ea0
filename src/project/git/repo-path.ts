/** Paths of files in a git repo, as people write them. */

import { normalizePath } from '../../compiler/path.ts'

/** The path from the root of the repo, with `/`: a leading separator means the root, and backslashes are separators. */
export function repoPath(path: string): string {
  return normalizePath(path.replaceAll('\\', '/').replace(/^\/+/, ''))
}
