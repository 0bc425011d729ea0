/** The compiler's Host over the file system. */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Host } from '../compiler/host.ts'
import { fsReason, isFsError } from './fs-error.ts'

/** A Host whose relative paths start at `folder`. `overlay` (absolute paths) is asked before the disk. */
export function nodeHost(folder: string, overlay: ReadonlyMap<string, string> = new Map()): Host {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
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
      try {
        return decoder.decode(bytes)
      } catch {
        throw new Error('it is not UTF-8 text')
      }
    },
  }
}
