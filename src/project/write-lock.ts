/** The write lock of a project: of the commands that write one folder, only one does so at a time. */

import { hash, randomBytes } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { asFileError, isFsError } from './fs-error.ts'
import { Interrupted, ProjectError } from './project-error.ts'
import { isRunning, thisMachine, thisProcess } from './running-process.ts'

/** The lock file's name, beside volo.yml and only there while a command writes. Most `.gitignore` files have `*.pid`. */
export const writeLockName = '.volo.pid'

/** Who holds a lock, as its file says. */
export interface LockHolder {
  /** `volo update`. */
  readonly command: string
  readonly pid: number
  readonly host: string
  /** When it was taken, ISO 8601. */
  readonly since: string
}

/** How to take a lock. */
export interface WriteLockOptions {
  /** What this command calls itself, without arguments: `volo update`. */
  readonly command: string
  /** What is written, for the error when waiting was in vain; default `this project`. */
  readonly subject?: string | undefined
  /** How long to wait for another command, in milliseconds; default 10,000. */
  readonly waitMs?: number | undefined
  /** Ends the waiting with Interrupted. */
  readonly signal?: AbortSignal | undefined
  /** Called once, when there is another holder and the waiting begins to be felt. */
  readonly onWait?: ((holder: LockHolder | undefined) => void) | undefined
}

/** What the holder of a lock is told. */
export interface WriteLock {
  /** The command before was killed: it may have left temporary files behind. */
  readonly tookOver: boolean
}

/** The content of a lock file. */
interface LockRecord extends LockHolder {
  /** Tells this lock from every other one. */
  readonly nonce: string
  readonly machine: string
  /** When the process began, as its system counts; see `thisProcess`. */
  readonly started: string | undefined
}

/** A lock file as it was found. `id` names this very lock. */
interface FoundLock {
  readonly id: string
  readonly record: LockRecord | undefined
}

const defaultWaitMs = 10_000
/** Waiting less than this is not mentioned. */
const silentMs = 400
const pollMs = 40
/** A lock file without content is one whose writer is at it, or was killed between two system calls. */
const writingMs = 3_000

/**
 * Runs `body` while this process alone writes the project in `folder`. A lock whose process is gone is taken over. Where
 * the folder may not be written, `body` runs without a lock: its own first write says what is wrong. Throws a
 * ProjectError that names the holder when waiting was in vain.
 */
export async function withWriteLock<T>(
  folder: string,
  options: WriteLockOptions,
  body: (lock: WriteLock) => Promise<T>,
): Promise<T> {
  const path = join(folder, writeLockName)
  const { nonce, tookOver } = await acquire(path, options)
  try {
    return await body({ tookOver })
  } finally {
    if (nonce !== undefined) release(path, nonce)
  }
}

/** Who writes the project in `folder` now: a holder, `stale` when the file's process is gone, undefined when nobody does. */
export function writeLockState(folder: string): LockHolder | 'stale' | undefined {
  const found = find(join(folder, writeLockName))
  if (found === undefined) return undefined
  return isStale(found, join(folder, writeLockName)) ? 'stale' : found.record
}

async function acquire(
  path: string,
  { command, subject = 'this project', waitMs = defaultWaitMs, signal, onWait }: WriteLockOptions,
): Promise<{ readonly nonce: string | undefined; readonly tookOver: boolean }> {
  const begin = performance.now()
  let tookOver = false
  let hasTold = false
  for (;;) {
    if (signal?.aborted) throw new Interrupted()
    const nonce = create(path, command)
    if (nonce !== 'taken') return { nonce, tookOver }
    const found = find(path)
    if (found === undefined) continue
    if (isStale(found, path)) {
      if (breakLock(path, found, command)) tookOver = true
      continue
    }
    const waited = performance.now() - begin
    if (waited >= waitMs) throw inUse(path, subject, found.record)
    if (!hasTold && waited >= silentMs) {
      hasTold = true
      onWait?.(found.record)
    }
    await sleep(pollMs * (0.5 + Math.random()))
  }
}

/** Creates a lock file and gives its nonce; undefined where the folder may not be written. */
function create(path: string, command: string): string | undefined | 'taken' {
  const { pid, started } = thisProcess()
  const nonce = randomBytes(8).toString('hex')
  const record: LockRecord = {
    command,
    pid,
    host: hostname(),
    since: new Date().toISOString(),
    nonce,
    machine: thisMachine(),
    started,
  }
  try {
    writeFileSync(path, `${JSON.stringify(record)}\n`, { flag: 'wx' })
    return nonce
  } catch (error) {
    if (!isFsError(error)) throw error
    if (error.code === 'EEXIST') return 'taken'
    // Windows says EPERM of a file that is being removed, too.
    if (error.code === 'EPERM' && statSync(path, { throwIfNoEntry: false }) !== undefined) return 'taken'
    if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') return undefined
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') rmSync(path, { force: true })
    throw asFileError('write', path, error)
  }
}

function find(path: string): FoundLock | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isFsError(error) && error.code === 'ENOENT') return undefined
    throw asFileError('read', path, error)
  }
  const record = parse(text)
  if (record !== undefined) return { id: record.nonce, record }
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && { id: hash('sha256', `${text} ${stat.ino} ${stat.mtimeMs}`).slice(0, 16), record: undefined }
}

function parse(text: string): LockRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<LockRecord>
    if (!/^[0-9a-f]{16}$/.test(record.nonce ?? '') || !Number.isSafeInteger(record.pid)) return undefined
    const { command, host, since, machine, started } = record
    if (typeof started === 'number' || [command, host, since, machine].some((one) => typeof one !== 'string')) {
      return undefined
    }
    return record as LockRecord
  } catch {
    return undefined
  }
}

function isStale({ record }: FoundLock, path: string): boolean {
  if (record === undefined) {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) > writingMs
  }
  // A process of another machine, or of another container, cannot be asked.
  if (record.host !== hostname()) return false
  return !isRunning(record)
}

/**
 * Removes a stale lock. Who removes it holds a claim on this very lock meanwhile, so that nobody removes the lock of
 * somebody who came first; a claim is a lock like any other. False when somebody else is at it or was.
 */
function breakLock(path: string, stale: FoundLock, command: string): boolean {
  const claim = `${path}.${stale.id}`
  const nonce = create(claim, command)
  if (nonce === 'taken') {
    const other = find(claim)
    if (other !== undefined && isStale(other, claim)) breakLock(claim, other, command)
    return false
  }
  if (nonce === undefined) {
    throw new ProjectError(`${path} was left behind by a command that was killed, and may not be removed`, {
      hint: 'delete it',
    })
  }
  try {
    const isThere = find(path)?.id === stale.id
    if (isThere) rmSync(path, { force: true })
    return isThere
  } finally {
    release(claim, nonce)
  }
}

function release(path: string, nonce: string): void {
  try {
    if (find(path)?.id === nonce) rmSync(path, { force: true })
  } catch {
    // The work is done; what remains is found stale by the next command.
  }
}

function inUse(path: string, subject: string, holder: LockHolder | undefined): ProjectError {
  const who =
    holder === undefined
      ? 'another volo command'
      : `'${holder.command}' (process ${holder.pid} on ${holder.host}, since ${holder.since})`
  return new ProjectError(`${who} is writing ${subject}`, {
    hint: `try again when it has ended; if it does not run any more, delete ${path}`,
  })
}
