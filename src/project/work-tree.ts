/** The folder that a project may write to: the git work tree around volo.yml. */

import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Diagnostic, reportInto } from '../compiler/diagnostic.ts'
import type { Config } from './config/config.ts'
import { pathFrom } from './display-path.ts'
import type { GenerationPlan } from './generate/generation-plan.ts'
import { insideOf } from './idl-version.ts'
import { realPath } from './real-path.ts'

/** The root of the git work tree that holds `folder` (absolute), or `folder` itself where there is none; links resolved. */
export function workTree(folder: string): string {
  const start = realPath(folder)
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return start
  }
}

/** Whether `path` (absolute) lies below one of `roots` once links are resolved. `roots` must be resolved. */
export function isBelow(roots: readonly string[], path: string): boolean {
  const real = realPath(path)
  return roots.some((root) => insideOf(root, real) !== undefined)
}

/** Errors for output folders and generated files that lie outside the work tree of volo.yml, or inside `.git` or `node_modules`. */
export function checkWritePaths(config: Config, generation: GenerationPlan): Diagnostic[] {
  const root = workTree(config.folder)
  const found: Diagnostic[] = []
  const report = reportInto(found)
  const where = (path: string): string | undefined => {
    const inside = insideOf(root, realPath(path))
    if (inside === undefined)
      return `outside ${pathFrom(config.folder, root)}, the ${root === realPath(config.folder) ? 'folder of volo.yml' : 'git work tree of volo.yml'}`
    const forbidden = inside.split(/[/\\]/).find((name) => /^(?:\.git|node_modules)$/i.test(name))
    return forbidden === undefined ? undefined : `inside ${forbidden}`
  }
  const hint = 'choose a folder of the project, or run the command with --allow-outside'
  for (const [name, { typescript }] of Object.entries(config.entries)) {
    for (const [key, path] of [
      ['out', typescript?.out ?? 'src/gen'],
      ['handlers', typescript?.handlers ?? 'src/handlers'],
    ] as const) {
      const problem = path === false ? undefined : where(resolve(config.folder, path))
      if (problem === undefined) continue
      report({
        code: 'config-value',
        message: `'${key}' of entry '${name}' leads to ${String(path)}, which is ${problem}`,
        span: config.at(['entries', name, 'typescript', key]),
        hint,
      })
    }
  }
  if (found.length > 0) return found
  for (const { path, action } of generation.files) {
    const problem = action === 'keep' ? undefined : where(path)
    if (problem === undefined) continue
    const message = `the generated file ${pathFrom(config.folder, path)} is a link to a place ${problem}`
    report({ code: 'config-value', message, span: config.at([]), hint })
  }
  return found
}
