/** The findings of `volo doctor`, and its checks of the machine: Node.js, git, the cache of git sources. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isOnPath } from '../child.ts'
import { checkCache } from '../git/cache-report.ts'

/** The result of one check. */
export interface DoctorFinding {
  /** Stable: `git`, `runtime`, `lock`. */
  readonly id: string
  readonly level: 'ok' | 'warning' | 'error'
  readonly message: string
  /** The command that fixes it, or what to do where no command does. */
  readonly fix?: string | undefined
}

type Env = Readonly<Record<string, string | undefined>>

/** The versions that this package asks for, as package.json and the git sources have them. */
const oldestNode: readonly [number, number] = [20, 19]
const oldestGit: readonly [number, number] = [2, 31]

/** Checks the version of Node.js. */
export function checkNode(version: string): DoctorFinding {
  if (isAtLeast(version, oldestNode)) return { id: 'node', level: 'ok', message: `Node.js ${version}` }
  return {
    id: 'node',
    level: 'error',
    message: `Node.js ${version} is too old: volo needs ${oldestNode.join('.')} or newer`,
    fix: 'install a newer Node.js: https://nodejs.org',
  }
}

/** Checks for git; a missing one is an error when the project needs it. */
export async function checkGit(env: Env, needsGit: boolean): Promise<DoctorFinding> {
  const level = needsGit ? 'error' : 'warning'
  const fix = 'install git: https://git-scm.com'
  if (!isOnPath('git', env)) {
    const who = needsGit ? 'this project has IDLs from git' : 'IDLs from git need it'
    return { id: 'git', level, message: `there is no git on the PATH, and ${who}`, fix }
  }
  let version: string | undefined
  try {
    const { stdout } = await promisify(execFile)('git', ['--version'], { env: { ...env }, timeout: 10_000 })
    version = /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0]
  } catch {
    // Said below.
  }
  if (version === undefined) return { id: 'git', level, message: 'git does not run: git --version failed', fix }
  if (isAtLeast(version, oldestGit)) return { id: 'git', level: 'ok', message: `git ${version}` }
  const message = `git ${version} is too old: IDLs from git need ${oldestGit.join('.')} or newer`
  return { id: 'git', level, message, fix: 'install a newer git: https://git-scm.com' }
}

/** Checks the cache of git sources. */
export function checkSources(env: Env): DoctorFinding[] {
  const problems = checkCache(env)
  if (problems.length === 0) return [{ id: 'cache', level: 'ok', message: 'the cache of git sources is sound' }]
  return problems.map(({ problem }) => ({
    id: 'cache',
    level: 'warning',
    message: problem,
    fix: 'volo generate (fetches what is damaged anew), or volo cache clean',
  }))
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number)
  return first > major || (first === major && second >= minor)
}
