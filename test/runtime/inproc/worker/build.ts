/** Bundles the worker of these tests from the sources: worker threads of Node 20 read no TypeScript. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsdown'
import { compile, hasErrors } from '../../../../src/compiler/compile.ts'
import { memoryHost } from '../../../../src/compiler/host.ts'
import { depotIdl, relayIdl } from './idl.ts'

const here = dirname(fileURLToPath(import.meta.url))
const src = join(here, '../../../../src')

/** The URL of the bundled worker `depot.mjs`; `process.mjs` stands beside it. */
export async function buildWorker(): Promise<URL> {
  const files = { 'depot.thrift': depotIdl, 'relay.proto': relayIdl }
  const result = compile({ entries: Object.keys(files), includes: [''], host: memoryHost(files) })
  if (hasErrors(result.diagnostics)) throw new Error(result.diagnostics.map((one) => one.message).join('\n'))
  const modules = new Map(result.files.map((file) => [file.path, file.text]))
  mkdirSync(join(here, 'tmp'), { recursive: true })
  const outDir = mkdtempSync(join(here, 'tmp', 'worker-'))
  await build({
    entry: [join(here, 'depot.mjs'), join(here, 'process.mjs')],
    outDir,
    config: false,
    tsconfig: false,
    dts: false,
    clean: false,
    logLevel: 'error',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [
      {
        name: 'generated',
        resolveId(id: string): string | undefined {
          if (id.startsWith('idl/')) return join(outDir, `${id.slice(4)}.ts`)
          if (id.startsWith('runtime/')) return join(src, `${id.slice(8)}.ts`)
          return id === 'volo-ts/gen' ? join(src, 'gen.ts') : undefined
        },
        load(id: string): string | undefined {
          return id.startsWith(outDir) ? modules.get(id.slice(outDir.length + 1)) : undefined
        },
      },
    ],
  })
  return pathToFileURL(join(outDir, 'depot.mjs'))
}

/** Removes what {@link buildWorker} made. */
export function removeWorker(url: URL): void {
  rmSync(dirname(fileURLToPath(url)), { recursive: true, force: true })
}
