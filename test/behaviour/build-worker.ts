/** Bundles the handler of both services into a worker: worker threads of Node 20 read no TypeScript. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'tsdown'

const here = import.meta.dirname
const src = join(here, '../../src')

/** The URL of a worker that serves the services of both modules. */
export async function buildWorker(thriftModule: string, protobufModule: string): Promise<URL> {
  const folder = join(dirname(thriftModule), 'behaviour')
  mkdirSync(folder, { recursive: true })
  const entry = join(folder, 'worker.ts')
  const from = (path: string): string => JSON.stringify(path)
  writeFileSync(
    entry,
    `import { createRouter } from ${from(join(src, 'index.ts'))}
import { serveThread } from ${from(join(src, 'inproc.ts'))}
import { behaviourHandler, reportOf } from ${from(join(here, 'handler.ts'))}
import { Behaviour as Thrift, Refused } from ${from(thriftModule)}
import { Behaviour as Protobuf } from ${from(protobufModule)}

const reported = []
const router = createRouter({ onError: (error) => reported.push(reportOf(error)) })
router.add(Thrift, behaviourHandler(Refused, reported))
router.add(Protobuf, behaviourHandler(undefined, reported))
serveThread(router)
`,
  )
  await build({
    entry: [entry],
    outDir: folder,
    config: false,
    tsconfig: false,
    dts: false,
    clean: false,
    logLevel: 'error',
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
  return pathToFileURL(join(folder, 'worker.mjs'))
}
