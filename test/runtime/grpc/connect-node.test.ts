import { createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { create, createFileRegistry } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Metadata } from '../../../src/runtime/core/metadata.ts'
import type { GrpcOptions } from '../../../src/runtime/grpc/client/grpc-options.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { all, failure } from '../../support/settle.ts'
import { Echo, type EchoClient, type NoteInput } from './echo.ts'

const { STRING, BYTES, INT32 } = FieldDescriptorProto_Type
const optional = { label: FieldDescriptorProto_Label.OPTIONAL }
const [inputType, outputType] = ['.test.Note', '.test.Note']
/** Echo as connect-node knows it. */
const ConnectEcho = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'echo.proto',
    package: 'test',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Note',
        field: [
          { name: 'text', number: 1, type: STRING, ...optional },
          { name: 'data', number: 2, type: BYTES, ...optional },
          { name: 'count', number: 3, type: INT32, ...optional },
        ],
      },
    ],
    service: [
      {
        name: 'Echo',
        method: [
          { name: 'Unary', inputType, outputType },
          { name: 'Collect', inputType, outputType, clientStreaming: true },
          { name: 'Expand', inputType, outputType, serverStreaming: true },
          { name: 'Chat', inputType, outputType, clientStreaming: true, serverStreaming: true },
        ],
      },
    ],
  }),
  () => undefined,
).getService('test.Echo')!

interface ConnectNote {
  readonly text: string
  readonly data: Uint8Array
  readonly count: number
}

/** Serves Echo with connect-node and calls it with our client. */
async function serve(implementation: object, options?: GrpcOptions): Promise<EchoClient> {
  const routes = (router: ConnectRouter): void => {
    router.service(ConnectEcho, implementation as never)
  }
  const server = createServer(connectNodeAdapter({ routes }))
  const sessions: ServerHttp2Session[] = []
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onCleanup(
    () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy()
        server.close(resolve)
      }),
  )
  const transport = grpc(`127.0.0.1:${(server.address() as AddressInfo).port}`, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return createClient(Echo, transport)
}

async function* numbers(count: number): AsyncGenerator<NoteInput> {
  for (let i = 1; i <= count; i++) yield { count: i }
}

describe('a gRPC client calling connect-node', () => {
  it('makes calls of all four kinds', async () => {
    const echo = await serve({
      unary: (note: ConnectNote) => note,
      async collect(notes: AsyncIterable<ConnectNote>) {
        let count = 0
        for await (const note of notes) count += note.count
        return { count }
      },
      async *expand(note: ConnectNote) {
        for (let i = 0; i < note.count; i++) yield { count: i, text: note.text }
      },
      async *chat(notes: AsyncIterable<ConnectNote>) {
        for await (const note of notes) yield { count: note.count * 2 }
      },
    })
    const note = { text: 'grüße', count: -5, data: new Uint8Array([1, 2, 3]) }
    expect(await echo.unary(note)).toEqual(note)
    expect(await echo.collect(numbers(100))).toMatchObject({ count: 5_050 })
    expect((await all(echo.expand({ text: 'x', count: 50 }))).map(({ count }) => count)).toHaveLength(50)
    expect((await all(echo.chat(numbers(50)))).map(({ count }) => count).at(-1)).toBe(100)
  })

  it.each([undefined, 'gzip', 'br'] as const)('carries large messages, compressed with %s', async (compression) => {
    const echo = await serve({ unary: (note: ConnectNote) => note }, { compression })
    const data = new Uint8Array(1_000_000).map((_, i) => i & 63)
    expect(Buffer.compare((await echo.unary({ data })).data, data)).toBe(0)
  })

  it('exchanges metadata and trailers, also binary ones', async () => {
    const echo = await serve({
      unary(note: ConnectNote, context: HandlerContext) {
        context.responseHeader.set('x-head', `${context.requestHeader.get('x-own')}`)
        context.responseTrailer.set('x-trail', '2')
        context.responseTrailer.set('x-bytes-bin', context.requestHeader.get('x-bytes-bin') ?? '')
        return note
      },
    })
    const seen: Metadata[] = []
    const keep = (metadata: Metadata): void => void seen.push(metadata)
    const bytes = new Uint8Array([0, 255, 7])
    await echo.unary({}, { metadata: { 'x-own': '1', 'x-bytes-bin': bytes }, onHeaders: keep, onTrailers: keep })
    expect(seen[0]?.get('x-head')).toBe('1')
    expect(seen[1]?.get('x-trail')).toBe('2')
    expect(seen[1]?.get('x-bytes-bin')).toEqual(bytes)
  })

  it('hears of errors, deadlines and what is not there', async () => {
    const echo = await serve({
      unary() {
        throw new ConnectError('grüße % \n', Code.FailedPrecondition, { 'x-why': 'because' })
      },
      async *expand(_note: ConnectNote, context: HandlerContext) {
        yield { count: 1 }
        await new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => reject(context.signal.reason))
        })
      },
    })
    const error = await failure(echo.unary({}))
    expect(error).toMatchObject({ code: 'FAILED_PRECONDITION', message: 'grüße % \n' })
    expect(error.metadata?.get('x-why')).toBe('because')
    expect((await failure(all(echo.expand({}, { timeoutMs: 60 })))).code).toBe('DEADLINE_EXCEEDED')
    expect((await failure(echo.collect([]))).code).toBe('UNIMPLEMENTED')
  })

  it('ends the stream of a server by leaving the loop', async () => {
    let ended = (): void => {}
    const gone = new Promise<void>((resolve) => {
      ended = resolve
    })
    const echo = await serve({
      async *expand(_note: ConnectNote, context: HandlerContext) {
        context.signal.addEventListener('abort', () => ended())
        for (let i = 0; !context.signal.aborted; i++) {
          yield { count: i }
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      },
    })
    for await (const note of echo.expand({})) if (note.count === 3) break
    await gone
  })

  it('does not try again what has response headers, and connect-node sends them with every error', async () => {
    let calls = 0
    const retryPolicy = {
      maxAttempts: 3,
      initialBackoff: '0.001s',
      maxBackoff: '0.001s',
      backoffMultiplier: 1,
      retryableStatusCodes: ['UNAVAILABLE' as const],
    }
    const echo = await serve(
      {
        unary() {
          calls++
          throw new ConnectError('not now', Code.Unavailable)
        },
      },
      { serviceConfig: { methodConfig: [{ name: [{}], retryPolicy }] } },
    )
    expect((await failure(echo.unary({}))).code).toBe('UNAVAILABLE')
    expect(calls).toBe(1)
  })
})
