/** Contents of IDL files, each under the name of its sha256, shared by all repos and commits of the cache. */

import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { asFileError, isFsError } from '../fs-error.ts'
import { cacheLayout } from './cache-folder.ts'

/** The sha256 of bytes, as hex digits. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The file of a content. */
export function contentPath(cache: string, digest: string): string {
  return join(cache, cacheLayout.contents, digest.slice(0, 2), digest.slice(2))
}

/** The content of that digest; undefined when it is not there or not what its name says. */
export function readContent(cache: string, digest: string): Uint8Array | undefined {
  const path = contentPath(cache, digest)
  try {
    const bytes = readFileSync(path)
    return sha256(bytes) === digest ? bytes : undefined
  } catch (error) {
    if (isFsError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR')) {
      return undefined
    }
    throw asFileError('read', path, error)
  }
}

/** Puts a content into the cache, unless it is there and sound, and gives its digest. */
export function writeContent(cache: string, bytes: Uint8Array): string {
  const digest = sha256(bytes)
  if (readContent(cache, digest) === undefined) writeWhole(contentPath(cache, digest), bytes)
  return digest
}

/** Writes a file of the cache so that it is there whole or not at all; who comes later wins, with the same content. */
export function writeWhole(path: string, content: Uint8Array | string): void {
  const from = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(from, content)
    renameSync(from, path)
  } catch (error) {
    rmSync(from, { force: true })
    throw asFileError('write', path, error)
  }
}
