/** AsyncLocalStorages of layers and callers, in the streams of calls. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { mapStream } from '../../../src/runtime/core/stream/map-stream.ts'
import type { Transport } from '../../../src/runtime/core/transport.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { grpcWeb } from '../../../src/runtime/grpc/web/web-client.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { all } from '../../support/settle.ts'
import { Echo, type EchoHandler, echoHandler, type Note, type NoteInput } from '../grpc/echo.ts'

const storage = new AsyncLocalStorage<string>()
const entering =
  (value: string): Layer =>
  (next) =>
  (cx, request) =>
    storage.run(value, () => next(cx, request))

/** Notes what the storage holds, by where it was looked at. */
class Seen {
  readonly places: Record<string, (string | undefined)[]> = {}

  look(place: string): void {
    this.places[place] ??= []
    this.places[place].push(storage.getStore())
  }

  /** The different values of each place. */
  get values(): Record<string, (string | undefined)[]> {
    return Object.fromEntries(Object.entries(this.places).map(([place, seen]) => [place, [...new Set(seen)]]))
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

function lookingHandler(seen: Seen): EchoHandler {
  return {
    ...echoHandler,
    async *expand(request) {
      try {
        for (let i = 0; i < 3; i++) {
          seen.look('expand')
          await pause()
          yield request
        }
      } finally {
        seen.look('clean-up')
      }
    },
    async collect(requests) {
      let last: NoteInput = {}
      for await (const note of requests) {
        seen.look('collect')
        last = note
      }
      return last
    },
    async *chat(requests) {
      for await (const note of requests) {
        seen.look('chat')
        yield note
        seen.look('chat')
      }
    },
  }
}

async function transports(server: Server): Promise<Record<string, Transport>> {
  const { address } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  const http2 = grpc(address)
  onCleanup(() => http2.close({ drainMs: 0 }))
  return { grpc: http2, 'in process': inProcess(server), 'gRPC-web': grpcWeb(`http://${address}`) }
}

const wires = ['grpc', 'in process', 'gRPC-web'] as const

describe.each(wires)('an AsyncLocalStorage that a layer of a server enters, over %s', (wire) => {
  it('is kept in every step of a handler that streams', async () => {
    const seen = new Seen()
    const server = new Server({ layers: [entering('server')], http: {} }).add(Echo, lookingHandler(seen))
    const client = createClient(Echo, (await transports(server))[wire]!)
    expect(await all(client.expand({ text: 'a' }))).toHaveLength(3)
    if (wire !== 'gRPC-web') {
      await client.collect([{ text: 'a' }, { text: 'b' }])
      expect(await all(client.chat([{ text: 'a' }, { text: 'b' }]))).toHaveLength(2)
    }
    for (const values of Object.values(seen.values)) expect(values).toEqual(['server'])
    expect(Object.keys(seen.values)).toContain('clean-up')
  })

  it('is kept in the clean-up of a handler whose caller leaves', async () => {
    const seen = new Seen()
    const server = new Server({ layers: [entering('server')], http: {} }).add(Echo, lookingHandler(seen))
    const client = createClient(Echo, (await transports(server))[wire]!)
    for await (const _ of client.expand({ text: 'a' })) break
    while (seen.places['clean-up'] === undefined) await pause()
    expect(seen.values).toEqual({ expand: ['server'], 'clean-up': ['server'] })
  })
})

describe('an AsyncLocalStorage', () => {
  it('is that of each layer for the streams that the layers inside it wrap, on both sides', async () => {
    const seen = new Seen()
    const looking = (place: string): Layer => {
      return (next) => async (cx, request) => {
        const look = (message: unknown): unknown => {
          seen.look(place)
          return message
        }
        const response = await next(cx, mapStream(request as AsyncIterable<Note>, look))
        async function* generator(): AsyncGenerator<unknown> {
          for await (const message of response as AsyncIterable<unknown>) {
            await pause()
            yield look(message)
          }
        }
        return generator()
      }
    }
    const side = (name: string): Layer[] => [
      looking(`${name} outside`),
      entering(name),
      looking(`${name} inside`),
      entering(`${name} again`),
      looking(`${name} innermost`),
    ]
    const server = new Server({ layers: side('server') }).add(Echo, lookingHandler(seen))
    const { grpc: transport } = await transports(server)
    const client = createClient(Echo, transport!, { layers: side('client') })
    const sent = Array.from({ length: 40 }, (_, i) => ({ text: String(i) }))
    await storage.run('caller', async () => {
      expect(await all(client.chat(sent))).toHaveLength(40)
    })
    expect(seen.values).toEqual({
      'client outside': ['caller'],
      'client inside': ['client'],
      'client innermost': ['client again'],
      'server outside': [undefined],
      'server inside': ['server'],
      'server innermost': ['server again'],
      chat: ['server again'],
    })
  })

  it.each(wires.slice(0, 2))('is that of the caller in the requests that it streams, over %s', async (wire) => {
    const seen = new Seen()
    const server = new Server({ http: {} }).add(Echo, echoHandler)
    const client = createClient(Echo, (await transports(server))[wire]!)
    async function* requests(): AsyncGenerator<NoteInput> {
      // Beyond the window of a stream, so that the transport waits for the peer in between.
      for (let i = 0; i < 20; i++) {
        seen.look('requests')
        yield { data: new Uint8Array(20_000) }
        await pause()
      }
    }
    await storage.run('caller', () => client.collect(requests()))
    expect(seen.values).toEqual({ requests: ['caller'] })
  })
})
