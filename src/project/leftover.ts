/** Finds and removes temporary files that a killed command left in a project. */

import { type Dirent, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from './config/config.ts'
import { ownerOf } from './generate/generated-file.ts'
import { writeLockName } from './write-lock.ts'

/** What `writeFilesAtomically` calls the file that it will rename. */
const staged = /^(volo\.yml|volo\.lock|.+\.ts)\.[0-9a-f]{8}\.tmp$/
const stage = /^\..+\.volo-init-[0-9a-f]{8}$/

/** The files found; all paths are absolute. */
export interface Leftovers {
  /** Temporary files of writes that were not completed; they can be removed. */
  readonly files: readonly string[]
  /** Folders in which `volo init` staged a project; one may hold backups of files that it was replacing. */
  readonly stages: readonly string[]
}

/** The leftovers in the folders that commands write: volo.yml's own, generated code, handlers. The caller must make sure that no command is running. */
export function findLeftovers(config: Pick<Config, 'path' | 'folder' | 'entries'>): Leftovers {
  const own = entriesOf(config.folder, false)
  const folders = new Set<string>()
  for (const { typescript } of Object.values(config.entries)) {
    const { out = 'src/gen', handlers = 'src/handlers' } = typescript ?? {}
    folders.add(resolve(config.folder, out))
    if (handlers !== false) folders.add(resolve(config.folder, handlers))
  }
  const below = [...folders].flatMap((folder) => entriesOf(folder, true)).filter((one) => !isForeign(one, config.path))
  const isClaim = (name: string): boolean => name.startsWith(`${writeLockName}.`) && /\.[0-9a-f]{16}$/.test(name)
  const files = [...own, ...below].filter((one) => one.isFile() && (staged.test(one.name) || isClaim(one.name)))
  const stages = own.filter((one) => one.isDirectory() && stage.test(one.name))
  const paths = (found: readonly Dirent[]): string[] =>
    [...new Set(found.map((one) => join(one.parentPath, one.name)))].sort()
  return { files: paths(files), stages: paths(stages) }
}

/** Removes the temporary files of a killed command; the project's write lock must be held. Gives the paths of those that were there. */
export function removeLeftovers(config: Pick<Config, 'path' | 'folder' | 'entries'>): readonly string[] {
  const { files } = findLeftovers(config)
  for (const path of files) rmSync(path, { force: true })
  return files
}

/** Whether a temporary file is generated code of another volo.yml, whose command may be at work. */
function isForeign(file: Dirent, configPath: string): boolean {
  if (!staged.test(file.name)) return false
  const path = join(file.parentPath, file.name)
  try {
    return ownerOf(path, readFileSync(path, 'utf8'), configPath).kind === 'foreign'
  } catch {
    return false
  }
}

function entriesOf(folder: string, recursive: boolean): Dirent[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  try {
    return readdirSync(folder, { recursive, withFileTypes: true })
  } catch {
    // A folder that cannot be read cannot have been written.
    return []
  }
}
