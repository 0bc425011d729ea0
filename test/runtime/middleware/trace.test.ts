import { describe, expect, it, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { type TraceEvent, trace } from '../../../src/runtime/middleware/trace.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler, type Note } from '../grpc/echo.ts'

/** What was told, in short. */
function words(events: readonly TraceEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'message') return `${event.direction} ${event.order} ${(event.message as Note).text}`
    return event.kind === 'end' ? `end ${event.code}` : event.kind
  })
}

interface Traced {
  readonly client: EchoClient
  readonly onClient: TraceEvent[]
  readonly onServer: TraceEvent[]
}

async function traced(handler: Partial<EchoHandler> = {}): Promise<Traced> {
  const onClient: TraceEvent[] = []
  const onServer: TraceEvent[] = []
  const server = new Server({ layers: [trace((event) => onServer.push(event))] }).add(Echo, {
    ...echoHandler,
    ...handler,
  })
  const { address } = await server.listen('127.0.0.1:0')
  const transport = grpc(address)
  onCleanup(() => server.close({ drainMs: 0 }))
  onCleanup(() => transport.close({ drainMs: 0 }))
  const client = createClient(Echo, transport, { layers: [trace((event) => onClient.push(event))] })
  return { client, onClient, onServer }
}

describe('a trace', () => {
  it('tells of a unary call on both sides', async () => {
    const { client, onClient, onServer } = await traced()
    await client.unary({ text: 'a' })
    const told = ['start', 'request 0 a', 'response', 'response 0 a', 'end OK']
    expect(words(onClient)).toEqual(told)
    expect(words(onServer)).toEqual(told)
    expect(new Set(onClient.map(({ call }) => call)).size).toBe(1)
    expect(onClient[0]!.call).not.toBe(onServer[0]!.call)
  })

  it('tells of the end of a call that an inner layer refuses by a synchronous throw', async () => {
    const refuse: Layer = () => () => {
      throw new RpcError('UNAUTHENTICATED', 'no token')
    }
    const events: TraceEvent[] = []
    const server = new Server({ layers: [trace((event) => events.push(event)), refuse] }).add(Echo, echoHandler)
    const client = createClient(Echo, inProcess(server))
    await expect(client.unary({ text: 'a' })).rejects.toThrow('no token')
    expect(words(events)).toEqual(['start', 'request 0 a', 'end UNAUTHENTICATED'])
  })

  it('tells of the messages of streams in the order in which they pass', async () => {
    const { client, onClient, onServer } = await traced()
    const heard: string[] = []
    for await (const note of client.chat([{ text: 'a' }, { text: 'b' }])) heard.push(note.text)
    expect(heard).toEqual(['a', 'b'])
    for (const events of [onClient, onServer]) {
      const told = words(events)
      expect(told[0]).toBe('start')
      expect(told.filter((word) => word.startsWith('request '))).toEqual(['request 0 a', 'request 1 b'])
      expect(told.filter((word) => word.startsWith('response '))).toEqual(['response 0 a', 'response 1 b'])
      expect(told.at(-1)).toBe('end OK')
    }
  })

  it('tells how a call failed, and of one that was left', async () => {
    const { client, onClient, onServer } = await traced({
      unary() {
        throw new RpcError('ABORTED', 'no')
      },
    })
    await expect(client.unary({})).rejects.toMatchObject({ code: 'ABORTED' })
    expect(words(onClient).at(-1)).toBe('end ABORTED')
    for await (const _ of client.expand({ text: 'x', count: 1e9 })) break
    expect(words(onClient).at(-1)).toBe('end CANCELLED')
    await expect
      .poll(() => words(onServer).filter((word) => word.startsWith('end')))
      .toEqual(['end ABORTED', 'end CANCELLED'])
  })

  it('survives its listener', async () => {
    const quiet = vi.spyOn(console, 'error').mockImplementation(() => {})
    onCleanup(() => quiet.mockRestore())
    const client = createClient(Echo, echoHandler, {
      layers: [
        trace(() => {
          throw new Error('mine')
        }),
      ],
    })
    expect(await client.unary({ text: 'a' })).toMatchObject({ text: 'a' })
    expect(quiet).toHaveBeenCalled()
  })
})
