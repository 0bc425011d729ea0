/** `volo check`: diagnostics of IDL files, nothing written. */

import { resolve } from 'node:path'
import type { Diagnostic } from '../../compiler/diagnostic.ts'
import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import { pathFrom } from '../../project/display-path.ts'
import { namedFolders, showDiagnostics } from '../diagnostics.ts'
import { done, failed } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import { planWithStore } from '../planning.ts'
import type { CommandRegistry } from '../run.ts'
import { collect } from './collect.ts'

interface CheckOptions {
  readonly includes?: readonly string[]
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addCheck({ program, action }: CommandRegistry): void {
  const command = program
    .command('check')
    .description(
      'Checks the given IDL files, or those that volo.yml lists. Writes nothing. Exits 1 when one has an error.',
    )
    .argument('[files...]', '.thrift and .proto files; patterns such as idl/**/*.proto work too')
    .option('-i, --includes <dir>', 'a folder in which includes and imports are searched (repeatable)', collect)
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the diagnostics as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo check
  volo check idl/shop.thrift
  volo check 'idl/**/*.proto' -i idl --json`,
    )
  action<[string[]], CheckOptions>(command, async (run, [files], options) => {
    const { output, io } = run
    const { compile } = await import('../../compiler/compile.ts')
    const { expandPatterns } = await import('../../project/registry/idl-pattern.ts')
    const { nodeHost } = await import('../../project/node-host.ts')
    let diagnostics: readonly Diagnostic[]
    let checked: readonly string[]
    if (files.length === 0) {
      const config = await openProject(run)
      if (config === undefined) return failed
      const { listedIdls } = await import('../../project/registry/idl-registry.ts')
      diagnostics = (await planWithStore(run, config, { offline: options.offline, vendored: true })).diagnostics
      checked = listedIdls(config, io.cwd).map(({ path }) => path)
    } else {
      checked = expandPatterns(files, io.cwd).map((path) => pathFrom(io.cwd, path))
      output.sourceRoots.push(...namedFolders(files, options.includes, io.cwd))
      const includes = (options.includes ?? []).map((one) => pathFrom(io.cwd, resolve(io.cwd, one)))
      diagnostics = compile({ entries: checked, includes, host: nodeHost(io.cwd) }).diagnostics
    }
    const isError = showDiagnostics(output, diagnostics)
    output.json({ ok: !isError, files: checked, diagnostics: diagnostics.map(diagnosticToJson) })
    if (isError) return failed
    output.info(`Checked ${checked.length === 1 ? '1 file' : `${checked.length} files`}: no errors.`)
    return done
  })
}
