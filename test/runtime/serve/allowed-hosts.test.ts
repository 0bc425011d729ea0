/** Which names and pages a request over HTTP may have: pages that were rebound to this address may not call. */

import * as http from 'node:http'
import * as http2 from 'node:http2'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Refusal } from '../../../src/runtime/core/refusal.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Shop, shopHandler } from './http-shop.ts'

interface Served {
  readonly port: number
  readonly refused: Refusal[]
}

async function serve(options: ServerOptions['http'], address = '127.0.0.1:0'): Promise<Served> {
  const refused: Refusal[] = []
  const server = new Server({ http: options, onError: () => {}, onRefused: (one) => refused.push(one) }).add(
    Shop,
    shopHandler,
  )
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen(address)
  return { port, refused }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: http.IncomingHttpHeaders
}

function post(
  port: number,
  headers: Record<string, string>,
  path = '/web.v1.Shop/Get',
  method = 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path, method, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
      },
    )
    request.on('error', reject)
    request.end(method === 'POST' ? '{}' : undefined)
  })
}

/** The status of the same request over HTTP/2. */
async function postHttp2(port: number, headers: http2.OutgoingHttpHeaders): Promise<number> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  onCleanup(() => session.destroy())
  const stream = session.request({
    ':method': 'POST',
    ':path': '/web.v1.Shop/Get',
    'content-type': 'application/json',
    ...headers,
  })
  stream.end('{}')
  return new Promise((resolve, reject) => {
    stream.on('response', (answer) => resolve(Number(answer[':status'])))
    stream.on('error', reject)
  })
}

describe('a port that is bound to loopback', () => {
  it('is called by the names of this machine alone', async () => {
    const { port, refused } = await serve({})
    for (const name of ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST']) {
      expect((await post(port, { host: `${name}:${port}` })).status).toBe(200)
    }
    const answer = await post(port, { host: `rebound.example:${port}` })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain(`this server is not called "rebound.example:${port}"`)
    expect(answer.text).toContain('http.allowedHosts')
    expect(await postHttp2(port, { ':authority': `rebound.example:${port}` })).toBe(403)
    expect(await postHttp2(port, { ':authority': `localhost:${port}` })).toBe(200)
    expect(refused.map(({ error, httpStatus, method }) => [error.code, httpStatus, method])).toEqual([
      ['PERMISSION_DENIED', 403, 'Get'],
      ['PERMISSION_DENIED', 403, 'Get'],
    ])
  })

  it('refuses pages of other origins, and takes its own, those of CORS and of its names', async () => {
    const { port } = await serve({
      cors: { origins: ['https://shop.example'] },
      allowedHosts: ['admin.example', 'other.example:81'],
    })
    const status = async (origin: string, host = 'localhost'): Promise<number> =>
      (await post(port, { host, origin })).status
    expect(await status(`http://localhost:${port}`)).toBe(200)
    expect(await status('https://shop.example')).toBe(200)
    expect(await status('https://admin.example:8443')).toBe(200)
    expect(await status('https://other.example:81')).toBe(200)
    expect(await status('https://other.example:82')).toBe(403)
    expect(await status('https://localhost.evil.example')).toBe(403)
    expect(await status('null')).toBe(403)
    expect(await status('https://evil.example', 'admin.example')).toBe(403)
    const refused = await post(port, { origin: 'https://evil.example' })
    expect(refused.text).toContain('pages of "https://evil.example" may not call')
    expect(refused.headers.vary).toBe('origin')
    expect(refused.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('answers health checks under any name', async () => {
    const { port } = await serve({})
    expect((await post(port, { host: 'pod.example' }, '/healthz', 'GET')).status).toBe(200)
  })

  it('leaves gRPC alone, which no page can send', async () => {
    const { port } = await serve({})
    const transport = grpc(`127.0.0.1:${port}`, { authority: 'shop.example' })
    onCleanup(() => transport.close({ drainMs: 0 }))
    expect(await createClient(Shop, transport).get({})).toBeDefined()
  })
})

describe('a port that is bound to other addresses', () => {
  it('is called by any name, unless names are listed', async () => {
    const { port } = await serve({}, '0.0.0.0:0')
    expect((await post(port, { host: 'shop.example' })).status).toBe(200)
    const { port: listed } = await serve({ allowedHosts: ['shop.example'] }, '0.0.0.0:0')
    expect((await post(listed, { host: 'shop.example' })).status).toBe(200)
    expect((await post(listed, { host: 'localhost' })).status).toBe(403)
  })

  it('refuses pages of origins that are not listed', async () => {
    const { port } = await serve({}, '0.0.0.0:0')
    expect((await post(port, { host: 'shop.example', origin: 'http://shop.example' })).status).toBe(403)
    const { port: listed } = await serve({ allowedHosts: ['shop.example'] }, '0.0.0.0:0')
    expect((await post(listed, { host: 'shop.example', origin: 'http://shop.example' })).status).toBe(200)
  })
})
