/** Child processes: git and package managers, started without a shell. */

import { statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Interrupted } from './project-error.ts'

/** How a child is run. */
export interface ChildOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}

/** How a child ended. */
export interface ChildResult {
  readonly ok: boolean
  /** What it printed, both streams in order. */
  readonly output: string
  readonly stdout: string
}

/** Runs a program to its end. Throws Interrupted when the signal aborts it. */
export async function runChild(command: string, args: readonly string[], options: ChildOptions): Promise<ChildResult> {
  const { execa } = await import('execa')
  const result = await execa(command, [...args], {
    cwd: options.cwd,
    env: options.env as Record<string, string>,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  })
  if (options.signal?.aborted) throw new Interrupted()
  const failure = result.exitCode === undefined ? (result.originalMessage ?? result.shortMessage ?? '') : ''
  return { ok: result.exitCode === 0, output: [result.all, failure].filter(Boolean).join('\n'), stdout: result.stdout }
}

/** Whether a program of that name is on the PATH. */
export function isOnPath(command: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const path = env['PATH'] ?? env['Path'] ?? ''
  const extensions = process.platform === 'win32' ? (env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';') : ['']
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .some((folder) => extensions.some((extension) => isProgram(join(folder, command + extension))))
}

function isProgram(path: string): boolean {
  try {
    const stat = statSync(path)
    return stat.isFile() && (process.platform === 'win32' || (stat.mode & 0o111) !== 0)
  } catch {
    // A folder of the PATH that cannot be looked into holds no program, as for a shell.
    return false
  }
}
