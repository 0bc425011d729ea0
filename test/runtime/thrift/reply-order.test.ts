import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoHandler, echoHandler } from '../../support/echo-service.ts'
import {
  type Form,
  forms,
  message,
  ONEWAY,
  type RawConnection,
  rawConnection,
  textArgs,
  ttheader,
} from '../../support/thrift-frames.ts'

/** A server whose `echo` and `fire` end when the test says so. */
interface Gated {
  readonly server: Server
  readonly port: number
  /** What has started, in order. */
  readonly started: string[]
  readonly cancelled: string[]
  /** Ends the handler that was given this text. */
  readonly release: (text: string) => void
}

async function gatedServer(options: ServerOptions = {}, handler: Partial<EchoHandler> = {}): Promise<Gated> {
  const started: string[] = []
  const cancelled: string[] = []
  const gates = new Map<string, () => void>()
  const wait = (text: string): Promise<void> => {
    started.push(text)
    return new Promise((resolve) => gates.set(text, resolve))
  }
  const server = new Server({ onError: () => {}, ...options }).add(
    Echo,
    echoHandler({
      async echo(text, cx) {
        cx.onCancel(() => cancelled.push(text))
        await wait(text)
        return `answer to ${text}`
      },
      fire: (text) => wait(text),
      ...handler,
    }),
  )
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen('127.0.0.1:0')
  return { server, port, started, cancelled, release: (text) => gates.get(text)?.() }
}

/** The answers that have come, in order. */
const answers = ({ received }: RawConnection): string[] => received().match(/answer to \w+|unknown method \w+/g) ?? []

function send({ socket }: RawConnection, form: Form, requests: readonly (readonly [id: number, text: string])[]): void {
  socket.write(Buffer.concat(requests.map(([id, text]) => form(message('echo', id, textArgs(text)), id))))
}

/** Nothing else happens for a while, as far as a test can know. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60))

describe.each(Object.entries(forms))('over %s', (name, form) => {
  it('requests of sequence id 0 run one after the other and are answered in order', async () => {
    const { port, started, release } = await gatedServer()
    const connection = rawConnection(port)
    send(connection, form, [
      [0, 'one'],
      [0, 'two'],
      [0, 'three'],
    ])
    await expect.poll(() => started).toEqual(['one'])
    await quiet()
    expect(started).toEqual(['one'])
    release('one')
    await expect.poll(() => started).toEqual(['one', 'two'])
    release('two')
    await expect.poll(() => started).toEqual(['one', 'two', 'three'])
    release('three')
    await expect.poll(() => answers(connection)).toEqual(['answer to one', 'answer to two', 'answer to three'])
  })

  it('a request with the id of one that is unanswered waits for it', async () => {
    const { port, started, release } = await gatedServer()
    const connection = rawConnection(port)
    send(connection, form, [
      [7, 'one'],
      [7, 'two'],
    ])
    await expect.poll(() => started).toEqual(['one'])
    await quiet()
    release('one')
    await expect.poll(() => started).toEqual(['one', 'two'])
    release('two')
    await expect.poll(() => answers(connection)).toEqual(['answer to one', 'answer to two'])
  })

  it('requests with ids of their own run side by side', async () => {
    const { port, started, release } = await gatedServer()
    const connection = rawConnection(port)
    send(connection, form, [
      [3, 'one'],
      [1, 'two'],
      [2, 'three'],
    ])
    await expect.poll(() => started).toEqual(['one', 'two', 'three'])
    for (const text of ['three', 'two', 'one']) {
      release(text)
      await quiet()
    }
    const order = name === 'buffered' ? ['one', 'two', 'three'] : ['three', 'two', 'one']
    await expect.poll(() => answers(connection)).toEqual(order.map((text) => `answer to ${text}`))
  })

  it('a refused request of sequence id 0 is answered in its turn', async () => {
    const { port, started, release } = await gatedServer()
    const connection = rawConnection(port)
    send(connection, form, [[0, 'one']])
    connection.socket.write(form(message('gone', 0, '00'), 0))
    send(connection, form, [[0, 'two']])
    await expect.poll(() => started).toEqual(['one'])
    await quiet()
    expect(connection.received()).toBe('')
    release('one')
    await expect.poll(() => started).toEqual(['one', 'two'])
    release('two')
    await expect.poll(() => answers(connection)).toEqual(['answer to one', 'unknown method gone', 'answer to two'])
  })

  it('a oneway request holds up those behind it until its handler has ended', async () => {
    const { port, started, release } = await gatedServer()
    const connection = rawConnection(port)
    connection.socket.write(form(message('fire', 1, textArgs('put'), ONEWAY), 1))
    connection.socket.write(form(message('fire', 2, textArgs('again')), 2))
    send(connection, form, [
      [3, 'count'],
      [4, 'list'],
    ])
    await expect.poll(() => started).toEqual(['put'])
    await quiet()
    expect(started).toEqual(['put'])
    release('put')
    await expect.poll(() => started).toEqual(['put', 'again'])
    release('again')
    await expect.poll(() => started).toEqual(['put', 'again', 'count', 'list'])
  })

  it('a request with an answer that was sent as oneway holds up those behind it too', async () => {
    const { port, started, release } = await gatedServer()
    const connection = rawConnection(port)
    connection.socket.write(form(message('echo', 1, textArgs('unheard'), ONEWAY), 1))
    send(connection, form, [[2, 'next']])
    await expect.poll(() => started).toEqual(['unheard'])
    await quiet()
    release('unheard')
    await expect.poll(() => started).toEqual(['unheard', 'next'])
    release('next')
    await expect.poll(() => answers(connection)).toEqual(['answer to next'])
  })

  it('order strict runs every request after the one before', async () => {
    const { port, started, release } = await gatedServer({ thrift: { order: 'strict' } })
    const connection = rawConnection(port)
    send(connection, form, [
      [1, 'one'],
      [2, 'two'],
    ])
    await expect.poll(() => started).toEqual(['one'])
    await quiet()
    expect(started).toEqual(['one'])
    release('one')
    await expect.poll(() => started).toEqual(['one', 'two'])
  })

  it('no more requests are read than may wait, and all are answered', async () => {
    const { port, server, started, release } = await gatedServer({ thrift: { maxConcurrentCalls: 3 } })
    const connection = rawConnection(port)
    const texts = Array.from({ length: 100 }, (_, i) => `t${i}`)
    send(
      connection,
      form,
      texts.map((text) => [0, text]),
    )
    await expect.poll(() => server.router.inFlight).toBe(4)
    await quiet()
    expect(server.router.inFlight).toBe(4)
    for (const [i, text] of texts.entries()) {
      await expect.poll(() => started.length, { interval: 1 }).toBe(i + 1)
      release(text)
    }
    await expect.poll(() => answers(connection)).toEqual(texts.map((text) => `answer to ${text}`))
  })

  it('a server that closes answers the requests that wait', async () => {
    const { port, server, started, release } = await gatedServer()
    const connection = rawConnection(port)
    send(connection, form, [
      [0, 'one'],
      [0, 'two'],
    ])
    await expect.poll(() => server.router.inFlight).toBe(2)
    const closed = server.close({ drainMs: 10_000 })
    release('one')
    await expect.poll(() => started).toEqual(['one', 'two'])
    release('two')
    await closed
    await connection.closed
    expect(answers(connection)).toEqual(['answer to one', 'answer to two'])
  })

  it('requests that wait never run once their client has gone', async () => {
    const { port, server, started, cancelled, release } = await gatedServer()
    const connection = rawConnection(port)
    send(connection, form, [
      [0, 'one'],
      [0, 'two'],
    ])
    await expect.poll(() => server.router.inFlight).toBe(2)
    connection.socket.resetAndDestroy()
    await expect.poll(() => cancelled).toEqual(['one'])
    release('one')
    await quiet()
    expect(started).toEqual(['one'])
    expect(server.router.inFlight).toBe(0)
  })
})

it('a oneway request holds up nothing where the client takes replies in any order', async () => {
  const { port, started } = await gatedServer()
  const form = ttheader(1)
  const connection = rawConnection(port)
  connection.socket.write(form(message('fire', 1, textArgs('put'), ONEWAY), 1))
  send(connection, form, [
    [2, 'one'],
    [3, 'two'],
  ])
  await expect.poll(() => started).toEqual(['put', 'one', 'two'])
})

it.each<[string, ThriftOptions]>([
  ['TTHeader', {}],
  ['framed', { transport: 'framed', connections: 'multiplexed' }],
])('64 slow calls of one client over %s share a connection and wait for none', async (_, options) => {
  let running = 0
  let most = 0
  let ended = 0
  let open!: () => void
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { port } = await gatedServer(
    {},
    {
      async echo(text) {
        most = Math.max(most, ++running)
        if (text !== 'first' && running === 64) open()
        if (text !== 'first') await gate
        running--
        ended++
        return text
      },
    },
  )
  const wire = thrift(`127.0.0.1:${port}`, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  const client = createClient(Echo, wire, { timeoutMs: 10_000 })
  await client.echo('first')
  await Promise.all(Array.from({ length: 64 }, (__, i) => client.echo(`${i}`)))
  expect([most, ended, wire.stats.opened]).toEqual([64, 65, 1])
})

it('a server with order strict does not promise replies in any order', async () => {
  const { port } = await gatedServer({ thrift: { order: 'strict' } }, { echo: (text) => text })
  const wire = thrift(`127.0.0.1:${port}`)
  onCleanup(() => wire.close({ drainMs: 0 }))
  const client = createClient(Echo, wire, { timeoutMs: 10_000 })
  await client.echo('first')
  await Promise.all(Array.from({ length: 8 }, (_, i) => client.echo(`${i}`)))
  expect(wire.stats.opened).toBeGreaterThan(1)
})

it('a waiting request whose deadline passes is answered in its turn and does not run', async () => {
  const { port, started, release } = await gatedServer({ thrift: { order: 'strict' } })
  const wire = thrift(`127.0.0.1:${port}`, { connections: 'multiplexed' })
  onCleanup(() => wire.close({ drainMs: 0 }))
  const client = createClient(Echo, wire)
  const first = client.echo('one')
  await expect.poll(() => started).toEqual(['one'])
  await expect(client.echo('two', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  const third = client.echo('three')
  release('one')
  expect(await first).toBe('answer to one')
  await expect.poll(() => started).toEqual(['one', 'three'])
  release('three')
  expect(await third).toBe('answer to three')
})
