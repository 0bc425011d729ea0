/** Writes a set of files all or nothing: stages them beside the target on the same file system, moves them at the end, and can undo it. */

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { asFileError } from '../fs-error.ts'
import { Interrupted, ProjectError } from '../project-error.ts'

/** A file of a project. */
export interface ScaffoldFile {
  /** Below the project's folder, with `/`. */
  readonly path: string
  readonly text: string
}

/** What to lay down where. */
export interface Scaffold {
  /** The project's folder, absolute; there or not. */
  readonly folder: string
  readonly files: readonly ScaffoldFile[]
  /** Makes further files inside the stage and gives their paths. */
  readonly addTo?: ((stage: string) => Promise<readonly string[]>) | undefined
  /** Overwrite files that are there. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What was laid down. */
export interface LaidDown {
  /** Takes everything back: new files and folders go, overwritten files return. */
  undo(): void
  /** Forgets what undo needs. */
  keep(): void
}

/** A planned file; without a text it will differ from any that is there. */
interface ConflictCandidate {
  readonly path: string
  readonly text?: string | undefined
}

/** The planned files that are there already with another text, and what stands in a file's or folder's way. */
export function findConflicts(folder: string, files: readonly ConflictCandidate[]): string[] {
  const conflicts = new Set<string>()
  for (const { path, text } of files) {
    const blocked = blockingFile(folder, path)
    if (blocked !== undefined) conflicts.add(blocked)
    else if (existsSync(join(folder, path)) && (text === undefined || !holds(join(folder, path), text)))
      conflicts.add(path)
  }
  return [...conflicts]
}

/** Lays a scaffold down. When anything fails or the signal aborts, everything is as before. */
export async function layDown(scaffold: Scaffold): Promise<LaidDown> {
  const { folder, signal } = scaffold
  const undo = undoList()
  try {
    const isNew = !existsSync(folder)
    const home = isNew ? dirname(folder) : folder
    makeFolder(home, undo)
    const stage = join(home, `.${basename(folder)}.volo-init-${randomBytes(4).toString('hex')}`)
    undo.push(() => rmSync(stage, { recursive: true, force: true }))
    writeStage(stage, scaffold.files)
    const added = (await scaffold.addTo?.(stage)) ?? []
    if (signal?.aborted) throw new Interrupted()
    if (isNew) {
      move(stage, folder)
      undo.push(() => rmSync(folder, { recursive: true, force: true }))
    } else {
      const backup = join(stage, '.replaced')
      for (const path of [...scaffold.files.map((file) => file.path), ...added])
        moveInto(stage, folder, path, backup, undo)
    }
    return {
      undo: () => undo.run(),
      keep: () => {
        // The stage now holds only backups.
        if (!isNew) rmSync(stage, { recursive: true, force: true })
      },
    }
  } catch (error) {
    undo.run()
    throw error
  }
}

/** Steps that take back what was done. */
interface UndoList {
  push(step: () => void): void
  /** Runs the steps, the last one first. */
  run(): void
}

function undoList(): UndoList {
  const steps: (() => void)[] = []
  return {
    push: (step) => void steps.push(step),
    run() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        try {
          step()
        } catch {
          // Continue: a file that was removed in the meantime must not stop the other steps.
        }
      }
    },
  }
}

/** Makes a folder and those above it; undo removes the ones that were made, if nothing else has come into them. */
function makeFolder(folder: string, undo: UndoList): void {
  const made: string[] = []
  for (let at = folder; !existsSync(at) && dirname(at) !== at; at = dirname(at)) made.push(at)
  for (const one of made.reverse()) {
    try {
      mkdirSync(one)
    } catch (error) {
      throw asFileError('create', one, error)
    }
    undo.push(() => rmdirSync(one))
  }
}

function writeStage(stage: string, files: readonly ScaffoldFile[]): void {
  try {
    mkdirSync(stage)
    for (const { path, text } of files) {
      mkdirSync(dirname(join(stage, path)), { recursive: true })
      writeFileSync(join(stage, path), text)
    }
  } catch (error) {
    throw asFileError('write into', dirname(stage), error)
  }
}

function moveInto(stage: string, folder: string, path: string, backup: string, undo: UndoList): void {
  const from = join(stage, path)
  const to = join(folder, path)
  makeFolder(dirname(to), undo)
  if (existsSync(to)) {
    if (isSameFile(from, to)) return
    const kept = join(backup, path)
    mkdirSync(dirname(kept), { recursive: true })
    move(to, kept)
    undo.push(() => renameSync(kept, to))
  }
  move(from, to)
  undo.push(() => rmSync(to, { force: true }))
}

function isSameFile(from: string, to: string): boolean {
  try {
    return readFileSync(to).equals(readFileSync(from))
  } catch (error) {
    throw asFileError('replace', to, error)
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    throw asFileError('write', to, error)
  }
}

/** A file that stands where a planned file needs a folder, or a folder that stands where it would be. */
function blockingFile(folder: string, path: string): string | undefined {
  const parts = path.split('/')
  for (let n = 1; n <= parts.length; n++) {
    const part = parts.slice(0, n).join('/')
    const stat = statSync(join(folder, part), { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    if (stat.isDirectory() !== n < parts.length) return part
  }
  return undefined
}

/** Throws a ProjectError when something that is no folder stands at the project's place. */
export function checkFolder(folder: string, shown: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat !== undefined && !stat.isDirectory()) {
    throw new ProjectError(`${shown} is a file, and the project needs a folder of that name`, {
      hint: 'choose another name, or a folder with --dir',
    })
  }
}

function holds(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8') === text
  } catch {
    return false
  }
}
