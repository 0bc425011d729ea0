/** Bundles the handler of both services into a worker: worker threads of Node 20 read no TypeScript. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'tsdown'

const here = import.meta.dirname
const src = join(here, '../../src')

/** The URLs of workers that serve the services of both modules, without and with the layers that look at everything. */
export async function buildWorkers(
  thriftModule: string,
  protobufModule: string,
): Promise<{ readonly plain: URL; readonly layered: URL }> {
  const folder = join(dirname(thriftModule), 'behaviour')
  mkdirSync(folder, { recursive: true })
  const from = (path: string): string => JSON.stringify(path)
  const entryOf = (name: string, layers: string): string => {
    const entry = join(folder, `${name}.ts`)
    writeFileSync(
      entry,
      `import { createRouter } from ${from(join(src, 'index.ts'))}
import { serveThread } from ${from(join(src, 'inproc.ts'))}
import { behaviourHandler, reportOf } from ${from(join(here, 'handler.ts'))}
import { passingLayers } from ${from(join(here, 'layer.ts'))}
import { Behaviour as Thrift, Refused } from ${from(thriftModule)}
import { Behaviour as Protobuf } from ${from(protobufModule)}

const reported = []
const router = createRouter({ layers: ${layers}, onError: (error) => reported.push(reportOf(error)) })
router.add(Thrift, behaviourHandler(Refused, reported))
router.add(Protobuf, behaviourHandler(undefined, reported))
serveThread(router)
`,
    )
    return entry
  }
  await build({
    entry: [entryOf('plain', '[]'), entryOf('layered', 'passingLayers')],
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
  const urlOf = (name: string): URL => pathToFileURL(join(folder, `${name}.mjs`))
  return { plain: urlOf('plain'), layered: urlOf('layered') }
}
