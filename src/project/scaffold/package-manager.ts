/** The package managers a project can use, and what each needs said differently. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isOnPath } from '../child.ts'
import { ProjectError } from '../project-error.ts'

/** The supported ones. */
export const packageManagers = ['npm', 'pnpm', 'yarn', 'bun'] as const

/** One of {@link packageManagers}. */
export type PackageManager = (typeof packageManagers)[number]

/** What a project of one package manager says. */
export interface PackageManagerWords {
  /** Arguments that install. */
  readonly install: readonly string[]
  /** How a person starts a script: `npm run client`. */
  run(script: string): string
  /** Files that a Docker build copies before it installs. */
  readonly manifests: string
  /** How a Docker image gets the package manager; undefined when it has it. */
  readonly setup: string | undefined
  /** Installs what the lock file says, and fails where package.json says something else. */
  readonly cleanInstall: string
  readonly prune: string
  readonly lockfiles: readonly string[]
}

const shortScripts = new Set(['start', 'test'])

/** The words of each. */
export const packageManagerWords: Readonly<Record<PackageManager, PackageManagerWords>> = {
  npm: {
    install: ['install', '--no-audit', '--no-fund', '--loglevel=error'],
    run: (script) => (shortScripts.has(script) ? `npm ${script}` : `npm run ${script}`),
    manifests: 'package.json package-lock.json*',
    setup: undefined,
    cleanInstall: 'npm ci',
    prune: 'npm prune --omit=dev',
    lockfiles: ['package-lock.json'],
  },
  pnpm: {
    install: ['install'],
    run: (script) => `pnpm ${script}`,
    manifests: 'package.json pnpm-lock.yaml* pnpm-workspace.yaml*',
    setup: 'npm install -g pnpm',
    cleanInstall: 'pnpm install --frozen-lockfile',
    prune: 'pnpm prune --prod',
    lockfiles: ['pnpm-lock.yaml'],
  },
  yarn: {
    install: ['install'],
    run: (script) => `yarn ${script}`,
    manifests: 'package.json yarn.lock* .yarnrc.yml*',
    setup: undefined,
    cleanInstall: 'yarn install --frozen-lockfile',
    prune: 'npm prune --omit=dev --no-package-lock',
    lockfiles: ['yarn.lock'],
  },
  bun: {
    install: ['install'],
    run: (script) => `bun run ${script}`,
    manifests: 'package.json bun.lock*',
    setup: 'npm install -g bun',
    cleanInstall: 'bun install --frozen-lockfile',
    prune: 'npm prune --omit=dev --no-package-lock',
    lockfiles: ['bun.lock', 'bun.lockb'],
  },
}

/** The scripts of a project. npm, pnpm and bun build before `start` by its `pre` script; yarn knows none. */
export function projectScripts(
  manager: PackageManager,
  kind: { readonly server: boolean; readonly client: boolean },
): readonly { readonly name: string; readonly command: string }[] {
  const { run } = packageManagerWords[manager]
  const scripts: { name: string; command: string }[] = [{ name: 'build', command: 'tsc' }]
  const built = (name: string, command: string): void => {
    if (manager === 'yarn') {
      scripts.push({ name, command: `${run('build')} && ${command}` })
    } else {
      scripts.push({ name: `pre${name}`, command: run('build') }, { name, command })
    }
  }
  if (kind.server) built('start', 'node dist/src/server.js')
  if (kind.client) built('client', 'node dist/src/client.js')
  // Node 20 takes no pattern and cmd.exe expands none; Node 22 takes no folder. All look into the current one.
  built('test', 'cd dist/test && node --test')
  scripts.push({ name: 'generate', command: 'volo generate' })
  return scripts
}

/**
 * The package manager of a project in `folder` (absolute): that of the workspace or project around it, by its workspace file, lock file or
 * `packageManager` in package.json; else the one that runs this command (`pnpm dlx`, `yarn dlx`, `bunx`), else npm.
 */
export function detectPackageManager(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): PackageManager {
  for (let at = folder; ; at = dirname(at)) {
    const found = managerIn(at)
    if (found !== undefined) return found
    // What lies above a repository has nothing to do with it.
    if (existsSync(join(at, '.git')) || dirname(at) === at) break
  }
  const name = env['npm_config_user_agent']?.split('/')[0]
  return packageManagers.find((one) => one === name) ?? 'npm'
}

function managerIn(folder: string): PackageManager | undefined {
  const has = (name: string): boolean => existsSync(join(folder, name))
  if (has('pnpm-workspace.yaml')) return 'pnpm'
  const locked = packageManagers.find((one) => packageManagerWords[one].lockfiles.some(has))
  if (locked !== undefined || !has('package.json')) return locked
  try {
    const { packageManager } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      packageManager?: unknown
    }
    const name = String(packageManager).split('@')[0]
    return packageManagers.find((one) => one === name)
  } catch {
    return undefined
  }
}

/** Throws a ProjectError when the package manager is not installed. */
export function requirePackageManager(
  manager: PackageManager,
  env: Readonly<Record<string, string | undefined>>,
): void {
  if (isOnPath(manager, env)) return
  throw new ProjectError(`${manager} is not installed: there is no '${manager}' on the PATH`, {
    hint: 'install it, choose another one with --package-manager, or leave the dependencies to later with --no-install',
  })
}
