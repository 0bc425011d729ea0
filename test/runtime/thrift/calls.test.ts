import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, type ThriftTransport, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { requestInfo } from '../../../src/runtime/thrift/server/request-info.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Boom, Echo, type EchoClient, type EchoHandler, echoHandler, echoService } from '../../support/echo-service.ts'
import { rejection } from '../../support/settle.ts'

interface Pair {
  readonly client: EchoClient
  readonly wire: ThriftTransport
  readonly server: Server
  readonly port: number
}

async function pair(
  handler: Partial<EchoHandler>,
  options: ThriftOptions = {},
  serverOptions: ServerOptions = {},
): Promise<Pair> {
  const server = new Server({ onError: () => {}, ...serverOptions }).add(Echo, echoHandler(handler))
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen('127.0.0.1:0')
  const wire = thrift({ host: '127.0.0.1', port }, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  return { client: createClient(Echo, wire), wire, server, port }
}

const never = new Promise<never>(() => {})

const modes = (['ttheader', 'framed', 'buffered'] as const).flatMap((transport) =>
  (['binary', 'compact'] as const).flatMap((protocol) =>
    (['pool', 'multiplexed'] as const).map((connections) => ({ transport, protocol, connections })),
  ),
)

describe('a Thrift call', () => {
  for (const mode of modes) {
    it(`answers over ${mode.transport}, ${mode.protocol}, ${mode.connections}`, async () => {
      const { client } = await pair(
        {
          echo(text) {
            if (text === 'boom') throw new Boom({ code: 1, text: 'b' })
            if (text === 'rpc') throw new RpcError('NOT_FOUND', 'no such text')
            if (text === 'biz') throw new BizError(404, 'not here', { hint: 'look elsewhere' })
            if (text === 'bug') throw new TypeError('secret')
            return text
          },
        },
        mode,
      )
      expect(await client.echo('grüße 👋')).toBe('grüße 👋')
      expect(await client.echo('')).toBe('')
      expect(await client.add(2 ** 30, -1)).toBe(2 ** 30 - 1)
      expect(await client.ping()).toBeUndefined()
      expect(await client.fire('x')).toBeUndefined()
      const big = 'y'.repeat(300_000)
      expect((await client.echo(big)) === big).toBe(true)
      const many = await Promise.all(Array.from({ length: 64 }, (_, i) => client.add(i, i)))
      expect(many).toEqual(Array.from({ length: 64 }, (_, i) => 2 * i))

      const boom = await rejection(client.echo('boom'))
      expect(boom).toBeInstanceOf(Boom)
      expect(boom).toMatchObject({ code: 1, text: 'b' })
      const ttheader = mode.transport === 'ttheader'
      expect(await rejection(client.echo('rpc'))).toMatchObject({
        code: ttheader ? 'NOT_FOUND' : 'INTERNAL',
        message: 'no such text',
      })
      expect(await rejection(client.echo('biz'))).toMatchObject(
        ttheader
          ? { name: 'BizError', status: 404, message: 'not here', extra: { hint: 'look elsewhere' } }
          : { code: 'INTERNAL', message: 'biz error 404: not here' },
      )
      expect(await rejection(client.echo('bug'))).toMatchObject({ code: 'INTERNAL', message: 'internal error' })
      expect(await client.echo('still well')).toBe('still well')
    })
  }

  it('carries metadata and metainfo both ways, names, and unknown header keys', async () => {
    const seen: Partial<Record<string, unknown>> = {}
    const { port } = await pair({
      ping(cx: Context) {
        seen['caller'] = cx.caller
        seen['headers'] = [...cx.requestHeaders]
        seen['persistent'] = [...cx.metainfo.persistent]
        seen['transient'] = [...cx.metainfo.transient]
        seen['callee'] = cx.get(requestInfo)?.callee
        seen['peer'] = cx.peer?.kind
        cx.metainfo.backward.set('seat', '12')
        cx.responseHeaders.set('x-served-by', 'one')
        cx.responseTrailers.append('x-cost', '3')
      },
    })
    const wire = thrift(port, { caller: 'web', callee: 'shop-echo' })
    onCleanup(() => wire.close({ drainMs: 0 }))
    let response: Context | undefined
    const client = createClient(Echo, wire, {
      layers: [
        (next) => (cx, request) => {
          response = cx
          return next(cx, request)
        },
      ],
    })
    await client.ping({
      metadata: [
        ['x-id', 'a'],
        ['x-id', 'b'],
      ],
      metainfo: { persistent: { USER: 'ada' }, transient: { HOP: '1', 'gdpr-token': 'tok' } },
    })
    expect(seen).toEqual({
      caller: 'web',
      callee: 'shop-echo',
      peer: 'tcp',
      headers: [
        ['x-id', 'a'],
        ['x-id', 'b'],
      ],
      persistent: [['USER', 'ada']],
      transient: [
        ['HOP', '1'],
        ['gdpr-token', 'tok'],
      ],
    })
    expect(response?.metainfo.backward.get('seat')).toBe('12')
    expect(response?.responseHeaders.get('x-served-by')).toBe('one')
    expect(response?.peer?.address).toBe(`127.0.0.1:${port}`)
  })

  it('refuses metadata that TTHeader cannot carry, and the connection goes on', async () => {
    const { client } = await pair({})
    expect(await rejection(client.ping({ metadata: { isn: 'x' } }))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await rejection(client.ping({ metadata: { 'x-bin': new Uint8Array(1) } }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    expect(await rejection(client.ping({ metadata: { big: 'x'.repeat(70_000) } }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('big'),
    })
    expect(await client.echo('ok')).toBe('ok')
  })

  it('sends its deadline, which the server enforces on the handler', async () => {
    let remaining = 0
    let reason: RpcError | undefined
    const { client } = await pair({
      echo(_text, cx) {
        remaining = cx.remainingMs
        cx.onCancel((why) => {
          reason = why
        })
        return never
      },
    })
    expect(await rejection(client.echo('slow', { timeoutMs: 60 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(remaining).toBeGreaterThan(0)
    expect(remaining).toBeLessThanOrEqual(61)
    await expect.poll(() => reason?.code).toBeDefined()
  })

  it('answers DEADLINE_EXCEEDED from the server when only the server looks at the deadline', async () => {
    const { port } = await pair({ echo: () => never })
    const wire = thrift(port, { connections: 'multiplexed' })
    onCleanup(() => wire.close({ drainMs: 0 }))
    const service = wire.bind(Echo)
    const cx = {
      caller: '',
      method: Echo.methods[0],
      service: Echo,
      deadline: performance.now() + 50,
      remainingMs: 50,
      metainfoIfAny: undefined,
      requestHeadersIfAny: undefined,
      onCancel: () => () => {},
      get: () => undefined,
      metainfo: { backward: new Map() },
      responseHeaders: { append() {} },
    }
    expect(await rejection(service(cx as unknown as Context, { text: 'x' }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
  })

  for (const connections of ['pool', 'multiplexed'] as const) {
    it(`ends at once when its signal aborts, and the ${connections} connections stay well`, async () => {
      const cancelled: string[] = []
      let release: (text: string) => void = () => {}
      const { client, wire } = await pair(
        {
          echo(text, cx) {
            if (text !== 'hang') return text
            cx.onCancel((reason) => cancelled.push(reason.code))
            return new Promise<string>((resolve) => {
              release = resolve
            })
          },
        },
        { connections },
      )
      await client.echo('warm')
      const abort = new AbortController()
      const hanging = rejection(client.echo('hang', { signal: abort.signal }))
      setTimeout(() => abort.abort(), 30)
      expect(await hanging).toMatchObject({ code: 'CANCELLED' })
      expect(await client.echo('next')).toBe('next')
      if (connections === 'pool') {
        await expect.poll(() => cancelled).toEqual(['CANCELLED'])
      } else {
        release('late')
        await expect.poll(() => wire.stats.lateReplies).toBe(1)
        expect(wire.stats).toMatchObject({ idle: 1, busy: 0 })
      }
    })
  }

  it('finds its service among several by name', async () => {
    const other = echoService('Other')
    const server = new Server()
      .add(Echo, echoHandler({ echo: () => 'from Echo' }))
      .add(other, echoHandler({ echo: () => 'from Other' }))
    onCleanup(() => server.close({ drainMs: 0 }))
    const { port } = await server.listen(0)
    const wire = thrift(port)
    const framed = thrift(port, { transport: 'framed' })
    onCleanup(() => wire.close({ drainMs: 0 }))
    onCleanup(() => framed.close())
    expect(await createClient(Echo, wire).echo('')).toBe('from Echo')
    expect(await createClient(other, wire).echo('')).toBe('from Other')
    expect(await createClient(other, framed).echo('')).toBe('from Echo')
    expect(await rejection(createClient(echoService('Third'), wire).echo(''))).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: 'unknown service Third',
      cause: { type: 20 },
    })
    const grown = { ...other, methods: other.methods.map((method) => ({ ...method, name: `${method.name}V2` })) }
    expect(await rejection(createClient(grown, wire).echo(''))).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: 'unknown method Other.echoV2',
      cause: { type: 1 },
    })
  })

  it('answers out of order when multiplexed, so that a slow call holds up no other', async () => {
    let release: (text: string) => void = () => {}
    const { client, wire } = await pair(
      {
        echo: (text) =>
          text === 'slow'
            ? new Promise<string>((resolve) => {
                release = resolve
              })
            : text,
      },
      { connections: 'multiplexed' },
    )
    const slow = client.echo('slow')
    expect(await client.echo('fast')).toBe('fast')
    expect(wire.stats).toMatchObject({ busy: 1, idle: 0 })
    release('slow at last')
    expect(await slow).toBe('slow at last')
  })

  it('fails alone when it cannot be encoded', async () => {
    const { client } = await pair({}, { connections: 'multiplexed' })
    const [bad, good] = await Promise.all([rejection(client.add(1.5, 0)), client.add(1, 2)])
    expect(bad).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(good).toBe(3)
  })

  it('tells onError of a reply that cannot be encoded and the caller INTERNAL', async () => {
    const errors: unknown[] = []
    const { client } = await pair({ add: () => 0.5 }, {}, { onError: (error) => void errors.push(error) })
    expect(await rejection(client.add(1, 2))).toMatchObject({ code: 'INTERNAL', message: 'internal error' })
    expect(errors).toHaveLength(1)
    expect(await client.echo('on')).toBe('on')
  })

  it('waits for a connection in order and is refused when too many wait', async () => {
    const order: string[] = []
    const { client, wire } = await pair(
      {
        async echo(text) {
          order.push(text)
          await new Promise((resolve) => setTimeout(resolve, 5))
          return text
        },
      },
      { pool: { maxTotal: 2, maxWaiting: 4 } },
    )
    const calls = Array.from({ length: 8 }, (_, i) =>
      client.echo(`${i}`).catch((error: unknown) => (error as RpcError).code),
    )
    const outcomes = await Promise.all(calls)
    expect(outcomes.filter((outcome) => outcome === 'RESOURCE_EXHAUSTED')).toHaveLength(4)
    expect(order).toEqual(['0', '1', '2', '3'])
    expect(wire.stats.idle).toBeLessThanOrEqual(2)
  })
})
