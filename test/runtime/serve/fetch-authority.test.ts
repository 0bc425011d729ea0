/** Node's fetch with an authority of one's own, as the options of the face for browsers say; needs a build. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { Server } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Shop, shopHandler } from './http-shop.ts'

const root = join(import.meta.dirname, '../../..')
const tlsFile = (name: string): string => join(root, 'test/support/tls', name)

it('NODE_EXTRA_CA_CERTS makes grpcWeb() and connect() trust a server', async () => {
  const tls = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server-key.pem')) }
  const server = new Server({ http: {}, tls }).add(Shop, shopHandler)
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  const message = `{ typeName: 'web.v1.Item', encode() {}, decode: (_, end) => end, complete: () => ({}) }`
  const script = `import { connect, createClient, grpcWeb } from ${JSON.stringify(join(root, 'dist/web.js'))}
const Item = ${message}
const method = { name: 'Get', localName: 'get', kind: 'unary', request: Item, response: Item }
const Shop = { idl: 'protobuf', name: 'Shop', fullName: 'web.v1.Shop', methods: [method], file: {} }
for (const make of [grpcWeb, connect]) {
  const answer = createClient(Shop, make('https://localhost:${port}')).get({})
  console.log(await answer.then(() => 'answered', (error) => error.code))
}`
  const run = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const words = ['--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, words, { env: { ...process.env, ...env } })
    return stdout
  }
  expect(await run({ NODE_EXTRA_CA_CERTS: tlsFile('ca.pem') })).toBe('answered\nanswered\n')
  expect(await run({})).toBe('UNAVAILABLE\nUNAVAILABLE\n')
})
