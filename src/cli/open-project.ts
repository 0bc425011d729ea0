/** The project that a command works on: its volo.yml, read and found good, or its diagnostics shown. */

import { diagnosticToJson } from '../compiler/text/render-diagnostic.ts'
import type { Config } from '../project/config.ts'
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
