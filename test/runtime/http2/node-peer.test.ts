/** The header lists and bodies of node:http2, an implementation that nobody here wrote, in both roles. */

import * as http2 from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { http2Client } from '../../../src/runtime/http2/client/connection.ts'
import { http2Server } from '../../../src/runtime/http2/server/connection.ts'
import type { Http2Headers } from '../../../src/runtime/http2/sink.ts'
import { dial } from '../../../src/runtime/net/dial.ts'
import { onCleanup } from '../../support/cleanup.ts'

const name = fc.stringMatching(/^x-[a-z0-9-]{0,12}$/)
const char = fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code))
const value = fc.oneof(fc.string({ maxLength: 60, unit: char }), fc.constantFrom('a', 'b', 'c'.repeat(300)))
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 }).map((pairs) => [...new Map(pairs)])
const body = fc.uint8Array({ maxLength: 40_000 })
const calls = fc.array(fc.tuple(fields, fields, body), { minLength: 1, maxLength: 12 })

describe('HTTP/2 with node:http2', () => {
  it('serves it: whatever lists and bodies it sends are read, and what is echoed it reads', async () => {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      const accepted = { socket, peer: { address: 'test', kind: 'tcp' as const }, alpn: undefined }
      http2Server(accepted, new Uint8Array(0), (stream, headers, end) => {
        const own = headers.filter((_, i) => headers[i - (i % 2)]!.startsWith('x-'))
        const chunks: Uint8Array[] = []
        const answer = (): void => {
          stream.headers([':status', '200', ...own], false)
          stream.write(Buffer.concat(chunks), false)
          stream.trailers(own.length > 0 ? own : ['x', '1'])
        }
        if (end) answer()
        return { headers() {}, data: (chunk) => chunks.push(chunk), end: answer, reset() {}, drain() {} }
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onCleanup(() => {
      session.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    const ask = (sent: [string, string][], data: Uint8Array): Promise<void> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': '/', ...Object.fromEntries(sent) })
        const chunks: Buffer[] = []
        let headers: object = {}
        stream.on('response', (read) => {
          headers = { ...read }
        })
        let trailers: object = {}
        stream.on('trailers', (read) => {
          trailers = { ...read }
        })
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('error', reject)
        stream.on('close', () => {
          try {
            expect(headers).toMatchObject(Object.fromEntries(sent))
            expect(trailers).toMatchObject(Object.fromEntries(sent))
            expect(Buffer.concat(chunks).equals(data)).toBe(true)
            resolve()
          } catch (error) {
            reject(error)
          }
        })
        stream.end(data)
      })
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        await Promise.all(all.map(([sent, , data]) => ask(sent, data)))
      }),
      { numRuns: 30 },
    )
  })

  it('calls it: whatever lists and bodies go out arrive, and what comes back is read', async () => {
    const seen: http2.IncomingHttpHeaders[] = []
    const sessions: http2.ServerHttp2Session[] = []
    const server = http2.createServer()
    server.on('session', (session) => sessions.push(session))
    server.on('stream', (stream, headers) => {
      seen.push(headers)
      const own = Object.fromEntries(Object.entries(headers).filter(([key]) => key.startsWith('x-')))
      stream.respond({ ':status': 200, ...own }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ ...own, 'x-last': '1' }))
      stream.pipe(stream)
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const connection = http2Client(
      await dial({ kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port }),
    )
    onCleanup(() => {
      connection.destroy()
      for (const session of sessions) session.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    const head: Http2Headers = [':method', 'POST', ':scheme', 'http', ':authority', 'x', ':path', '/']
    const ask = (more: [string, string][], data: Uint8Array): Promise<void> =>
      new Promise((resolve, reject) => {
        const chunks: Uint8Array[] = []
        let received: Http2Headers = []
        const stream = connection.open(head, more.flat(), {
          headers(headers) {
            received = headers
          },
          data: (chunk) => chunks.push(chunk),
          end(trailers) {
            try {
              const read = (list: Http2Headers): object =>
                Object.fromEntries(list.flatMap((key, i) => (i % 2 === 0 ? [[key, list[i + 1]!]] : [])))
              expect(read(received)).toMatchObject(Object.fromEntries(more))
              expect(read(trailers ?? [])).toMatchObject({ ...Object.fromEntries(more), 'x-last': '1' })
              expect(Buffer.concat(chunks).equals(data)).toBe(true)
              resolve()
            } catch (error) {
              reject(error)
            }
          },
          reset: (reason) => reject(new Error(reason.message)),
          drain() {},
        })
        stream.write(data, true)
      })
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        await Promise.all(
          all.map(([more, , data]) =>
            ask(
              more.filter(([key]) => key !== 'x-last'),
              data,
            ),
          ),
        )
      }),
      { numRuns: 30 },
    )
  })
})
