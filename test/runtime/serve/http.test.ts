import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import * as https from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { sendHeaders } from '../../../src/runtime/grpc/server/call.ts'
import { addHealth } from '../../../src/runtime/grpc/service/health.ts'
import { Base64Decoder } from '../../../src/runtime/grpc/web/web-base64.ts'
import { grpcWeb } from '../../../src/runtime/grpc/web/web-client.ts'
import { decodeTrailers, encodeTrailersFrame } from '../../../src/runtime/grpc/web/web-frame.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { oddAnswers, oddStreams } from '../../behaviour/odd.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { echoHandler, Echo as ThriftEcho } from '../../support/echo-service.ts'
import { Shop, type ShopHandler, shopHandler } from './http-shop.ts'

const pem = (name: string): Buffer => readFileSync(new URL(`../../support/tls/${name}.pem`, import.meta.url))

interface Served {
  readonly server: Server
  readonly port: number
  readonly url: string
}

async function serve(handler: Partial<ShopHandler> = {}, options: ServerOptions = {}): Promise<Served> {
  const server = new Server({ http: {}, onError: () => {}, ...options }).add(Shop, { ...shopHandler, ...handler })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, port, url: `http://127.0.0.1:${port}` }
}

function json(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** Sends bytes and gives what comes until the server hangs up, or for so many milliseconds. */
function raw(port: number, bytes: string | Uint8Array, ms = 3_000): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1')
    let text = ''
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(done, ms)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', done)
    socket.on('close', done)
    socket.write(bytes)
  })
}

describe('HTTP/1.1 on the port', () => {
  it('is refused with a word on how to switch it on', async () => {
    const { url } = await serve({}, { http: undefined })
    const answer = await fetch(url)
    expect(answer.status).toBe(501)
    expect(await answer.text()).toContain('http: {}')
  })

  it('stands beside gRPC and Thrift', async () => {
    const server = new Server({ http: {} }).add(Shop, shopHandler).add(ThriftEcho, echoHandler())
    const { port } = await server.listen('127.0.0.1:0')
    const [one, two] = [grpc(`127.0.0.1:${port}`), thrift(`127.0.0.1:${port}`)]
    onCleanup(() => server.close({ drainMs: 0 }))
    onCleanup(() => Promise.all([one.close(), two.close()]))
    expect(await createClient(Shop, one).get({ name: 'a' })).toMatchObject({ name: 'a' })
    expect(await createClient(ThriftEcho, two).echo('b')).toBe('b')
    const web = createClient(Shop, grpcWeb(`http://127.0.0.1:${port}`))
    expect(await web.get({ name: 'c' })).toMatchObject({ name: 'c' })
  })

  it('speaks TLS, over HTTP/1.1 and over HTTP/2', async () => {
    const { port } = await serve({}, { tls: { cert: pem('server'), key: pem('server-key') } })
    const body = await new Promise<string>((resolve, reject) => {
      https
        .get({ port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca'), path: '/healthz' }, (answer) => {
          answer.setEncoding('utf8')
          answer.on('data', resolve)
        })
        .on('error', reject)
    })
    expect(body).toContain('SERVING')
    const session = http2.connect(`https://localhost:${port}`, { ca: pem('ca') })
    onCleanup(() => session.destroy())
    const stream = session.request({ ':path': '/healthz' })
    stream.end()
    const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])))
    expect(status).toBe(200)
  })

  it('has no limit of time where Infinity is one, nor has gRPC', async () => {
    const never = Number.POSITIVE_INFINITY
    const keepalive = { intervalMs: never, timeoutMs: never }
    const { server, port } = await serve(
      {},
      {
        limits: { firstBytesTimeoutMs: never, silentTimeoutMs: never },
        http: { headTimeoutMs: never, bodyTimeoutMs: never, idleTimeoutMs: never },
        grpc: { keepalive },
      },
    )
    const transport = grpc(`127.0.0.1:${port}`, { connectTimeoutMs: never, idleTimeoutMs: never, keepalive })
    onCleanup(() => transport.close({ drainMs: 0 }))
    await transport.connect({ timeoutMs: never })
    const half = connect(port, '127.0.0.1')
    onCleanup(() => half.destroy())
    half.write('POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\n')
    const silent = connect(port, '127.0.0.1')
    onCleanup(() => silent.destroy())
    silent.write('PO')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await createClient(Shop, transport).get({ name: 'a' })).toMatchObject({ name: 'a' })
    expect(transport.stats().connections).toMatchObject([{ started: 1 }])
    expect(server.connections).toBe(3)
  })

  it('keeps connections, and lets requests in flight end when the server closes', async () => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let arrived: () => void = () => {}
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const { server, url } = await serve({
      async get(item) {
        arrived()
        await held
        return item
      },
    })
    const pending = json(`${url}/web.v1.Shop/Get`, { name: 'late' })
    await here
    const closing = server.close({ drainMs: 5_000 })
    release()
    const answer = await pending
    expect(await answer.json()).toEqual({ name: 'late' })
    expect(answer.headers.get('connection')).toBe('close')
    await closing
    expect(server.connections).toBe(0)
  })
})

describe('an answer that is written in one turn', () => {
  const call = (body: string, type: string, more = ''): string =>
    `POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\n${more}content-length: ${body.length}\r\n\r\n${body}`
  const web = (more = ''): string => call('\0\0\0\0\x03\n\x01a', 'application/grpc-web+proto', more)

  /** Heads and bodies of the answers that stand one behind another, by the chunks of HTTP/1.1; nothing may stand between. */
  const answers = (text: string): string[] => {
    const bodies: string[] = []
    while (text !== '') {
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, text.indexOf('\r\n\r\n') + 2))
      text = text.slice(text.indexOf('\r\n\r\n') + 4)
      let body = ''
      if (length !== null) {
        body = text.slice(0, Number(length[1]))
        text = text.slice(body.length)
      } else {
        for (let size = -1; size !== 0; ) {
          const head = /^([0-9a-f]+)\r\n/i.exec(text)
          if (head === null) throw new Error(`no chunk of HTTP/1.1: ${JSON.stringify(text.slice(0, 60))}`)
          size = Number.parseInt(head[1]!, 16)
          body += text.slice(head[0].length, head[0].length + size)
          expect(text.slice(head[0].length + size, head[0].length + size + 2)).toBe('\r\n')
          text = text.slice(head[0].length + size + 2)
        }
      }
      bodies.push(body)
    }
    return bodies
  }

  it('is whole and ends with its trailers, also where requests stand one behind another', async () => {
    const { port } = await serve()
    const text = await raw(port, web() + web() + web('connection: close\r\n'))
    const whole = '\0\0\0\0\x03\n\x01a\x80\0\0\0\x10grpc-status: 0\r\n'
    expect(answers(text)).toEqual([whole, whole, whole])
  })

  it('is so for JSON, for the health check, for refusals and for a page of the fallback', async () => {
    const { port } = await serve(
      {},
      { http: { fallback: (_, response) => void response.writeHead(200).end('a page') } },
    )
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`
    const text = await raw(
      port,
      call('{"name":"a"}', 'application/json') +
        get('/healthz') +
        get('/page') +
        web('grpc-timeout: never\r\nconnection: close\r\n'),
    )
    expect(answers(text)).toEqual([expect.stringContaining('"a"'), expect.anything(), 'a page', ''])
    expect(text).toContain('\r\ngrpc-status: ')
  })

  it('leaves in one write', async () => {
    const { port } = await serve()
    const chunks: string[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(web('connection: close\r\n')))
    socket.on('data', (chunk) => chunks.push(chunk.toString('latin1')))
    await new Promise((resolve) => socket.once('close', resolve))
    expect(chunks).toHaveLength(1)
  })

  it('sends its head without waiting for the first message', async () => {
    let go = (): void => {}
    const gone = new Promise<void>((resolve) => {
      go = resolve
    })
    const { url } = await serve({
      async *list(_, cx) {
        sendHeaders(cx)
        await gone
        yield { name: 'late' }
      },
    })
    const answer = await fetch(`${url}/web.v1.Shop/List`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto' },
      body: Uint8Array.of(0, 0, 0, 0, 0),
    })
    expect(answer.status).toBe(200)
    go()
    expect(await answer.text()).toContain('late')
  })
})

describe('JSON', () => {
  it('is answered as ProtoJSON', async () => {
    const { url } = await serve()
    const answer = await json(`${url}/web.v1.Shop/Get`, { name: 'grüße', count: '9007199254740993', data: 'AP8=' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({ name: 'grüße', count: '9007199254740993', data: 'AP8=' })
  })

  it.each([
    ['what is not JSON', 'Get', '{', 400, 'invalid_argument'],
    ['a value of a wrong type', 'Get', { count: 'x' }, 400, 'invalid_argument'],
    ['an unknown field', 'Get', { nope: 1 }, 400, 'invalid_argument'],
    ['an unknown method', 'Nope', {}, 404, 'unimplemented'],
  ])('says no to %s', async (_, method, body, status, code) => {
    const { url } = await serve()
    const answer = await json(`${url}/web.v1.Shop/${method}`, body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ code })
  })

  it('tells no stack and no inner message of a throw', async () => {
    const { url } = await serve({
      get() {
        throw new Error('secret')
      },
    })
    const answer = await json(`${url}/web.v1.Shop/Get`, {})
    expect(answer.status).toBe(500)
    expect(await answer.json()).toEqual({ code: 'internal', message: 'internal error' })
  })

  it('takes a deadline, and refuses one that is none', async () => {
    const { url } = await serve({ get: () => new Promise(() => {}) })
    const late = await json(`${url}/web.v1.Shop/Get`, {}, { 'connect-timeout-ms': '50' })
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([504, 'deadline_exceeded'])
    expect((await json(`${url}/web.v1.Shop/Get`, {}, { 'connect-timeout-ms': 'soon' })).status).toBe(400)
  })

  it('is late also while its body is still on its way, and takes one that trickles', async () => {
    const { url, port } = await serve({}, {})
    const head = (length: number, more = ''): string =>
      `POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more}\r\n`
    const late = await raw(port, `${head(50, 'connect-timeout-ms: 50\r\nconnection: close\r\n')}{"name":`)
    expect(late).toContain('504 Gateway Timeout')
    expect(late).toContain('deadline_exceeded')
    const session = http2.connect(url)
    onCleanup(() => session.destroy())
    const request = session.request({
      ':method': 'POST',
      ':path': '/web.v1.Shop/Get',
      'content-type': 'application/json',
    })
    for (const letter of `{"name":"${'x'.repeat(300)}"}`) request.write(letter)
    request.end()
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    expect(JSON.parse(body)).toMatchObject({ name: 'x'.repeat(300) })
  })

  it('refuses a body beyond the limit while it comes', async () => {
    const { url } = await serve({}, { grpc: { maxReceiveBytes: 1_000 } })
    const answer = await json(`${url}/web.v1.Shop/Get`, { name: 'x'.repeat(5_000) })
    expect(answer.status).toBe(429)
  })

  it('hands no shape of handler on to the process, over JSON and gRPC-web', async () => {
    const reported: unknown[] = []
    const get = ({ name }: { name: string }): never => oddAnswers[name]?.() as never
    const list = ({ name }: { name: string }): never => oddStreams[name]?.() as never
    const { url } = await serve({ get, list }, { onError: (error) => reported.push(error) })
    const web = createClient(Shop, grpcWeb(url))
    for (const name of Object.keys(oddAnswers)) {
      const answer = await json(`${url}/web.v1.Shop/Get`, { name })
      expect([name, answer.status, await answer.json()]).toEqual([
        name,
        500,
        { code: 'internal', message: 'internal error' },
      ])
      expect([name, await web.get({ name }).catch((error) => String(error))]).toEqual([
        name,
        'RpcError: internal error',
      ])
      expect([name, reported.splice(0).length]).toEqual([name, 2])
    }
    for (const name of Object.keys(oddStreams)) {
      const read = async (): Promise<void> => {
        for await (const _ of web.list({ name }));
      }
      expect([name, await read().catch((error) => String(error))]).toEqual([name, 'RpcError: internal error'])
      expect([name, reported.splice(0).length]).toEqual([name, 1])
    }
  })

  it('answers INTERNAL where an error is no JSON', async () => {
    const error = new BizError(1, 'no', { big: 1n } as never)
    const reported: unknown[] = []
    const { url } = await serve({ get: () => Promise.reject(error) }, { onError: (one) => reported.push(one) })
    expect((await json(`${url}/web.v1.Shop/Get`, {})).status).toBe(500)
    expect(reported.length).toBe(1)
  })

  it('can be switched off', async () => {
    const { url } = await serve({}, { http: { connect: false } })
    expect((await json(`${url}/web.v1.Shop/Get`, {})).status).toBe(415)
  })
})

describe('the health check', () => {
  it('follows what the server says of itself', async () => {
    const { server, url } = await serve({}, { http: { health: '/livez' } })
    const health = addHealth(server)
    const get = async (): Promise<unknown> => {
      const answer = await fetch(`${url}/livez`)
      return [answer.status, await answer.json()]
    }
    expect(await get()).toEqual([200, { status: 'SERVING' }])
    health.set('', 'NOT_SERVING')
    expect(await get()).toEqual([503, { status: 'NOT_SERVING' }])
    expect((await fetch(`${url}/livez`, { method: 'HEAD' })).status).toBe(503)
    expect((await fetch(`${url}/healthz`)).status).toBe(404)
  })

  it('fails for a while before the server stops accepting connections and calls', async () => {
    const { server, port, url } = await serve({}, { readinessDelayMs: 1_000 })
    const health = addHealth(server)
    let listening = true
    const closed = server.close().then(() => {
      listening = false
    })
    expect((await fetch(`${url}/healthz`)).status).toBe(503)
    expect(health.get('')).toBe('NOT_SERVING')
    const transport = grpc(`127.0.0.1:${port}`)
    onCleanup(() => transport.close({ drainMs: 0 }))
    await createClient(Shop, transport).get({})
    expect((await json(`${url}/web.v1.Shop/Get`, {})).status).toBe(200)
    expect(listening).toBe(true)
    await closed
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed')
  })
})

describe('CORS', () => {
  const preflight = (url: string, origin: string, headers = 'content-type,x-grpc-web'): Promise<Response> =>
    fetch(`${url}/web.v1.Shop/Get`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': headers,
      },
    })

  it('lets nobody in unless it is told', async () => {
    const { url } = await serve()
    const answer = await preflight(url, 'https://a.example')
    expect(answer.status).toBe(403)
    expect(answer.headers.get('access-control-allow-origin')).toBe(null)
  })

  it('answers preflights of the origins it knows', async () => {
    const { url } = await serve({}, { http: { cors: { origins: ['https://a.example'], maxAgeSeconds: 60 } } })
    const yes = await preflight(url, 'https://a.example')
    expect(yes.status).toBe(204)
    expect(Object.fromEntries(yes.headers)).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'POST, GET',
      'access-control-allow-headers': 'content-type, x-grpc-web',
      'access-control-max-age': '60',
      vary: 'origin',
    })
    const no = await preflight(url, 'https://b.example')
    expect([no.status, no.headers.get('access-control-allow-origin'), no.headers.get('vary')]).toEqual([
      403,
      null,
      'origin',
    ])
  })

  it('takes a function, credentials and a list of headers, and reflects no header that is none', async () => {
    const cors = {
      origins: (origin: string) => origin.endsWith('.a.example'),
      credentials: true,
      headers: ['x-only'],
    }
    const { url } = await serve({}, { http: { cors } })
    const yes = await preflight(url, 'https://shop.a.example')
    expect(yes.headers.get('access-control-allow-credentials')).toBe('true')
    expect(yes.headers.get('access-control-allow-headers')).toBe(
      'connect-accept-encoding, connect-content-encoding, connect-protocol-version, connect-timeout-ms, content-encoding, content-type, grpc-accept-encoding, grpc-timeout, source-service, x-grpc-web, x-user-agent, x-only',
    )
    const inherited = await preflight(url, 'https://shop.a.example', 'content-type, rpc-persist-user, x-other')
    expect(inherited.headers.get('access-control-allow-headers')).toMatch(/x-only, rpc-persist-user$/)
    const { url: open } = await serve({}, { http: { cors: { origins: '*' } } })
    const odd = await preflight(open, 'https://x', 'x-good, <script>')
    expect(odd.headers.get('access-control-allow-origin')).toBe('*')
    expect(odd.headers.get('access-control-allow-headers')).toBe('x-good')
    const impossible = new Server({ http: { cors: { origins: '*', credentials: true } } }).add(Shop, shopHandler)
    await expect(impossible.listen('127.0.0.1:0')).rejects.toThrow('credentials')
  })

  it('lets a page of an allowed origin see every refusal', async () => {
    const { url } = await serve({}, { http: { cors: { origins: ['https://a.example'] } } })
    const seen = async (method: string, path: string, type = 'text/plain') => {
      const headers = { origin: 'https://a.example', 'content-type': type }
      const answer = await fetch(url + path, { method, headers })
      return [answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')]
    }
    const visible = ['https://a.example', 'origin']
    expect(await seen('POST', '/web.v1.Shop/Get')).toEqual([415, ...visible])
    expect(await seen('GET', '/web.v1.Shop/Get')).toEqual([405, ...visible])
    expect(await seen('POST', '/nothing')).toEqual([404, ...visible])
    expect(await seen('POST', '/healthz')).toEqual([405, ...visible])
    expect(await seen('POST', '/web.v1.Shop/Get', 'application/grpc')).toEqual([505, ...visible])
    expect(await seen('POST', '/web.v1.Shop/Nope', 'application/json')).toEqual([404, ...visible])
    expect(await seen('OPTIONS', '/web.v1.Shop/Get')).toEqual([204, ...visible])
  })

  it('shows a page every header of the answer', async () => {
    const { url } = await serve(
      {
        get(item, cx) {
          cx.responseHeaders.set('x-own', '1')
          return item
        },
      },
      { http: { cors: { origins: '*' } } },
    )
    const answer = await fetch(`${url}/web.v1.Shop/Get`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web', origin: 'https://x' },
      body: new Uint8Array(5),
    })
    expect(answer.headers.get('access-control-expose-headers')).toBe('x-own')
    const refused = await fetch(`${url}/web.v1.Shop/Nope`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web', origin: 'https://x' },
      body: new Uint8Array(5),
    })
    expect(refused.headers.get('access-control-expose-headers')).toContain('grpc-status, grpc-message')
    expect(refused.headers.get('grpc-status')).toBe('12')
  })
})

describe('hostile HTTP', () => {
  it.each([
    ['no HTTP at all behind a method', 'POST \x00\x01\x02\r\n\r\n'],
    ['a head that never ends', `GET / HTTP/1.1\r\n${'x-a: b\r\n'.repeat(10_000)}`],
    [
      'a smuggled length',
      'POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef'],
    ['a bad chunk', 'POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ])('%s is refused, and the next caller is served', async (_, bytes) => {
    const { port, url } = await serve()
    expect(await raw(port, bytes)).toMatch(/^(HTTP\/1\.1 4\d\d|$)/)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('a head that trickles is cut off', async () => {
    const { port } = await serve({}, { http: { headTimeoutMs: 150 } })
    const started = performance.now()
    await raw(port, 'GET / HTTP/1.1\r\nhost: localhost\r\n', 15_000)
    expect(performance.now() - started).toBeLessThan(12_000)
  })

  it('a body that never ends is cut off', async () => {
    const { port } = await serve({}, { http: { bodyTimeoutMs: 150 } })
    const head =
      'POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{'
    const started = performance.now()
    await raw(port, head, 15_000)
    expect(performance.now() - started).toBeLessThan(12_000)
  })

  it('a pile of requests ahead of their answers is cut off', async () => {
    let most = 0
    let open = 0
    const { port, url } = await serve({
      get: (_, cx) => {
        most = Math.max(most, ++open)
        cx.onCancel(() => open--)
        return new Promise(() => {})
      },
    })
    const one =
      'POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'
    await raw(port, one.repeat(1_000), 15_000)
    expect(most).toBeLessThanOrEqual(100)
    await expect.poll(() => open).toBe(0)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('a function among the options that throws costs the request alone', async () => {
    const reported: unknown[] = []
    const { url } = await serve(
      {},
      {
        onError: (error) => reported.push(error),
        http: {
          cors: {
            origins: () => {
              throw new Error('mine')
            },
          },
        },
      },
    )
    const answer = await json(`${url}/web.v1.Shop/Get`, {}, { origin: 'https://x' })
    expect(answer.status).toBe(500)
    expect(await answer.text()).toBe('')
    expect(reported).toEqual([new Error('mine')])
    expect((await json(`${url}/web.v1.Shop/Get`, {})).status).toBe(200)
  })

  it('a caller that leaves in the middle cancels its call', async () => {
    let reason = ''
    let arrived: () => void = () => {}
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const { port } = await serve({
      get: (_, cx) => {
        cx.onCancel(({ code }) => {
          reason = code
        })
        arrived()
        return new Promise(() => {})
      },
    })
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
    )
    await here
    socket.destroy()
    await expect.poll(() => reason).toBe('CANCELLED')
  })

  it.each([
    ['more than one message', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['no message', []],
    ['half a message', [0, 0, 0, 0, 9, 1]],
    ['a trailers frame', [0x80, 0, 0, 0, 0]],
    ['a message that is no protobuf', [0, 0, 0, 0, 1, 0xff]],
    ['a message beyond the limit', [0, 0xff, 0xff, 0xff, 0xff]],
    ['a compressed message without a compression', [1, 0, 0, 0, 0]],
  ])('gRPC-web with %s gets a status', async (_, bytes) => {
    const { url } = await serve()
    const answer = await fetch(`${url}/web.v1.Shop/Get`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web' },
      body: Uint8Array.from(bytes),
    })
    expect(answer.status).toBe(200)
    expect(Number(answer.headers.get('grpc-status'))).toBeGreaterThan(0)
  })

  it.each(['!', 'AAA', 'A===', 'AAAA=', '=AAA'])('the text form refuses %s', async (body) => {
    const { url } = await serve()
    const answer = await fetch(`${url}/web.v1.Shop/Get`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web-text' },
      body,
    })
    expect(answer.headers.get('grpc-status')).toBe('3')
  })

  it('random bytes in any form never get anything but an answer', async () => {
    const { url } = await serve()
    const types = ['application/grpc-web', 'application/grpc-web-text', 'application/json', 'text/plain']
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...types), async (bytes, type) => {
        const answer = await fetch(`${url}/web.v1.Shop/Get`, {
          method: 'POST',
          headers: { 'content-type': type },
          body: new Uint8Array(bytes),
        })
        await answer.arrayBuffer()
        expect(answer.status).toBeGreaterThanOrEqual(200)
      }),
      { numRuns: 60 },
    )
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })
})

it.each(['application/grpc-web', 'application/grpc-web-text'])(
  'a page that does not read holds its stream back (%s)',
  async (type) => {
    let made = 0
    let isOver = false
    const { url } = await serve({
      async *list() {
        try {
          for (; ; made++) yield { data: new Uint8Array(64 * 1024) }
        } finally {
          isOver = true
        }
      },
    })
    const controller = new AbortController()
    const answer = await fetch(`${url}/web.v1.Shop/List`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: type.endsWith('text') ? 'AAAAAAA=' : new Uint8Array(5),
      signal: controller.signal,
    })
    expect(answer.status).toBe(200)
    let before = -1
    await expect
      .poll(
        async () => {
          const same = made === before
          before = made
          return same
        },
        { interval: 200 },
      )
      .toBe(true)
    // What sockets and buffers of both ends hold, far below what an unbounded producer would have made by then.
    expect(made).toBeLessThan(1_500)
    controller.abort()
    await answer.body?.cancel().catch(() => {})
    await expect.poll(() => isOver).toBe(true)
  },
)

it('shows handlers the TLS identity of their callers, over gRPC and HTTP alike', async () => {
  const peers: unknown[] = []
  const { port } = await serve(
    {
      get(item, cx) {
        const certificate = cx.peer?.tls?.peerCertificate as { readonly subject?: { readonly CN?: string } } | undefined
        peers.push([cx.peer?.kind, cx.peer?.tls?.authorized, certificate?.subject?.CN])
        return item
      },
    },
    { tls: { cert: pem('server'), key: pem('server-key'), ca: pem('ca'), requireClientCert: true } },
  )
  const identity = { ca: pem('ca'), cert: pem('client'), key: pem('client-key') }
  const transport = grpc(`localhost:${port}`, { tls: identity })
  onCleanup(() => transport.close({ drainMs: 0 }))
  await createClient(Shop, transport).get({})
  await new Promise<void>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const options = { port, host: 'localhost', method: 'POST', path: '/web.v1.Shop/Get', headers, ...identity }
    https
      .request(options, (answer) => {
        answer.resume()
        answer.on('end', resolve)
      })
      .on('error', reject)
      .end('{}')
  })
  expect(peers).toHaveLength(2)
  expect(peers[0]).toEqual(['tcp', true, expect.any(String)])
  expect(peers[1]).toEqual(peers[0])
})

describe('the parts of gRPC-web', () => {
  it('base64 comes back whole, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.integer({ min: 1, max: 9 }), (parts, step) => {
        const text = Buffer.from(parts.map((part) => Buffer.from(part).toString('base64')).join(''))
        const decoder = new Base64Decoder()
        const out: Buffer[] = []
        for (let at = 0; at < text.length; at += step) out.push(Buffer.from(decoder.push(text.subarray(at, at + step))))
        decoder.end()
        expect(Buffer.concat(out)).toEqual(Buffer.concat(parts))
      }),
    )
  })

  it('trailers come back, and no value ends a line', () => {
    const fields = ['grpc-status', '3', 'grpc-message', 'a: b', 'x', 'evil\r\ngrpc-status: 0']
    expect(decodeTrailers(encodeTrailersFrame(fields).subarray(5))).toEqual([
      'grpc-status',
      '3',
      'grpc-message',
      'a: b',
      'x',
      'evil  grpc-status: 0',
    ])
  })
})

describe('attached to an HTTP server', () => {
  async function listening(server: http.Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onCleanup(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    return (server.address() as AddressInfo).port
  }

  it('takes its own calls and leaves the rest', async () => {
    const own = http.createServer((request, response) => response.end(`own ${request.url}`))
    const port = await listening(own)
    const server = new Server({ http: {} }).add(Shop, shopHandler).add(ThriftEcho, echoHandler())
    onCleanup(() => server.close({ drainMs: 0 }))
    const detach = await server.attach(own)
    const [one, two] = [grpc(`127.0.0.1:${port}`), thrift(`127.0.0.1:${port}`)]
    onCleanup(() => Promise.all([one.close(), two.close()]))
    const url = `http://127.0.0.1:${port}`
    expect(await (await fetch(`${url}/page`)).text()).toBe('own /page')
    expect(await (await fetch(`${url}/page`, { method: 'POST', body: 'x' })).text()).toBe('own /page')
    expect(await createClient(Shop, one).get({ name: 'a' })).toMatchObject({ name: 'a' })
    expect(await createClient(ThriftEcho, two).echo('b')).toBe('b')
    expect(await createClient(Shop, grpcWeb(url)).get({ name: 'c' })).toMatchObject({ name: 'c' })
    expect(await (await json(`${url}/web.v1.Shop/Get`, { name: 'd' })).json()).toEqual({ name: 'd' })
    detach()
    expect(await (await json(`${url}/web.v1.Shop/Get`, {})).text()).toBe('own /web.v1.Shop/Get')
  })

  it('does so behind TLS', async () => {
    const own = https.createServer(
      { cert: pem('server'), key: pem('server-key'), ALPNProtocols: ['h2', 'http/1.1'] },
      (_, response) => response.end('own'),
    )
    const port = await listening(own)
    const server = new Server().add(Shop, shopHandler)
    onCleanup(() => server.close({ drainMs: 0 }))
    await server.attach(own)
    const one = grpc(`localhost:${port}`, { tls: { ca: pem('ca') } })
    onCleanup(() => one.close())
    expect(await createClient(Shop, one).get({ name: 'a' })).toMatchObject({ name: 'a' })
  })

  it('gives what is for no service to the fallback of its own port', async () => {
    const { url } = await serve({}, { http: { fallback: (request, response) => response.end(`mine ${request.url}`) } })
    expect(await (await fetch(`${url}/page`)).text()).toBe('mine /page')
    expect((await json(`${url}/web.v1.Shop/Get`, {})).status).toBe(200)
  })
})

it('counts the calls of the web where calls are counted', async () => {
  const { countCalls } = await import('../../../src/runtime/grpc/server/counters.ts')
  const { server, url } = await serve({
    get({ name }) {
      if (name === 'bad') throw new RpcError('ABORTED', 'no')
      return {}
    },
  })
  countCalls(server)
  const shop = createClient(Shop, grpcWeb(url))
  await shop.get({})
  await shop.get({ name: 'bad' }).catch(() => {})
  expect(server.stats().calls).toMatchObject({
    started: 2,
    succeeded: 1,
    failed: 1,
    messagesReceived: 2,
    messagesSent: 1,
  })
})

it('closes an HTTP/1.1 connection that takes nothing of a complete answer', async () => {
  const data = new Uint8Array(16 << 20)
  const { server, port } = await serve({ get: () => ({ data }) }, { http: { writeTimeoutMs: 150 } })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onCleanup(() => socket.destroy())
  socket.pause()
  socket.write(
    'POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  )
  await expect.poll(() => server.connections).toBe(1)
  await expect.poll(() => server.connections, { timeout: 5_000 }).toBe(0)
})
