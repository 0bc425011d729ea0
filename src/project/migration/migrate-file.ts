/** Migrates a file on disk: finds it, chooses where the result goes, and keeps a backup. */

import { constants, copyFileSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Diagnostic } from '../../compiler/diagnostic.ts'
import { writeFilesAtomically } from '../atomic-write.ts'
import { type Config, configName, parseConfig, readConfigText } from '../config/config.ts'
import { pathFrom } from '../display-path.ts'
import { asFileError, isFsError } from '../fs-error.ts'
import { ProjectError } from '../project-error.ts'
import { type MigrationFormat, migrateConfig } from './migration.ts'

/** What migrating would do. */
export interface MigrationPlan {
  /** The old file and the new one, absolute; the same where the file is rewritten. */
  readonly from: string
  readonly to: string
  readonly format: MigrationFormat
  readonly notes: readonly string[]
  /** The file is in order and where it should be. */
  readonly isDone: boolean
  readonly config: Config
  /** Of the old file, or of what it would become; with one that is an error nothing may be written. */
  readonly diagnostics: readonly Diagnostic[]
}

const workspaceName = 'volo.workspace.yml'
const places = [configName, join('volo-gen', configName), workspaceName, join('volo-gen', workspaceName)]

/** The file to migrate: `word`, a file in the folder that it names, or one at the places where Rust Volo keeps them. */
export function findMigrationFile(cwd: string, word: string | undefined): string {
  const start = resolve(cwd, word ?? '.')
  if (word !== undefined && statSync(start, { throwIfNoEntry: false })?.isDirectory() !== true) return start
  const found = places
    .map((place) => join(start, place))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
  if (found !== undefined) return found
  throw new ProjectError(
    `there is no ${configName} in ${pathFrom(cwd, start)}, nor a volo-gen/${configName}, nor a ${workspaceName}`,
    {
      hint: 'name the file: volo migrate <file>',
    },
  )
}

/** Plans the migration of a file to `output`, or in its place; a workspace file becomes a volo.yml beside it. */
export function planMigration(from: string, output: string | undefined, cwd: string): MigrationPlan {
  const to = output ?? (basename(from) === workspaceName ? join(dirname(from), configName) : from)
  if (to !== from && statSync(to, { throwIfNoEntry: false }) !== undefined) {
    throw new ProjectError(`${pathFrom(cwd, to)} is there already, and is not overwritten`, {
      hint: `choose another file: volo migrate ${pathFrom(cwd, from)} --output <file>`,
    })
  }
  const text = readConfigText(from, cwd)
  const source = { path: pathFrom(cwd, from), logicalPath: basename(from), text }
  const [old, next] = [dirname(from), dirname(to)]
  const rebase = (path: string): string =>
    old === next || isAbsolute(path) ? path : pathFrom(next, resolve(old, path))
  const migration = migrateConfig({ source, folder: old, rebase })
  if (!('text' in migration)) {
    const config = parseConfig('entries:\n', to, pathFrom(cwd, to))
    return { from, to, format: 'current', notes: [], isDone: false, config, diagnostics: migration }
  }
  const isSame = migration.text === text
  const shown = isSame ? pathFrom(cwd, from) : `${pathFrom(cwd, to)} (migrated)`
  const config = parseConfig(migration.text, to, shown)
  const { format, notes } = migration
  return { from, to, format, notes, isDone: isSame && from === to, config, diagnostics: config.diagnostics }
}

/** Writes a plan; gives the path of the copy of the old file, where that is overwritten. When it throws, everything is as before. */
export function writeMigration({ from, to, config }: MigrationPlan): string | undefined {
  const backup = from === to ? copyAside(from) : undefined
  try {
    writeFilesAtomically([{ path: to, text: config.source.text }])
  } catch (error) {
    if (backup !== undefined) rmSync(backup, { force: true })
    throw error
  }
  return backup
}

/** Copies a file to a name that nothing has: `volo.yml.bak`, `volo.yml.bak.1`, ... */
function copyAside(path: string): string {
  for (let n = 0; ; n++) {
    const backup = `${path}.bak${n === 0 ? '' : `.${n}`}`
    try {
      copyFileSync(path, backup, constants.COPYFILE_EXCL)
      return backup
    } catch (error) {
      if (!isFsError(error) || error.code !== 'EEXIST') throw asFileError('write', backup, error)
    }
  }
}
