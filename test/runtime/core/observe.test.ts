import { expect, test, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { type CallObserver, observe } from '../../../src/runtime/core/observe.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { accessLog } from '../../../src/runtime/middleware/access-log.ts'
import { concurrencyLimit } from '../../../src/runtime/middleware/concurrency-limit.ts'
import { timeout } from '../../../src/runtime/middleware/timeout.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { all, code, deferred, turns } from '../../support/settle.ts'
import { OutOfStock, Shop, shopHandler } from '../../support/shop.ts'

/** A layer that notes every hook. */
function noting(): { readonly notes: string[]; readonly layer: Layer } {
  const notes: string[] = []
  const observer: CallObserver = {
    onRequest: (_message, order) => notes.push(`request ${order}`),
    onResponseStart: () => notes.push('start'),
    onResponse: (_message, order) => notes.push(`response ${order}`),
    onEnd: (end, _error, messages) => notes.push(`end ${end} ${messages}`),
    onDone: () => notes.push('done'),
  }
  return { notes, layer: (next) => (cx, request) => observe(next, cx, request, observer) }
}

/** A streamed response of one message, whose clean-up lasts until `finish`. */
function lingering() {
  const finish = deferred()
  let isLeft = false
  let count = 0
  const stream: AsyncIterable<object> = {
    [Symbol.asyncIterator]: () => ({
      next: () => (count++ === 0 ? Promise.resolve({ done: false, value: {} }) : new Promise(() => {})),
      async return() {
        isLeft = true
        await finish.promise
        return { done: true, value: undefined }
      },
    }),
  }
  return { stream, finish: finish.resolve, isLeft: () => isLeft }
}

test('tells a unary call from its request to its end, on either side', async () => {
  for (const side of ['client', 'server']) {
    const { notes, layer } = noting()
    const router = createRouter(side === 'server' ? { layers: [layer] } : {}).add(Shop, shopHandler())
    await createClient(Shop, inProcess(router), side === 'client' ? { layers: [layer] } : {}).version()
    expect(notes).toEqual(['request 0', 'start', 'response 0', 'end OK undefined', 'done'])
  }
})

test('tells the messages of both streams of a call, and how many there were', async () => {
  const { notes, layer } = noting()
  const router = createRouter({ layers: [layer] }).add(
    Fleet,
    fleetHandler({
      async *dispatching(requests) {
        for await (const _ of requests) yield {}
      },
    }),
  )
  await all(createClient(Fleet, inProcess(router)).dispatching([{}, {}]))
  expect(notes.filter((note) => note.startsWith('request'))).toEqual(['request 0', 'request 1'])
  expect(notes.filter((note) => !note.startsWith('request'))).toEqual([
    'start',
    'response 0',
    'response 1',
    'end OK 2',
    'done',
  ])
})

test('names how a call failed, also one that is refused by a synchronous throw', async () => {
  const errors = [
    new OutOfStock({ skus: [] }),
    new BizError(1, 'no'),
    new RpcError('NOT_FOUND', ''),
    new TypeError('bug'),
  ]
  const { notes, layer } = noting()
  const refuse: Layer = () => () => {
    throw errors.shift()
  }
  const router = createRouter({ layers: [layer, refuse], onError() {} }).add(Shop, shopHandler())
  const shop = createClient(Shop, inProcess(router))
  for (let i = 0; i < 4; i++) await shop.version().catch(() => {})
  expect(notes.filter((note) => note.startsWith('end'))).toEqual([
    'end EXCEPTION undefined',
    'end BIZ undefined',
    'end NOT_FOUND undefined',
    'end INTERNAL undefined',
  ])
})

test('a cancelled call ends at once and is done when its handler is; nothing else is told in between', async () => {
  const { notes, layer } = noting()
  const answer = deferred<string>()
  const router = createRouter({ layers: [layer] }).add(Shop, shopHandler({ version: () => answer.promise }))
  expect(await code(createClient(Shop, inProcess(router)).version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
  expect(notes).toEqual(['request 0', 'end DEADLINE_EXCEEDED undefined'])
  answer.resolve('late')
  await turns()
  expect(notes).toEqual(['request 0', 'end DEADLINE_EXCEEDED undefined', 'done'])
})

test('a response stream that is left is done when the clean-up of the handler has ended, whatever layers lie between', async () => {
  const { notes, layer } = noting()
  const { stream, finish, isLeft } = lingering()
  const router = createRouter({
    layers: [layer, accessLog({ write() {} }), timeout(60_000), concurrencyLimit(1)],
  }).add(Fleet, fleetHandler({ listVehicles: () => stream }))
  for await (const _ of createClient(Fleet, inProcess(router)).listVehicles({})) break
  await turns()
  expect(isLeft()).toBe(true)
  expect(notes.at(-1)).toBe('end CANCELLED 1')
  expect(router.abandoned).toBe(1)
  finish()
  await turns()
  expect(notes.at(-1)).toBe('done')
  expect(router.abandoned).toBe(0)
})

test('a place of a server’s limit is held until the handler has ended, also around a layer that reads the stream', async () => {
  const { stream, finish } = lingering()
  const router = createRouter({ layers: [concurrencyLimit(1, { queue: 0 }), accessLog({ write() {} })] }).add(
    Fleet,
    fleetHandler({ listVehicles: () => stream }),
  )
  const fleet = createClient(Fleet, inProcess(router))
  for await (const _ of fleet.listVehicles({})) break
  await turns()
  expect(await code(fleet.getVehicle({}))).toBe('RESOURCE_EXHAUSTED')
  finish()
  await turns()
  expect(await fleet.getVehicle({})).toBeDefined()
})

test('an error of a hook goes to the console, and the call goes on', async () => {
  const quiet = vi.spyOn(console, 'error').mockImplementation(() => {})
  onCleanup(() => quiet.mockRestore())
  const fail = (): never => {
    throw new Error('mine')
  }
  const observer = { onRequest: fail, onResponseStart: fail, onResponse: fail, onEnd: fail, onDone: fail }
  const layer: Layer = (next) => (cx, request) => observe(next, cx, request, observer)
  const fleet = createClient(Fleet, fleetHandler(), { layers: [layer] })
  expect(await all(fleet.listVehicles({ capacity: 2 }))).toHaveLength(2)
  expect(quiet).toHaveBeenCalledTimes(6)
})
