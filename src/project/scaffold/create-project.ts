/** Creates a planned project: files, then git, then dependencies; undone when the user stops it. */

import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isOnPath, runChild } from '../child.ts'
import { Interrupted } from '../project-error.ts'
import { type PackageManager, packageManagerWords } from './package-manager.ts'
import { vendorPackage } from './package-source.ts'
import { layDown, type ScaffoldFile } from './scaffold.ts'

/** What to do. */
export interface Creation {
  /** The project's folder, absolute. */
  readonly folder: string
  readonly files: readonly ScaffoldFile[]
  /** Where in the project the running package is packed; undefined when it is not. */
  readonly vendored: string | undefined
  readonly force: boolean
  readonly git: boolean
  /** Undefined installs nothing. */
  readonly install: PackageManager | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Called before each long step. */
  readonly onStep: (step: 'pack' | 'files' | 'install') => void
}

/** What was done. */
export interface Created {
  /** A git repository was made. */
  readonly git: boolean
  /** One was wanted, and git is not installed. */
  readonly gitMissing: boolean
  /** `failed` leaves the project in place. */
  readonly install: 'done' | 'failed' | 'skipped'
  /** What the package manager printed. */
  readonly installOutput: string
}

/** Creates a project. When it throws, also because the signal aborted, everything is as before. */
export async function createProject(creation: Creation): Promise<Created> {
  const { folder, vendored, env, signal, onStep } = creation
  const child = { env, signal }
  const wasThere = (path: string): boolean => existsSync(join(folder, path))
  const before = new Set(sideEffects(creation.install).filter(wasThere))
  const laid = await layDown({
    folder,
    files: creation.files,
    force: creation.force,
    signal,
    addTo: async (stage) => {
      if (vendored === undefined) return []
      onStep('pack')
      await vendorPackage(vendored, stage, child)
      return [vendored]
    },
  })
  try {
    onStep('files')
    const made = creation.git ? await initRepository(folder, child) : 'skipped'
    let install: Created['install'] = 'skipped'
    let installOutput = ''
    if (creation.install !== undefined) {
      onStep('install')
      const args = packageManagerWords[creation.install].install
      const { ok, output } = await runChild(creation.install, args, { ...child, cwd: folder })
      install = ok ? 'done' : 'failed'
      installOutput = output
    }
    if (signal.aborted) throw new Interrupted()
    laid.keep()
    return { git: made === 'made', gitMissing: made === 'no git', install, installOutput }
  } catch (error) {
    for (const path of sideEffects(creation.install)) {
      if (!before.has(path)) rmSync(join(folder, path), { recursive: true, force: true })
    }
    laid.undo()
    throw error
  }
}

/** What git and the package manager create. */
function sideEffects(manager: PackageManager | undefined): string[] {
  return ['.git', ...(manager === undefined ? [] : ['node_modules', ...packageManagerWords[manager].lockfiles])]
}

/** Runs `git init`, unless the folder is inside a repository or git is not installed. */
async function initRepository(
  folder: string,
  child: { readonly env: Readonly<Record<string, string | undefined>>; readonly signal: AbortSignal },
): Promise<'made' | 'skipped' | 'no git'> {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return 'skipped'
    if (dirname(at) === at) break
  }
  if (!isOnPath('git', child.env)) return 'no git'
  const { ok } = await runChild('git', ['init', '--quiet'], { ...child, cwd: folder })
  return ok ? 'made' : 'skipped'
}
