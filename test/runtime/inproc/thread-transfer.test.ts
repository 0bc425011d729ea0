/** transfer(): bytes move between threads, once, and only those that are their owner's alone. */

import { describe, expect, test } from 'vitest'
import type { RpcError } from '../../../src/index.ts'
import { transfer } from '../../../src/inproc.ts'
import { code, rejection } from '../../support/settle.ts'
import { depotOver, poolOf, useWorker } from './worker/pool.ts'

useWorker()

const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(7)

describe('a marked message', () => {
  test('moves: the sender keeps empty arrays, the receiver has all', async () => {
    const depot = depotOver(poolOf())
    const data = bytes(100_000)
    const back = await depot['echo']!(transfer({ name: 'a', data }))
    expect(data.length).toBe(0)
    expect(back.data.length).toBe(100_000)
  })

  test('may be one byte array among arguments, or a result', async () => {
    const depot = depotOver(poolOf())
    const data = bytes(5_000)
    expect((await depot['flip']!(transfer(data), true))[4_999]).toBe(248)
    expect(data.length).toBe(0)
  })

  test('copies a view of a shared buffer instead of taking the buffer from its other users', async () => {
    const depot = depotOver(poolOf())
    const pooled = Buffer.from('abc')
    const part = bytes(100).subarray(10, 20)
    const back = await depot['echo']!(transfer({ name: 'a', data: pooled, children: [{ name: 'b', data: part }] }))
    expect([pooled.toString(), part.length]).toEqual(['abc', 10])
    expect([back.data, back.children[0].data]).toEqual([new Uint8Array(Buffer.from('abc')), bytes(10)])
  })

  test('moves an array once when two members or two calls hold it', async () => {
    const depot = depotOver(poolOf())
    const data = bytes(50)
    const back = await depot['echo']!(transfer({ name: 'a', data, children: [{ name: 'b', data }] }))
    expect([back.data, back.children[0].data]).toEqual([bytes(50), bytes(50)])
    const shared = bytes(60)
    const two = [transfer({ name: 'a', data: shared }), transfer({ name: 'b', data: shared })]
    const [one, other] = await Promise.all(two.map((item) => depot['echo']!(item)))
    expect([one.data, other.data]).toEqual([bytes(60), bytes(60)])
  })

  test('with a list moves exactly that, and refuses what it cannot move', async () => {
    const depot = depotOver(poolOf())
    const [data, kept] = [bytes(30), bytes(40)]
    const back = await depot['echo']!(
      transfer({ name: 'a', data, children: [{ name: 'b', data: kept }] }, [data.buffer as ArrayBuffer]),
    )
    expect([data.length, kept.length, back.children[0].data.length]).toEqual([0, 40, 40])
    const pooled = Buffer.from('abc')
    const refused = (await rejection(depot['echo']!(transfer({ name: 'a', data: pooled }, [pooled])))) as RpcError
    expect(refused.code).toBe('INVALID_ARGUMENT')
    expect(refused.message).toContain('a buffer of the list does not move')
    expect(pooled.toString()).toBe('abc')
    expect(await code(depot['echo']!(transfer({ name: 'a' }, [bytes(3)])))).toBe('INVALID_ARGUMENT')
  })

  test('cannot be sent twice', async () => {
    const depot = depotOver(poolOf())
    const item = transfer({ name: 'a', data: bytes(30) })
    await depot['echo']!(item)
    const refused = (await rejection(depot['echo']!(item))) as RpcError
    expect([refused.code, refused.message]).toEqual([
      'INVALID_ARGUMENT',
      'this message was moved by an earlier call: its byte arrays are empty',
    ])
  })

  test('stays with its owner when its call is refused or given up in line', async () => {
    const pool = poolOf({ window: 1, queue: 1 })
    const depot = depotOver(pool)
    await depot['nothing']!()
    const busy = depot['run']!('sleep', 30)
    const stop = new AbortController()
    const item = transfer({ name: 'a', data: bytes(30) })
    const waiting = depot['echo']!(item, { signal: stop.signal })
    expect(await code(depot['echo']!(transfer({ name: 'b', data: item.data })))).toBe('RESOURCE_EXHAUSTED')
    stop.abort()
    expect(await code(waiting)).toBe('CANCELLED')
    expect(item.data.length).toBe(30)
    await busy
    expect((await depot['echo']!(item)).data).toEqual(bytes(30))
    expect(item.data.length).toBe(0)
  })
})

test.each(['codec', 'clone'] as const)('an array that has moved is refused with payload %s', async (payload) => {
  const depot = depotOver(poolOf({ payload }))
  const data = bytes(10)
  await depot['flip']!(transfer(data), false)
  const refused = (await rejection(depot['echo']!({ name: 'a', data }))) as RpcError
  expect([refused.code, refused.message]).toEqual([
    'INVALID_ARGUMENT',
    'depot.Depot.echo_args.item.data was moved to another thread by transfer(): its bytes are gone',
  ])
  expect((await depot['echo']!({ name: 'a', data: new Uint8Array(0) })).data).toEqual(new Uint8Array(0))
})
