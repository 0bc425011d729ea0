import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, connect as netConnect, type Socket } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError } from '../../../src/runtime/core/error.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'
import { rejection } from '../../support/settle.ts'

const wireFile = (name: string): string => readFileSync(new URL(`../../wire/${name}`, import.meta.url), 'utf8')

/** Members 2 and 1 of the captured Inner. */
const innerN = '0a00021000000000000000'
const innerName = '0b00010000000178'

interface Exchange {
  readonly request: Buffer
  /** Undefined for calls whose answer was not captured. */
  readonly reply: Buffer | undefined
}

/** Requests of a Kitex client, each with the answer of a Kitex server. */
function exchanges(name: string): Exchange[] {
  const chunks = wireFile(`kitex-wire-${name}.hex`)
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const found: Exchange[] = []
  for (const [i, [direction, , hex]] of chunks.entries()) {
    if (direction !== 'C>S') continue
    const next = chunks[i + 1]
    found.push({
      request: Buffer.from(hex ?? '', 'hex'),
      reply: next?.[0] === 'S>C' ? Buffer.from(next[2] ?? '', 'hex') : undefined,
    })
  }
  return found
}

let peer: GeneratedModule
beforeAll(async () => {
  peer = await generated({ 'peer.thrift': wireFile('peer.thrift') })
})

/** What the captured Kitex server does. */
function handler(): object {
  return {
    Echo: (everything: unknown) => everything,
    Meta(key: string, cx: Context) {
      const transient = cx.metainfo.transient.get(key)
      const persistent = cx.metainfo.persistent.get(key)
      if (transient !== undefined) cx.responseHeaders.set('back-kk', `B:${transient}pp`)
      return `t=${transient !== undefined}:${transient ?? ''} p=${persistent !== undefined}:${persistent ?? ''}`
    },
    Fail(mode: string) {
      if (mode === 'boom') throw new peer['Boom']({ code: 7, msg: 'declared' })
      if (mode === 'biz') throw new BizError(404, 'biz not found', { k: 'v' })
      if (mode === 'slow') return new Promise(() => {})
      throw new Error(mode)
    },
    Fire: () => undefined,
  }
}

for (const name of ['ttheader', 'framed', 'buffered']) {
  describe(`captured Kitex traffic, ${name}`, () => {
    it('gets from our server, byte for byte, what the Kitex server answered', async () => {
      const server = new Server({ onError: () => {} }).add(peer['Peer'], handler())
      onCleanup(() => server.close({ drainMs: 0 }))
      const { port } = await server.listen('127.0.0.1:0')
      const compared: string[] = []
      for (const { request, reply } of exchanges(name)) {
        if (reply === undefined) continue
        const socket = netConnect(port, '127.0.0.1')
        const answer = await new Promise<Buffer>((resolve) => {
          const received: Buffer[] = []
          socket.on('data', (chunk) => {
            received.push(chunk)
            resolve(Buffer.concat(received))
          })
          socket.write(request)
        })
        socket.destroy()
        const text = answer.toString('latin1')
        const method = /Echo|Meta|Fail/.exec(text)?.[0] ?? ''
        // Only Kitex's own words for a panic and a plain error differ, and without headers a business error has none to say it.
        const own = /panic|plain error/.test(reply.toString('latin1')) || (name !== 'ttheader' && reply.length < 24)
        if (own) {
          expect(text).toContain(
            name === 'ttheader' || reply.length > 24 ? 'internal error' : 'biz error 404: biz not found',
          )
          continue
        }
        // Kitex writes fixed-size members of a struct before the others; ours go by id.
        const expected = reply.toString('hex').replace(`${innerN}${innerName}`, `${innerName}${innerN}`)
        expect(answer.toString('hex')).toBe(expected)
        compared.push(method)
      }
      expect(compared).toEqual(name === 'ttheader' ? ['Echo', 'Meta', 'Fail', 'Fail'] : ['Echo', 'Meta', 'Fail'])
    })

    it('is understood by our client when the Kitex server speaks', async () => {
      const replies = exchanges(name)
      let at = 0
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('data', (chunk) => {
          const reply = Buffer.from(replies[at++]?.reply ?? '')
          // Our client counts calls per connection, theirs per client: the sequence ids are made to fit.
          const sequence = sequenceAt(chunk, name)
          if (name === 'ttheader') reply.writeInt32BE(sequence, 8)
          const payload = reply.indexOf(Buffer.from([0x80, 0x01]))
          reply.writeInt32BE(sequence, payload + 8 + reply.readInt32BE(payload + 4))
          socket.write(reply)
        })
      })
      onCleanup(() => {
        for (const socket of sockets) socket.destroy()
        return new Promise((resolve) => server.close(resolve))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const wire = thrift({ host: '127.0.0.1', port }, { transport: name as 'framed' })
      onCleanup(() => wire.close({ drainMs: 0 }))
      let context: Context | undefined
      const client = createClient<GeneratedModule, unknown>(peer['Peer'], wire, {
        timeoutMs: 15_000,
        layers: [
          (next) => (cx, request) => {
            context = cx
            return next(cx, request)
          },
        ],
      })

      expect(await client['Echo']({ inner: { name: '' } })).toMatchObject({
        b: true,
        y: -3,
        s: -300,
        i: -70_000,
        str: 'héllo',
        bin: new Uint8Array([0, 255, 1]),
        li: [1, -2],
        ss: new Set(['a', 'b']),
        mi: { k: { name: 'x' } },
        c: 2,
        inner: { name: 'in' },
      })
      const meta = await client['Meta']('kk')
      if (name === 'ttheader') {
        expect(meta).toMatch(/^t=true:v+ p=true:p+$/)
        expect(context?.metainfo.backward.get('back-kk')).toMatch(/^B:/)
      } else {
        expect(meta).toBe('t=false: p=false:')
      }
      const boom = await rejection(client['Fail']('boom'))
      expect(boom).toBeInstanceOf(peer['Boom'])
      expect(boom).toMatchObject({ code: 7, msg: 'declared' })
      const biz = client['Fail']('biz')
      if (name === 'ttheader') {
        expect(await rejection(biz)).toMatchObject({
          name: 'BizError',
          status: 404,
          message: 'biz not found',
          extra: { k: 'v' },
        })
      } else {
        expect(await biz).toBeUndefined()
      }
      expect(await rejection(client['Fail']('panic'))).toMatchObject({
        code: 'INTERNAL',
        cause: { type: 6 },
        message: expect.stringContaining('panic'),
      })
      expect(await rejection(client['Fail']('other'))).toMatchObject({ message: 'biz error: plain error other' })
    })
  })
}

function sequenceAt(request: Buffer, name: string): number {
  if (name === 'ttheader') return request.readInt32BE(8)
  const start = name === 'framed' ? 4 : 0
  return request.readInt32BE(start + 8 + request.readInt32BE(start + 4))
}
