/** The face for browsers, bundled as a page would have it. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'
import ts from 'typescript'
import { expect, test } from 'vitest'

const face = fileURLToPath(new URL('../src/web.ts', import.meta.url))
/** What README.md states, rounded up. */
const mostKilobytes = { minified: 70, gzipped: 23 }

test('volo-ts/web loads nothing of Node and is as small as it says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'volo-web-'))
  try {
    const names = 'createClient, grpcWeb, RpcError'
    const page = `import { ${names} } from ${JSON.stringify(face)}\nglobalThis.volo = { ${names} }\n`
    writeFileSync(join(folder, 'page.js'), page)
    await build({
      entry: { page: join(folder, 'page.js') },
      outDir: join(folder, 'out'),
      cwd: folder,
      config: false,
      platform: 'browser',
      format: 'esm',
      minify: true,
      dts: false,
      clean: false,
      logLevel: 'silent',
    })
    const files = readdirSync(join(folder, 'out'))
    expect(files).toHaveLength(1)
    const code = readFileSync(join(folder, 'out', files[0]!))
    expect(code.toString()).not.toMatch(/["'`]node:|\brequire\(|^import /m)
    expect(code.length / 1024).toBeLessThan(mostKilobytes.minified)
    expect(gzipSync(code).length / 1024).toBeLessThan(mostKilobytes.gzipped)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('its types ask for those of browsers, and for none of Node', () => {
  // Inside the repository, so that `volo-ts` is found as the package's own name.
  const folder = join(import.meta.dirname, 'tmp/web')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const page = join(folder, 'page.ts')
  writeFileSync(
    page,
    `import { createClient, grpcWeb, type ServiceType } from 'volo-ts/web'
declare const Shop: ServiceType<{ get(request: object): Promise<string> }, unknown>
export const shop = createClient(Shop, grpcWeb('/api', { fetch: window.fetch, credentials: 'include' }))
export const answer: Promise<string> = shop.get({})
`,
  )
  const program = ts.createProgram([page], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
  })
  const problems = ts.getPreEmitDiagnostics(program)
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([])
})
