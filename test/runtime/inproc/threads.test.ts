/** Calls to services in worker threads have the outcomes of a network. */

import { describe, expect, test } from 'vitest'
import { BizError, createClient, Metadata, type RpcError } from '../../../src/index.ts'
import { type ThreadsOptions, threads } from '../../../src/inproc.ts'
import { Fleet } from '../../support/fleet.ts'
import { all, code, rejection } from '../../support/settle.ts'
import { depotOver, fixture, poolOf, relayOver, until, useWorker } from './worker/pool.ts'

useWorker()

const ways = ['codec', 'clone'] as const

describe.each(ways)('with payload %s', (payload) => {
  const pool = (options: ThreadsOptions = {}) => poolOf({ payload, ...options })

  test('a message arrives and comes back as it would over a wire', async () => {
    const depot = depotOver(pool())
    const item = {
      name: 'lamp',
      data: new Uint8Array([1, 2, 3]),
      counts: { a: 1, ['__proto__']: 2 },
      tags: new Set(['x', 'y']),
      children: [{ name: 'bulb', names: new Map([[1n, 'one']]) }],
      choice: { case: 'words', value: { a: 'b' } },
    }
    const back = await depot['echo']!(item)
    const empty = { counts: Object.create(null), tags: new Set(), children: [], names: new Map() }
    expect(back).toEqual({
      ...empty,
      ...item,
      n: 7,
      counts: Object.assign(Object.create(null), { a: 1, ['__proto__']: 2 }),
      children: [{ ...empty, name: 'bulb', n: 7, names: new Map([[1n, 'one']]) }],
    })
    expect(Object.getPrototypeOf(back.counts)).toBe(null)
    expect(Object.keys(back.counts)).toEqual(['a', '__proto__'])
    expect(Object.getPrototypeOf(back.choice.value)).toBe(null)
    expect(Object.getPrototypeOf(back.children[0].counts)).toBe(null)
    expect(back.data.constructor).toBe(Uint8Array)
    expect(JSON.parse(await depot['look']!(item, item))).toMatchObject({ n: 7, prototype: true })
  })

  test('what the IDL does not describe stays at home', async () => {
    const depot = depotOver(pool())
    const item = { name: 'lamp', extra: () => 'not clonable', children: [{ name: 'bulb' }] }
    expect(JSON.parse(await depot['look']!(item, item)).extra).toBe(false)
  })

  test('two arguments and two calls of one batch that share an object arrive with one each', async () => {
    const depot = depotOver(pool())
    const children = [{ name: 'shared' }]
    const item = { name: 'a', children }
    const looks = await Promise.all([depot['look']!(item, item), depot['look']!(item, { name: 'b', children })])
    expect(looks.map((text: string) => JSON.parse(text).same)).toEqual([false, false])
    const backs = await Promise.all([depot['echo']!(item), depot['echo']!(item)])
    expect(backs[0].children[0]).not.toBe(backs[1].children[0])
  })

  test("a Buffer from Node's pool does not drag its pool along", async () => {
    const depot = depotOver(pool())
    const data = Buffer.from('abc')
    expect(data.buffer.byteLength).toBeGreaterThan(1000)
    const item = { name: 'a', data, children: [{ name: 'b' }] }
    expect(JSON.parse(await depot['look']!(item, item)).data).toEqual([3, 3, 'Uint8Array'])
    const back = await depot['echo']!(item)
    expect(back.data.buffer.byteLength).toBe(3)
    expect(await depot['flip']!(data, false)).toEqual(new Uint8Array([...data].map((byte) => 255 - byte)))
  })

  test('a value that its field cannot hold is INVALID_ARGUMENT and harms no other call', async () => {
    const depot = depotOver(pool())
    const calls = [depot['echo']!({ name: () => 'x' }), depot['echo']!({ name: 'good' }), depot['echo']!({})]
    const [bad, good, missing] = await Promise.allSettled(calls)
    expect([(bad as PromiseRejectedResult).reason.code, (missing as PromiseRejectedResult).reason.code]).toEqual([
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
    ])
    expect(good?.status).toBe('fulfilled')
  })

  test('errors arrive as what they are', async () => {
    const depot = depotOver(pool())
    const { Sold } = fixture.depot
    const sold = (await rejection(depot['fail']!('declared'))) as Error & { skus: string[]; left: number }
    expect(sold).toBeInstanceOf(Sold)
    expect([sold.message, sold.skus, sold.left]).toEqual(['gone', ['a', 'b'], 3])
    const biz = (await rejection(depot['fail']!('biz'))) as BizError
    expect(biz).toBeInstanceOf(BizError)
    expect([biz.status, biz.message, biz.extra]).toEqual([42, 'no credit', { shop: 'north' }])
    const rpc = (await rejection(depot['fail']!('rpc'))) as RpcError
    expect([rpc.code, rpc.message, rpc.cause]).toEqual(['NOT_FOUND', 'no such thing', undefined])
    expect(rpc.details).toEqual([{ typeUrl: 'type.googleapis.com/x', value: new Uint8Array([1, 2]) }])
    expect(rpc.metadata?.get('hint')).toBe('look elsewhere')
    for (const how of ['unknown', 'function']) {
      const unknown = (await rejection(depot['fail']!(how))) as RpcError
      expect([unknown.code, unknown.message, unknown.cause]).toEqual(['INTERNAL', 'internal error', undefined])
      expect(String(unknown.stack)).not.toContain('secret')
    }
    expect(await depot['run']!('errors', 0)).toBe('secret,no error')
  })

  test('an exception inside a message keeps its class', async () => {
    const { Sold } = fixture.depot
    const back = await depotOver(pool())['blame']!({ sold: new Sold({ message: 'you', skus: [] }) })
    expect(back.sold).toBeInstanceOf(Sold)
    expect(back.sold.message).toBe('you')
  })

  test('metadata, metainfo, caller and deadline cross, and come back', async () => {
    const depot = depotOver(pool(), { caller: 'test' })
    const controller = new AbortController()
    let headers = new Metadata()
    let trailers = new Metadata()
    let backward: Map<string, string> | undefined
    const watched = createClient(fixture.depot['Depot'], poolOf({ payload }), {
      caller: 'test',
      layers: [
        (next) => async (cx, request) => {
          const response = await next(cx, request)
          backward = cx.metainfo.backward
          expect(cx.peer).toMatchObject({ kind: 'thread' })
          expect(cx.peer?.address).toMatch(/^thread:[1-9]\d*$/)
          return response
        },
      ],
    }) as typeof depot
    const seen = JSON.parse(
      await watched['context']!({
        timeoutMs: 60_000,
        signal: controller.signal,
        metadata: { tenant: ['blue', 'red'], 'key-bin': Buffer.from([7]) },
        metainfo: { persistent: { trace: 'p' }, transient: { hop: 't' } },
        onHeaders: (one: Metadata) => {
          headers = one
        },
        onTrailers: (one: Metadata) => {
          trailers = one
        },
      }),
    )
    expect(seen).toMatchObject({
      role: 'server',
      caller: 'test',
      callee: 'Depot',
      peer: { kind: 'thread' },
      headers: [
        ['tenant', 'blue'],
        ['tenant', 'red'],
        ['key-bin', [7]],
      ],
      persistent: [['trace', 'p']],
      transient: [['hop', 't']],
    })
    expect(seen.remainingMs).toBeGreaterThan(30_000)
    expect(seen.remainingMs).toBeLessThanOrEqual(60_000)
    expect([...headers]).toEqual([
      ['seen', 'one'],
      ['seen', 'two'],
      ['raw-bin', new Uint8Array([1, 2, 3])],
    ])
    expect([...trailers]).toEqual([['cost', '3']])
    expect(backward).toEqual(new Map([['home', 'east']]))
    expect(JSON.parse(await depot['context']!()).remainingMs).toBe(null)
  })

  test('all four kinds of protobuf calls work', async () => {
    const relay = relayOver(pool())
    expect(await relay['get']!({ n: 5, body: { case: 'inner', value: { n: 6 } } })).toMatchObject({
      n: 5,
      body: { case: 'inner', value: { n: 6, labels: {} } },
    })
    let headers = new Metadata()
    let trailers = new Metadata()
    const list = await all(
      relay['list']!(
        { n: 100 },
        { onHeaders: (one: Metadata) => (headers = one), onTrailers: (one: Metadata) => (trailers = one) },
      ) as AsyncIterable<{ n: number; labels: Record<string, string> }>,
    )
    expect(list.map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(Object.getPrototypeOf(list[3]?.labels)).toBe(null)
    expect([headers.get('first'), trailers.get('count')]).toEqual(['yes', '100'])
    const numbers = Array.from({ length: 100 }, (_, n) => ({ n }))
    expect(await relay['collect']!(numbers)).toEqual({ total: 4950n, count: 100 })
    const chat = await all(relay['chat']!(numbers) as AsyncIterable<{ n: number }>)
    expect(chat.map(({ n }) => n)).toEqual(numbers.map(({ n }) => n * 2))
  })

  test('large messages cross', async () => {
    const data = new Uint8Array(3_000_000).map((_, i) => i * 31)
    const relay = relayOver(pool())
    const back = await relay['get']!({ data })
    expect(Buffer.compare(back.data, data)).toBe(0)
    expect(data.length).toBe(3_000_000)
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, n) => relay['get']!({ n, data: data.subarray(n, n + 20_000) })),
    )
    expect(many.map(({ data: one }) => one[0])).toEqual(many.map((_, n) => (n * 31) % 256))
  }, 60_000)
})

test('a oneway call ends when it has been sent; its failure goes to the onError of the worker', async () => {
  const depot = depotOver(poolOf())
  expect(await depot['note']!('hello')).toBe(undefined)
  await depot['note']!('fail')
  expect(await depot['notes']!()).toEqual(['hello'])
  expect(await depot['run']!('errors', 0)).toBe('a bad note')
})

test('the handler runs in another thread, which finds its workerData', async () => {
  const depot = depotOver(poolOf({ workerData: 'mine' }))
  expect(await depot['run']!('main', 0)).toBe('false')
  expect(await depot['run']!('thread', 0)).not.toBe('0')
  expect(await depot['run']!('data', 0)).toBe('mine')
})

test('a method or service that the worker does not serve is UNIMPLEMENTED', async () => {
  const pool = poolOf()
  const stranger = createClient(fixture.depot['Stranger'], pool) as { hello(): Promise<void> }
  expect((await rejection(stranger.hello())) as Error).toMatchObject({
    code: 'UNIMPLEMENTED',
    message: 'there is no service Stranger',
  })
  await depotOver(pool)['nothing']!()
})

describe('streams', () => {
  test('are held back by their reader', async () => {
    const pool = poolOf({ streamWindow: 4 })
    const relay = relayOver(pool)
    const stream = relay['list']!({ n: 1000 })[Symbol.asyncIterator]()
    await stream.next()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { total } = await relay['progress']!({})
    expect(Number(total)).toBeLessThan(12)
    await stream.return()
  })

  test('of requests are held back by the handler', async () => {
    const pool = poolOf({ streamWindow: 4 })
    let produced = 0
    async function* numbers(): AsyncIterable<{ n: number }> {
      for (;;) yield { n: produced++ }
    }
    const chat = relayOver(pool)['chat']!(numbers())[Symbol.asyncIterator]()
    await chat.next()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(produced).toBeLessThan(24)
    await chat.return()
    await until(() => pool.stats().inFlight === 0)
  })

  test('that their reader leaves end their producer in the worker', async () => {
    const pool = poolOf()
    const relay = relayOver(pool)
    for await (const { n } of relay['list']!({ n: 1_000_000 })) if (n === 3) break
    await until(async () => Math.floor((await relay['progress']!({})).count / 1000) === 1)
    await until(() => pool.stats().inFlight === 0)
    expect(pool.stats().abandoned).toBe(0)
  })

  test('of requests that the handler leaves end their producer here', async () => {
    let returned = false
    async function* numbers(): AsyncIterable<{ n: number }> {
      try {
        for (let n = 5; ; n--) {
          yield { n }
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      } finally {
        returned = true
      }
    }
    const pool = poolOf()
    expect(await relayOver(pool)['collect']!(numbers())).toEqual({ total: 15n, count: 6 })
    await until(() => returned)
    expect(pool.stats().inFlight).toBe(0)
  })

  test('that fail in the middle give what came before, then their error', async () => {
    const relay = relayOver(poolOf())
    const seen: number[] = []
    const reading = (async () => {
      for await (const { n } of relay['list']!({ n: 40, body: { case: 'text', value: 'fail' } })) seen.push(n)
    })()
    expect(await rejection(reading)).toMatchObject({ code: 'DATA_LOSS', message: 'the tape is torn' })
    expect(seen.length).toBe(40)
  })

  test('of requests that fail here cancel the call in the worker', async () => {
    const pool = poolOf()
    const relay = relayOver(pool)
    async function* numbers(): AsyncIterable<{ n: number }> {
      yield { n: 1 }
      throw new Error('no more numbers')
    }
    expect(await rejection(relay['collect']!(numbers()))).toMatchObject({ message: 'no more numbers' })
    async function* misfits(): AsyncIterable<unknown> {
      yield { n: 1 }
      yield { n: 'two' }
    }
    expect(await code(relay['collect']!(misfits()))).toBe('INVALID_ARGUMENT')
    await until(() => pool.stats().inFlight === 0)
  })

  test('that hang end with their deadline', async () => {
    const pool = poolOf({ graceMs: 10_000 })
    const relay = relayOver(pool)
    await pool.ready()
    const reading = all(relay['list']!({ n: 2, body: { case: 'text', value: 'hang' } }, { timeoutMs: 50 }))
    expect(await code(reading)).toBe('DEADLINE_EXCEEDED')
    expect(pool.stats().workers[0]?.state).toBe('ready')
  })
})

describe('options', () => {
  test('that make no sense are refused at once', () => {
    expect(() => threads(fixture.url, { size: 0 })).toThrow(RangeError)
    expect(() => threads(fixture.url, { window: 1.5 })).toThrow('window: 1.5 is not a whole number above 0')
    expect(() => threads(fixture.url, { balance: 'hash' })).toThrow('hashBy')
    expect(() => threads(fixture.url, { payload: 'json' as 'codec' })).toThrow('json is neither codec nor clone')
    expect(() => threads('worker.js')).toThrow(TypeError)
  })

  test('that the messages of a service cannot follow are refused when a client is made', () => {
    expect(() => createClient(Fleet, poolOf())).toThrow("has no codec; use threads() with payload: 'clone'")
  })
})
