/** Paths as people and volo.yml see them: relative where that is shorter to read, always with `/`. */

import { relative, sep } from 'node:path'

/** A path with `/` on every system. */
export function withSlashes(path: string): string {
  return sep === '/' ? path : path.split(sep).join('/')
}

/** `path` as seen from the folder `from`; `.` for the folder itself. Another drive keeps its absolute path. */
export function pathFrom(from: string, path: string): string {
  return withSlashes(relative(from, path)) || '.'
}
