/** Opens the project that a command works on: reads its volo.yml, or shows its diagnostics. */

import { dirname } from 'node:path'
import { diagnosticToJson } from '../compiler/text/render-diagnostic.ts'
import type { Config } from '../project/config/config.ts'
import { pathFrom } from '../project/display-path.ts'
import { showDiagnostics } from './diagnostics.ts'
import { type ExitCode, failed } from './exit-code.ts'
import type { Run } from './run.ts'
import { type Held, whileLocked } from './while-locked.ts'

/** The volo.yml of this run, for a command that only reads; undefined when it is wrong, which has been said. Throws when there is none. */
export async function openProject(run: Run): Promise<Config | undefined> {
  const { findConfig } = await import('../project/config/config.ts')
  return openConfig(run, findConfig(run.io.cwd, run.config))
}

/** Runs `body` on the project of this run for a command that writes it: volo.yml is read, and all is written, while no other command writes. */
export async function changeProject(
  run: Run,
  body: (config: Config, held: Held) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { findConfig } = await import('../project/config/config.ts')
  const path = findConfig(run.io.cwd, run.config)
  return whileLocked(run, dirname(path), async (held) => {
    const config = await openConfig(run, path)
    if (config === undefined) return failed
    if (held.tookOver) await sweep(run, config)
    return body(config, held)
  })
}

/** The same, with an empty volo.yml for a project that has a package.json and none; `isNew` says so. It is not written. */
export async function changeOrBeginProject(
  run: Run,
  body: (config: Config, isNew: boolean, held: Held) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { newConfigPath } = await import('../project/config/config.ts')
  const path = run.config === undefined ? newConfigPath(run.io.cwd) : undefined
  if (path === undefined) return changeProject(run, (config, held) => body(config, false, held))
  return whileLocked(run, dirname(path), async (held) => {
    // Another command may have begun it while this one waited.
    if (newConfigPath(run.io.cwd) !== path) {
      const config = await openConfig(run, path)
      return config === undefined ? failed : body(config, false, held)
    }
    const { emptyConfig } = await import('../project/config/config-text.ts')
    return body(emptyConfig(path, pathFrom(run.io.cwd, path)), true, held)
  })
}

async function openConfig(run: Run, path: string): Promise<Config | undefined> {
  const { readConfig } = await import('../project/config/config.ts')
  run.output.sourceRoots.push(dirname(path))
  const config = readConfig(path, run.io.cwd)
  if (config.diagnostics.length === 0) return config
  showDiagnostics(run.output, config.diagnostics)
  run.output.json({ ok: false, diagnostics: config.diagnostics.map(diagnosticToJson) })
  return undefined
}

/** Removes what a killed command left, before the next one writes. */
async function sweep(run: Run, config: Config): Promise<void> {
  const { removeLeftovers } = await import('../project/leftover.ts')
  for (const path of removeLeftovers(config)) {
    run.output.detail(`removed  ${pathFrom(run.io.cwd, path)} (left by a command that was killed)`)
  }
}
