/** Bundles the program of these tests from the sources, with the code of its IDLs: Node 20 reads no TypeScript. */

import { mkdirSync, mkdtempSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'
import { compile, hasErrors } from '../../../../src/compiler/compile.ts'
import { memoryHost } from '../../../../src/compiler/host.ts'

const here = dirname(fileURLToPath(import.meta.url))
const src = join(here, '../../../../src')

const files = {
  'hello.thrift': 'service Hello { string who(1: i32 delayMs) }',
  'greeter.proto': `syntax = "proto3";
    service Greeter { rpc Who(Request) returns (Reply); }
    message Request { sint32 delay_ms = 1; }
    message Reply { string text = 1; }`,
}

/** What was built: the program to run, and a module with its services for clients. */
export interface Built {
  readonly folder: string
  readonly program: string
  readonly services: string
}

/** Builds into a new folder. */
export async function buildProgram(): Promise<Built> {
  const result = compile({ entries: Object.keys(files), includes: [''], host: memoryHost(files) })
  if (hasErrors(result.diagnostics)) throw new Error(result.diagnostics.map((one) => one.message).join('\n'))
  const modules = new Map(result.files.map((file) => [file.path, file.text]))
  mkdirSync(join(here, 'tmp'), { recursive: true })
  const folder = mkdtempSync(join(here, 'tmp', 'program-'))
  await build({
    entry: [join(here, 'program.mjs'), join(here, 'services.mjs')],
    outDir: folder,
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
          if (id.startsWith('idl/')) return join(folder, `${id.slice(4)}.ts`)
          if (id.startsWith('runtime/')) return join(src, `${id}.ts`)
          return id === 'volo-ts/gen' ? join(src, 'gen.ts') : undefined
        },
        load(id: string): string | undefined {
          return id.startsWith(folder) ? modules.get(id.slice(folder.length + 1)) : undefined
        },
      },
    ],
  })
  return { folder, program: join(folder, 'program.mjs'), services: join(folder, 'services.mjs') }
}
