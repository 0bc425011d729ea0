/** The face for browsers, bundled as a page would have it. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { generatedText } from './support/generated.ts'

const face = fileURLToPath(new URL('../src/web.ts', import.meta.url))
/** What README.md states, rounded up. */
const most = {
  'one protocol': { names: 'createClient, grpcWeb', minified: 72, gzipped: 23 },
  'both protocols': { names: 'createClient, grpcWeb, connect', minified: 82, gzipped: 25 },
  'both protocols and ProtoJSON': { names: 'createClient, grpcWeb, connect, protoJson', minified: 124, gzipped: 38 },
}
const chat = `syntax = "proto3";
package chat.v1;
message Message { string room = 1; string from = 2; string text = 3; int64 sent_at_ms = 4; repeated string tags = 5; }
message Room { string name = 1; map<string, Message> pinned = 2; }
service Chat {
  rpc Join(Room) returns (stream Message);
  rpc Say(Message) returns (Message);
}`

/** A page bundled as it would be delivered. */
async function bundle(page: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'volo-web-'))
  try {
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
    return code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test.each(Object.entries(most))(
  'volo-ts/web with %s loads nothing of Node and is as small as it says',
  async (_, one) => {
    const names = `${one.names}, RpcError`
    const code = await bundle(`import { ${names} } from ${JSON.stringify(face)}\nglobalThis.volo = { ${names} }\n`)
    expect(code.length / 1024).toBeLessThan(one.minified)
    expect(gzipSync(code).length / 1024).toBeLessThan(one.gzipped)
  },
)

test('a page with a client of a chat service over both protocols has at most 30 KiB', async () => {
  const folder = join(import.meta.dirname, 'tmp/chat-page')
  mkdirSync(folder, { recursive: true })
  const [text] = Object.values(generatedText({ 'chat.proto': chat }))
  const gen = JSON.stringify(fileURLToPath(new URL('../src/gen.ts', import.meta.url)))
  writeFileSync(join(folder, 'chat.ts'), text!.replaceAll("'volo-ts/gen'", gen))
  const code = await bundle(`import { connect, createClient, grpcWeb, isRpcError } from ${JSON.stringify(face)}
import { Chat } from ${JSON.stringify(join(folder, 'chat.ts'))}
const chat = createClient(Chat, location.search === '?connect' ? connect('/api') : grpcWeb('/api'))
try {
  for await (const { from, text } of chat.join({ name: 'all' })) document.body.append(from, text)
} catch (error) {
  document.body.append(isRpcError(error) ? error.code : 'broken')
}
`)
  expect(gzipSync(code).length / 1024).toBeLessThan(30)
})

test('its types ask for those of browsers, and for none of Node', () => {
  // Inside the repository, so that `volo-ts` is found as the package's own name.
  const folder = join(import.meta.dirname, 'tmp/web')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const page = join(folder, 'page.ts')
  writeFileSync(
    page,
    `import { connect, createClient, grpcWeb, protoJson, type ServiceType } from 'volo-ts/web'
declare const Shop: ServiceType<{ get(request: object): Promise<string> }, unknown>
export const shop = createClient(Shop, grpcWeb('/api', { fetch: window.fetch, credentials: 'include' }))
export const room = createClient(Shop, connect('/api', { format: protoJson(), useGet: true }))
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
