/** The project that a command works on: its volo.yml, read and found good, or its diagnostics shown. */

import { diagnosticToJson } from '../compiler/text/render-diagnostic.ts'
import type { Config } from '../project/config.ts'
import { pathFrom } from '../project/display-path.ts'
import { showDiagnostics } from './diagnostics.ts'
import type { Run } from './run.ts'

/** The volo.yml of this run; undefined when it is wrong, which has been said. Throws when there is none. */
export async function openProject(run: Run): Promise<Config | undefined> {
  const { findConfig, readConfig } = await import('../project/config.ts')
  const config = readConfig(findConfig(run.io.cwd, run.config), run.io.cwd)
  if (config.diagnostics.length === 0) return config
  showDiagnostics(run.output, config.diagnostics)
  run.output.json({ ok: false, diagnostics: config.diagnostics.map(diagnosticToJson) })
  return undefined
}

/** The same, with an empty volo.yml for a project that has a package.json and none; `isNew` says so. It is not written. */
export async function openOrBeginProject(
  run: Run,
): Promise<{ readonly config: Config; readonly isNew: boolean } | undefined> {
  const { newConfigPath } = await import('../project/config.ts')
  const path = run.config === undefined ? newConfigPath(run.io.cwd) : undefined
  if (path !== undefined) {
    const { emptyConfig } = await import('../project/config-edit.ts')
    return { config: emptyConfig(path, pathFrom(run.io.cwd, path)), isNew: true }
  }
  const config = await openProject(run)
  return config && { config, isNew: false }
}
