/** What an operator sees of the requests that a server refuses, over every wire. */

import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/runtime/core/client/client.ts'
import type { Refusal } from '../../src/runtime/core/refusal.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { grpcWeb } from '../../src/runtime/grpc/web/web-client.ts'
import { inProcess } from '../../src/runtime/inproc/direct.ts'
import { accessLog } from '../../src/runtime/middleware/access-log.ts'
import { Server, type ServerOptions } from '../../src/runtime/serve/server.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../support/cleanup.ts'
import { type GeneratedModule, generated } from '../support/generated.ts'
import { failure } from '../support/settle.ts'

const proto = (more: string) => ({
  'box.proto': `syntax = "proto3";
package box;
message Data { bytes data = 1; }
message Size { int64 size = 1; }
service Box { rpc Put(Data) returns (Size); ${more} }`,
})
const idl = (more: string) => ({ 'crate.thrift': `service Crate { i32 put(1: binary data) ${more} }` })

async function served(options: ServerOptions = {}) {
  const { Box } = await generated(proto(''))
  const { Crate } = await generated(idl(''))
  const { Box: WiderBox } = await generated(proto('rpc Gone(Data) returns (Size);'))
  const { Crate: WiderCrate } = await generated(idl(', i32 gone()'))
  const refusals: Refusal[] = []
  const lines: string[] = []
  const server = new Server({
    http: {},
    onError: () => {},
    onRefused: (refusal) => refusals.push(refusal),
    layers: [accessLog({ write: (line) => lines.push(line.replace(/ [\d.]+ms \S+/, '')) })],
    grpc: { maxReceiveBytes: 1000 },
    thrift: { maxFrameBytes: 1000 },
    ...options,
  })
    .add(Box, { put: ({ data }: { data: Uint8Array }) => ({ size: data.length }) })
    .add(Crate, { put: (data: Uint8Array) => data.length })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  const channel = grpc(`127.0.0.1:${port}`)
  const framed = thrift(`127.0.0.1:${port}`, { transport: 'ttheader' })
  const web = grpcWeb(`http://127.0.0.1:${port}`)
  const inside = inProcess(server)
  onCleanup(() => Promise.all([channel.close(), framed.close(), web.close(), inside.close()]).then(() => {}))
  const client = (service: GeneratedModule, transport: unknown) =>
    createClient(service as never, transport as never) as GeneratedModule
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    refusals,
    lines,
    box: client(WiderBox, channel),
    web: client(WiderBox, web),
    boxInside: client(WiderBox, inside),
    crate: client(WiderCrate, framed),
    crateInside: client(WiderCrate, inside),
  }
}

const told = ({ service, method, error, httpStatus }: Refusal) =>
  [service ?? '-', method ?? '-', error.code, ...(httpStatus === undefined ? [] : [httpStatus])].join(' ')

describe('a request that a server refuses', () => {
  it('is one event, one line and one count when its method is unknown', async () => {
    const { box, web, boxInside, crate, crateInside, refusals, lines, server } = await served()
    for (const call of [box, web, boxInside])
      expect(await failure(call.gone({}))).toMatchObject({ code: 'UNIMPLEMENTED' })
    for (const call of [crate, crateInside]) expect(await failure(call.gone())).toMatchObject({ code: 'UNIMPLEMENTED' })
    expect(refusals.map(told)).toEqual([
      'box.Box Gone UNIMPLEMENTED',
      'box.Box Gone UNIMPLEMENTED',
      'box.Box Gone UNIMPLEMENTED',
      'Crate gone UNIMPLEMENTED',
      'Crate gone UNIMPLEMENTED',
    ])
    expect(lines[0]).toBe(
      `server box.Box.Gone refused UNIMPLEMENTED "the service \\"box.Box\\" has no method \\"Gone\\""`,
    )
    expect(lines).toHaveLength(5)
    expect(server.stats().refused).toBe(5)
  })

  it('is one event when its message is over the limit', async () => {
    const { box, web, crate, url, refusals, lines } = await served()
    const data = new Uint8Array(5_000)
    expect(await failure(box.put({ data }))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    expect(await failure(web.put({ data }))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    expect(await failure(crate.put(data))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    const body = JSON.stringify({ data: 'A'.repeat(5_000) })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${url}/box.Box/Put`, { method: 'POST', headers, body })).status).toBe(429)
    expect(refusals.map(told)).toEqual([
      'box.Box Put RESOURCE_EXHAUSTED',
      'box.Box Put RESOURCE_EXHAUSTED',
      'Crate put RESOURCE_EXHAUSTED',
      'box.Box Put RESOURCE_EXHAUSTED',
    ])
    expect(lines).toHaveLength(4)
  })

  it('is one event when HTTP says why', async () => {
    const { url, refusals, server } = await served()
    const status = async (method: string, path: string, type?: string) =>
      (await fetch(url + path, { method, ...(type === undefined ? {} : { headers: { 'content-type': type } }) })).status
    expect(await status('POST', '/box.Box/Put', 'text/plain')).toBe(415)
    expect(await status('GET', '/box.Box/Put')).toBe(405)
    expect(await status('GET', '/favicon.ico')).toBe(404)
    expect(await status('POST', '/box.Box/Put', 'application/grpc')).toBe(505)
    expect(await status('POST', '/box.Box/Nope', 'application/json')).toBe(404)
    expect(await status('POST', '/box.Box/Put', 'application/json')).toBe(400)
    expect(refusals.map(told)).toEqual([
      'box.Box Put UNKNOWN 415',
      'box.Box Put UNKNOWN 405',
      '- - UNIMPLEMENTED 404',
      'box.Box Put UNKNOWN 505',
      'box.Box Nope UNIMPLEMENTED',
      'box.Box Put INVALID_ARGUMENT',
    ])
    expect(server.stats().refused).toBe(6)
  })

  it('is one event when it is one call too many', async () => {
    const { box, crate, boxInside, refusals } = await served({ limits: { maxConcurrentCalls: 0 } })
    for (const call of [() => box.put({}), () => crate.put(new Uint8Array(1)), () => boxInside.put({})]) {
      expect(await failure(call())).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    }
    expect(refusals.map(told)).toEqual([
      'box.Box Put RESOURCE_EXHAUSTED',
      'Crate put RESOURCE_EXHAUSTED',
      'box.Box Put RESOURCE_EXHAUSTED',
    ])
  })

  it('is told to the layers of its service as well, and a listener that throws harms nobody', async () => {
    const { Box } = await generated(proto(''))
    const { Box: WiderBox } = await generated(proto('rpc Gone(Data) returns (Size);'))
    const lines: string[] = []
    const server = new Server({
      onRefused: () => {
        throw new Error('listener')
      },
    }).add(Box, { put: () => ({}) }, { layers: [accessLog({ write: (line) => lines.push(line) })] })
    const client = createClient(WiderBox, inProcess(server)) as GeneratedModule
    expect(await failure(client.gone({}))).toMatchObject({ code: 'UNIMPLEMENTED' })
    expect(lines).toHaveLength(1)
  })
})
