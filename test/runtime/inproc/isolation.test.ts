import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { deepCopy } from '../../../src/runtime/inproc/deep-copy.ts'
import { deepFreeze } from '../../../src/runtime/inproc/deep-freeze.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { all, code } from '../../support/settle.ts'
import { OutOfStock, Shop, shopHandler } from '../../support/shop.ts'

const message = () => ({
  text: 'a',
  big: 1n,
  absent: undefined,
  bytes: Uint8Array.of(1, 2),
  list: [{ a: 1 }, { a: 2 }],
  numbers: [1, 2, 3],
  mixed: [1, { a: 1 }, 2],
  empty: [],
  set: new Set(['x']),
  map: new Map<unknown, unknown>([[{ k: 1 }, { v: 1 }]]),
  record: Object.assign(Object.create(null), { a: { b: 1 } }),
  union: { case: 'a', value: { x: 1 } },
})

describe('copy', () => {
  test('gives each side its own message, both ways', async () => {
    const product = { sku: 'a', title: 'A', rating: 1, tags: ['x'] }
    const router = createRouter().add(Shop, shopHandler({ getProduct: () => product }))
    const shop = createClient(Shop, inProcess(router, { isolate: 'copy' }))
    const seen = await shop.getProduct('a')
    expect(seen).toEqual(product)
    expect(seen).not.toBe(product)
    expect(seen.tags).not.toBe(product.tags)
  })

  test('holds for streams and checks required members', async () => {
    const sent = { id: 'a', capacity: 1 }
    const received: unknown[] = []
    const router = createRouter({ onError: () => {} })
      .add(
        Fleet,
        fleetHandler({
          async *dispatching(request) {
            for await (const one of request) {
              received.push(one)
              yield one
            }
          },
        }),
      )
      .add(Shop, shopHandler({ getProduct: () => ({ sku: 'a' }) as never }))
    const transport = inProcess(router, { isolate: 'copy' })
    const [answer] = await all(createClient(Fleet, transport).dispatching([sent]))
    expect([received[0], answer]).toEqual([sent, sent])
    expect(received[0]).not.toBe(sent)
    expect(answer).not.toBe(received[0])
    expect(await code(createClient(Shop, transport).getProduct('a'))).toBe('INTERNAL')
  })

  test('reaches everything that a message may hold', () => {
    const one = message()
    const copy = deepCopy(one)
    expect(copy).toEqual(one)
    expect(Object.getPrototypeOf(copy.record)).toBeNull()
    expect('absent' in copy).toBe(true)
    copy.bytes[0] = 9
    copy.list[0]!.a = 9
    copy.numbers[0] = 9
    ;(copy.mixed[1] as { a: number }).a = 9
    copy.set.add('y')
    ;([...copy.map.values()][0] as { v: number }).v = 9
    ;([...copy.map.keys()][0] as { k: number }).k = 9
    copy.record.a.b = 9
    copy.union.value.x = 9
    expect(one).toEqual(message())
  })

  test('keeps the class of an exception and gives pooled bytes memory of their own', () => {
    const error = new OutOfStock({ skus: ['a'] })
    const copy = deepCopy(error)
    expect(copy).toBeInstanceOf(OutOfStock)
    expect(copy).not.toBe(error)
    expect(copy.skus).not.toBe(error.skus)
    expect(copy.stack).toContain('isolation.test')
    expect([copy.stack, copy.message]).toEqual([error.stack, error.message])
    copy.stack = 'another'
    expect(error.stack).toContain('isolation.test')
    expect(deepCopy(Buffer.from('abc')).buffer.byteLength).toBe(3)
  })
})

describe('freeze', () => {
  test('makes a change by either side throw', async () => {
    const tags = ['x']
    const router = createRouter().add(
      Shop,
      shopHandler({ getProduct: () => ({ sku: 'a', title: 'A', rating: 1, tags }) }),
    )
    const shop = createClient(Shop, inProcess(router, { isolate: 'freeze' }))
    const seen = await shop.getProduct('a')
    expect(() => {
      seen.rating = 2
    }).toThrow(TypeError)
    expect(() => tags.push('y')).toThrow(TypeError)
    expect(await shop.getProduct('a')).toEqual(seen)
  })

  test('reaches everything but bytes', () => {
    const one = deepFreeze(message())
    const map = one.map as Map<{ k: number }, { v: number }>
    const changes: (() => void)[] = [
      () => (one.text = 'b'),
      () => one.list.push({ a: 3 }),
      () => (one.list[0]!.a = 3),
      () => one.set.add('y'),
      () => one.map.set('y', 1),
      () => one.map.clear(),
      () => ([...map.values()][0]!.v = 2),
      () => (one.record.a.b = 2),
      () => (one.union.value.x = 2),
    ]
    for (const change of changes) expect(change).toThrow(TypeError)
    expect(one).toEqual(message())
    one.bytes[0] = 9
    expect(one.bytes[0]).toBe(9)
    expect(deepFreeze(one)).toBe(one)
    expect(deepFreeze(new OutOfStock({ skus: [] }))).toBeInstanceOf(OutOfStock)
    expect(() => deepFreeze({ map: Object.freeze(new Map([[1, 1]])) })).not.toThrow()
  })
})

describe('context', () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: string[] = []
  const note = (where: string): void => {
    seen.push(`${where} ${storage.getStore()}`)
  }
  const router = createRouter().add(
    Fleet,
    fleetHandler({
      async getVehicle() {
        note('handler')
        await Promise.resolve()
        note('later')
        return {}
      },
      async *dispatching(request) {
        note('start')
        for await (const _ of request) {
          note('message')
          yield {}
        }
        note('end')
      },
    }),
  )
  async function run(context: 'flow' | 'isolated'): Promise<string[]> {
    seen.length = 0
    const fleet = createClient(Fleet, inProcess(router, { context }))
    await storage.run('caller', async () => {
      await fleet.getVehicle({})
      await all(
        fleet.dispatching(
          (async function* () {
            note('request')
            yield {}
          })(),
        ),
      )
      note('caller')
    })
    return [...seen]
  }

  test('of other libraries flows as in any function call', async () => {
    expect(new Set((await run('flow')).map((line) => line.split(' ')[1]))).toEqual(new Set(['caller']))
  })

  test('is that of the own caller for every call in line', async () => {
    const stores: unknown[] = []
    const own = createRouter().add(
      Fleet,
      fleetHandler({
        async getVehicle({ id }) {
          stores.push(`${id} ${storage.getStore()}`)
          await Promise.resolve()
          return {}
        },
      }),
    )
    const fleet = createClient(Fleet, inProcess(own, { mode: 'mailbox' }))
    await Promise.all(['a', 'b', 'c'].map((id) => storage.run(id, () => fleet.getVehicle({ id }))))
    expect(stores).toEqual(['a a', 'b b', 'c c'])
  })

  test('is cut where that is asked for, in streams too; the caller keeps its own', async () => {
    expect(await run('isolated')).toEqual([
      'handler undefined',
      'later undefined',
      'start undefined',
      'request caller',
      'message undefined',
      'end undefined',
      'caller caller',
    ])
  })
})
