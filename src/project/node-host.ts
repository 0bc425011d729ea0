/** The compiler's Host over the file system. */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Host } from '../compiler/host.ts'
import { textOf } from '../compiler/text/foreign-text.ts'
import { fsReason, isFsError } from './fs-error.ts'
import { whyMissing } from './missing-file.ts'
import { realPath } from './real-path.ts'

/** A Host whose relative paths start at `folder`. `overlay` (absolute paths) is asked before the disk. */
export function nodeHost(folder: string, overlay: ReadonlyMap<string, string> = new Map()): Host {
  return {
    read(path) {
      const absolute = resolve(folder, path)
      const laid = overlay.get(absolute)
      if (laid !== undefined) return laid
      let bytes: Uint8Array
      try {
        bytes = readFileSync(absolute)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
        throw isFsError(error) ? new Error(fsReason(error), { cause: error }) : error
      }
      return textOf(bytes)
    },
    identity: (path) => realPath(resolve(folder, path)),
    whyMissing: (path) => whyMissing(resolve(folder, path)),
  }
}
