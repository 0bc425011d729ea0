/** Writes files atomically: a reader sees the old text or the new one. */

import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { asFileError } from './fs-error.ts'

/** A file to write. */
export interface FileText {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/** Writes all files to temporary files beside their targets, then renames each. Creates missing folders. Throws a ProjectError that names the file. */
export function writeFilesAtomically(files: readonly FileText[]): void {
  const staged: { readonly from: string; readonly to: string }[] = []
  try {
    for (const { path, text } of files) {
      try {
        mkdirSync(dirname(path), { recursive: true })
        const to = resolvedPath(path)
        const from = `${to}.${randomBytes(4).toString('hex')}.tmp`
        staged.push({ from, to })
        writeFileSync(from, text)
        keepMode(from, to)
      } catch (error) {
        throw asFileError('write', path, error)
      }
    }
    for (let next = staged[0]; next !== undefined; next = staged[0]) {
      const { from, to } = next
      try {
        renameSync(from, to)
      } catch (error) {
        throw asFileError('write', to, error)
      }
      staged.shift()
    }
  } finally {
    for (const { from } of staged) rmSync(from, { force: true })
  }
}

/** The target of a symbolic link, so that the link is kept. */
function resolvedPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function keepMode(from: string, to: string): void {
  try {
    chmodSync(from, statSync(to).mode)
  } catch {
    // A new file keeps the default mode.
  }
}
