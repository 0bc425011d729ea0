/** `volo idl list`: the IDLs of a project and their services. */

import { pathFrom } from '../../project/display-path.ts'
import { done, failed } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import type { Registry } from '../run.ts'

interface IdlListOptions {
  readonly json?: boolean
}

/** Adds the command. */
export function addIdlList({ program, action }: Registry): void {
  const command = program
    .command('list')
    .alias('ls')
    .summary('list the IDLs and their services')
    .description('Lists the IDLs of volo.yml: entry, file, services.')
    .option('--json', 'print the list as JSON')
    .addHelpText('after', '\nExamples:\n  volo idl list\n  volo idl list --json')
  action<[], IdlListOptions>(command, async (run) => {
    const config = await openProject(run)
    if (config === undefined) return failed
    const { listedIdls } = await import('../../project/idl-registry.ts')
    const { check } = await import('../../compiler/compile.ts')
    const { nodeHost } = await import('../../project/node-host.ts')
    const { resolve } = await import('node:path')
    const rows = listedIdls(config).map((idl) => {
      const path = pathFrom(run.io.cwd, idl.path)
      const { program: checked, diagnostics } = check({
        entries: [path],
        includes: idl.includes.map((root) => pathFrom(run.io.cwd, resolve(config.folder, root))),
        host: nodeHost(run.io.cwd),
      })
      const services = checked.entries.flatMap(({ declarations }) =>
        declarations.flatMap((one) => (one.kind === 'service' ? [one.name] : [])),
      )
      const errors = diagnostics.filter(({ severity }) => severity === 'error').length
      return { entry: idl.entry, protocol: idl.protocol, path, includes: idl.includes, services, errors }
    })
    run.output.json(rows)
    if (rows.length === 0) run.output.info('volo.yml lists no IDL; add one with: volo idl add <file>')
    const entryWidth = Math.max(...rows.map(({ entry }) => entry.length))
    const pathWidth = Math.max(...rows.map(({ path }) => path.length))
    for (const { entry, path, services, errors } of rows) {
      const about =
        errors > 0
          ? `${errors === 1 ? '1 error' : `${errors} errors`} (volo check)`
          : services.join(', ') || 'no services'
      run.output.result(`${entry.padEnd(entryWidth)}  ${path.padEnd(pathWidth)}  ${about}`)
    }
    return done
  })
}
