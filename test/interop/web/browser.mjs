/** The face for browsers in a real one: a page in a headless Chromium calls a server of another origin. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'
import { anyPack, BadRequest, toFileDescriptors } from '../../../dist/grpc.js'
import { BizError, RpcError, Server } from '../../../dist/index.js'
import { generatedJavaScript, generatedModule } from '../generated-module.mjs'

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url))
const page = fileURLToPath(new URL('./page.js', import.meta.url))
const connectWebPage = fileURLToPath(new URL('./connect-web.js', import.meta.url))
const tlsFile = (name) => readFileSync(fileURLToPath(new URL(`../../support/tls/${name}`, import.meta.url)))
const runMs = 90_000

const proto = `syntax = "proto3";
package web.v1;
message Item { string name = 1; int64 count = 2; bytes data = 3; }
service Shop { rpc Get(Item) returns (Item); rpc List(Item) returns (stream Item); rpc Collect(stream Item) returns (Item); }`

const html = `<!doctype html><meta charset="utf-8">
<script type="importmap">{ "imports": { "volo-ts/web": "/dist/web.js", "volo-ts/gen": "/dist/gen.js" } }</script>
<script type="module" src="/page.js"></script>`

/** Runs the page's checks; gives `{ name, outcome, detail }` for each. */
export async function browser() {
  const binary = findBrowser()
  const label = 'gRPC-web and Connect in Chromium'
  if (binary === undefined) return [{ name: label, outcome: 'SKIPPED', detail: 'Chromium is not installed' }]
  let openStreams = 0n
  const { Shop, $file } = await generatedModule('web.proto', proto)
  const handler = {
    get(item, cx) {
      if (item.name === 'bad') {
        throw new RpcError('INVALID_ARGUMENT', 'größer', {
          details: [anyPack(BadRequest, { fieldViolations: [{ field: 'name', description: 'bad' }] })],
        })
      }
      if (item.name === 'biz') throw new BizError(404, 'sold out')
      if (item.name === 'never') return new Promise(() => {})
      if (item.name === 'open streams') return { count: openStreams }
      if (item.name === 'meta') {
        cx.responseHeaders.set('x-echo', cx.requestHeaders.get('x-token'))
        cx.responseHeaders.set('x-echo-bin', cx.requestHeaders.get('x-raw-bin'))
        cx.responseTrailers.set('x-tail', 't')
      }
      return item
    },
    async *list({ name, count }) {
      openStreams++
      try {
        for (let i = 0n; name === 'endless' || i < count; i++) {
          yield { name, count: i }
          await new Promise((resolve) => setTimeout(resolve, name === 'slow' ? 100 : 5))
        }
      } finally {
        openStreams--
      }
    },
  }
  handler.collect = async (items) => {
    let count = 0n
    for await (const _ of items) count++
    return { count }
  }
  const files = createServer()
  files.listen(0, '127.0.0.1')
  await once(files, 'listening')
  const origin = `http://127.0.0.1:${files.address().port}`
  const http = { cors: { origins: [origin] } }
  const open = new Server({ http, grpc: { compression: 'gzip' } }).add(Shop, handler)
  const tls = { cert: tlsFile('server.pem'), key: tlsFile('server-key.pem') }
  const secure = new Server({ http, tls }).add(Shop, handler)
  const closed = new Server({ http: {} }).add(Shop, handler)
  try {
    const [one, two] = [await open.listen('127.0.0.1:0'), await closed.listen('127.0.0.1:0')]
    const { port } = await secure.listen('127.0.0.1:0')
    const descriptors = toFileDescriptors($file).map((bytes) => Buffer.from(bytes).toString('base64'))
    const served = {
      '/shop.js': generatedJavaScript('web.proto', proto),
      '/connect-web.js': await bundled(connectWebPage),
      '/descriptors.json': JSON.stringify(descriptors),
    }
    const results = serveFiles(files, served)
    const url = `${origin}/?api=http://${one.address}&closed=http://${two.address}&secure=https://localhost:${port}`
    return report(label, await inBrowser(binary, url, results))
  } finally {
    files.closeAllConnections()
    files.close()
    await Promise.all([open, closed, secure].map((server) => server.close({ drainMs: 0 })))
  }
}

function findBrowser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

/** A module with what it imports, in one text. */
async function bundled(file) {
  const folder = mkdtempSync(join(tmpdir(), 'volo-page-'))
  try {
    await build({
      ...{ entry: { page: file }, outDir: folder, config: false, platform: 'browser', format: 'esm' },
      ...{ dts: false, clean: false, logLevel: 'silent', noExternal: [/./] },
    })
    const [name] = readdirSync(folder)
    return readFileSync(join(folder, name), 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Serves the page and the built package; resolves with what the page found. */
function serveFiles(server, served) {
  return new Promise((resolve) => {
    server.on('request', (request, response) => {
      const path = new URL(request.url, 'http://x').pathname
      if (path === '/result') {
        let text = ''
        request.on('data', (chunk) => {
          text += chunk
        })
        request.on('end', () => {
          response.end()
          resolve(JSON.parse(text))
        })
        return
      }
      const script = (code) => {
        response.setHeader('content-type', 'text/javascript')
        response.end(code)
      }
      if (path === '/') response.setHeader('content-type', 'text/html').end(html)
      else if (path === '/page.js') script(readFileSync(page))
      else if (path in served) script(served[path])
      else if (/^\/dist\/[\w.-]+\.js$/.test(path) && existsSync(join(dist, path.slice(6)))) {
        script(readFileSync(join(dist, path.slice(6))))
      } else response.writeHead(404).end()
    })
  })
}

async function inBrowser(binary, url, results) {
  const profile = mkdtempSync(join(tmpdir(), 'volo-chromium-'))
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
  // The certificate of the tests is of an authority that nobody knows.
  flags.push('--ignore-certificate-errors')
  const child = spawn(binary, [...flags, `--user-data-dir=${profile}`, url], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const gone = once(child, 'exit')
  let timer
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(undefined), runMs)
  })
  try {
    const found = await Promise.race([results, late, gone.then(() => undefined)])
    return found ?? { failed: `the page did not answer: ${said.trim().split('\n').at(-1)}` }
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    await gone
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

function report(label, found) {
  if (!Array.isArray(found)) return [{ name: label, outcome: 'FAILED', detail: found.failed }]
  const failed = found.filter((one) => !one.ok)
  if (failed.length === 0) {
    return [{ name: label, outcome: 'PASSED', detail: `${found.length} of ${found.length} checks` }]
  }
  return failed.map(({ name, detail }) => ({ name: `${label}: ${name}`, outcome: 'FAILED', detail }))
}
