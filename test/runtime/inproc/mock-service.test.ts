import { expect, expectTypeOf, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { type MockStreamCall, type MockUnaryCall, mockService } from '../../../src/runtime/inproc/mock-service.ts'
import { Fleet, type Vehicle, type VehicleInput } from '../../support/fleet.ts'
import { all, code, rejection, turns } from '../../support/settle.ts'
import { OutOfStock, type ProductInput, Shop } from '../../support/shop.ts'

test('a call waits until the test answers it', async () => {
  const mock = mockService(Shop)
  const shop = createClient(Shop, mock.handler)
  const product = shop.getProduct('book', { metadata: { k: 'v' } })
  const call = await mock.next('getProduct')
  expectTypeOf(call).toEqualTypeOf<MockUnaryCall<[sku: string], ProductInput>>()
  expect(call.args).toEqual(['book'])
  expect(call.cx.requestHeaders.get('k')).toBe('v')
  call.reply({ sku: 'book', title: 'A book' })
  expect(await product).toEqual({ sku: 'book', title: 'A book', rating: 0, tags: [] })
})

test('a call may be failed with anything', async () => {
  const mock = mockService(Shop)
  const shop = createClient(Shop, mock.handler)
  const error = new OutOfStock({ skus: ['book'] })
  const outcome = rejection(shop.getProduct('book'))
  ;(await mock.next('getProduct')).fail(error)
  expect(await outcome).toBe(error)
})

test('calls are given out in order, also to those who waited for them', async () => {
  const mock = mockService(Shop)
  const shop = createClient(Shop, mock.handler)
  const waiting = mock.next('version')
  const answers = [shop.version(), shop.version()]
  const [first, second] = [await waiting, await mock.next('version')]
  second.reply('2')
  first.reply('1')
  first.reply('again')
  expect(await Promise.all(answers)).toEqual(['1', '2'])
})

test('methods may answer by themselves, and every call is on record', async () => {
  const mock = mockService(Shop, { version: () => '1' })
  const shop = createClient(Shop, mock.handler)
  expect(await shop.version()).toBe('1')
  mock.answer('version', async () => '2')
  expect(await shop.version()).toBe('2')
  mock.answer('move', (from, to, count) => `${from} ${to} ${count}`)
  expect(await shop.move('a', 'b', 3)).toBe('a b 3')
  expect(mock.calls.map(({ method, args }) => [method, args])).toEqual([
    ['version', []],
    ['version', []],
    ['move', ['a', 'b', 3]],
  ])
})

test('a call that never comes is an error that says what came instead', async () => {
  const mock = mockService(Shop, { version: () => '1' })
  await createClient(Shop, mock.handler).version()
  expect(await rejection(mock.next('rate', { timeoutMs: 5 }))).toEqual(
    new Error('no call of Shop.rate arrived within 5 ms; calls so far: version'),
  )
})

test('a cancelled call ends at the mock too', async () => {
  const mock = mockService(Shop)
  const stop = new AbortController()
  const outcome = code(createClient(Shop, mock.handler).version({ signal: stop.signal }))
  const call = await mock.next('version')
  stop.abort()
  expect(await outcome).toBe('CANCELLED')
  expect(call.cx.cancelled?.code).toBe('CANCELLED')
  call.reply('late')
})

test('streams are sent message by message', async () => {
  const mock = mockService(Fleet)
  const fleet = createClient(Fleet, mock.handler)
  const listing = all(fleet.listVehicles({ id: 'x' }))
  const call = await mock.next('listVehicles')
  expectTypeOf(call).toEqualTypeOf<MockStreamCall<[request: Vehicle], VehicleInput>>()
  expect(call.args).toEqual([{ id: 'x', capacity: 0 }])
  await call.send({ id: 'a' })
  call.send({ id: 'b' })
  call.end()
  expect((await listing).map(({ id }) => id)).toEqual(['a', 'b'])
  expect(await code(call.send({}))).toBe('CANCELLED')
})

test('streams may fail after messages, and know when their reader has left', async () => {
  const mock = mockService(Fleet)
  const fleet = createClient(Fleet, mock.handler)
  const failing = rejection(all(fleet.listVehicles({})))
  const first = await mock.next('listVehicles')
  await first.send({})
  const error = new RpcError('DATA_LOSS', 'gone')
  first.fail(error)
  expect(await failing).toBe(error)

  const reader = fleet.listVehicles({})[Symbol.asyncIterator]()
  const second = await mock.next('listVehicles')
  second.send({ id: 'a' })
  expect((await reader.next()).value).toEqual({ id: 'a', capacity: 0 })
  await reader.return!()
  await turns()
  expect(await code(second.send({}))).toBe('CANCELLED')
})

test('request streams are there to be read', async () => {
  const mock = mockService(Fleet)
  const fleet = createClient(Fleet, mock.handler)
  const summary = fleet.recordTrack([{ id: 'a' }, { id: 'b' }])
  const call = await mock.next('recordTrack')
  expect(await all(call.args[0])).toHaveLength(2)
  call.reply({ count: 2 })
  expect(await summary).toEqual({ count: 2 })
})
