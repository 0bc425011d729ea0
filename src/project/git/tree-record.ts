/** The record of a repo's IDL files at one commit, as the cache keeps it. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asFileError, isFsError } from '../fs-error.ts'
import { sha256, writeWhole } from './content-store.ts'

/** Which file of a commit has which content. */
export interface TreeRecord {
  readonly commit: string
  /** The sha256 of each file, by path. */
  readonly files: ReadonlyMap<string, string>
  /** What each symbolic link points to, by path. */
  readonly links: ReadonlyMap<string, string>
  /** Why a file that is there is not given, by path. */
  readonly refused: ReadonlyMap<string, string>
}

interface RecordData {
  readonly commit: string
  readonly files: readonly [string, string][]
  readonly links: readonly [string, string][]
  readonly refused: readonly [string, string][]
}

/** The file of a record. */
export function recordPath(trees: string, commit: string): string {
  return join(trees, `${commit}.json`)
}

/** Reads a record; undefined when there is none, or one that is damaged. */
export function readRecord(trees: string, commit: string): TreeRecord | undefined {
  const path = recordPath(trees, commit)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isFsError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw asFileError('read', path, error)
  }
  const end = text.indexOf('\n')
  const body = text.slice(end + 1)
  if (end < 0 || sha256(body) !== text.slice(0, end)) return undefined
  const data = JSON.parse(body) as RecordData
  if (data.commit !== commit) return undefined
  return { commit, files: new Map(data.files), links: new Map(data.links), refused: new Map(data.refused) }
}

/** Writes a record; its first line is the digest of the rest. */
export function writeRecord(trees: string, { commit, files, links, refused }: TreeRecord): void {
  const data: RecordData = { commit, files: [...files], links: [...links], refused: [...refused] }
  const body = `${JSON.stringify(data)}\n`
  writeWhole(recordPath(trees, commit), `${sha256(body)}\n${body}`)
}
