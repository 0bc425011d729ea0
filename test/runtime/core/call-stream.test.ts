import { expect, test, vi } from 'vitest'
import { CallStream } from '../../../src/runtime/core/call-stream.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { all, code, deferred, rejection, turns } from '../../support/settle.ts'

async function* count(to: number) {
  for (let i = 1; i <= to; i++) yield i
}
const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }

test('maps messages and tells its end once', async () => {
  const onEnd = vi.fn()
  expect(await all(new CallStream(count(3), { map: (n) => n * 2, onEnd }))).toEqual([2, 4, 6])
  expect(onEnd).toHaveBeenCalledExactlyOnceWith('done', undefined)
})

test('reads asked for at once are answered in order, and the source is asked one at a time', async () => {
  let asked = 0
  let open = 0
  const source = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        expect(++open).toBe(1)
        await turns(1)
        open--
        return { done: ++asked > 2, value: asked }
      },
    }),
  }
  const stream = new CallStream(source, {})
  const results = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()])
  expect(results.map(({ value }) => value)).toEqual([1, 2, undefined, undefined])
})

test('fail ends a silent stream at once, one reader sees the error, the others the end', async () => {
  const stream = new CallStream(silent, {})
  const [first, second] = [code(stream.next()), stream.next()]
  stream.fail(new RpcError('CANCELLED', 'x'))
  stream.fail(new RpcError('INTERNAL', 'y'))
  expect(await first).toBe('CANCELLED')
  expect(await second).toEqual({ done: true, value: undefined })
  expect(await stream.next()).toEqual({ done: true, value: undefined })
})

test('an error without a reader waits for the next one', async () => {
  const stream = new CallStream(silent, {})
  stream.fail(new Error('x'))
  expect(await rejection(stream.next())).toEqual(new Error('x'))
  expect((await stream.next()).done).toBe(true)
})

test('what comes late from the source is dropped', async () => {
  const late = deferred<IteratorResult<number>>()
  const stream = new CallStream({ [Symbol.asyncIterator]: () => ({ next: () => late.promise }) }, {})
  const reading = rejection(stream.next())
  stream.fail(new Error('x'))
  late.resolve({ done: false, value: 1 })
  await reading
  expect((await stream.next()).done).toBe(true)
})

test('leaving closes the source and does not wait for it', async () => {
  const closing = vi.fn(() => new Promise<never>(() => {}))
  const onEnd = vi.fn()
  const stream = new CallStream(
    { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: closing }) },
    { onEnd },
  )
  for await (const _ of stream) break
  expect(closing).toHaveBeenCalledOnce()
  expect(onEnd).toHaveBeenCalledExactlyOnceWith('left', undefined)
})

test('a source that throws while it is closed harms nobody', async () => {
  const stream = new CallStream(
    {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => {
          throw new Error('no')
        },
      }),
    },
    {},
  )
  await stream.return()
  const rejecting = new CallStream(
    {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(new Error('no')),
      }),
    },
    {},
  )
  await rejecting.return()
  await turns()
})

test('a source attached later is read then, one attached after the end is closed', async () => {
  const stream = new CallStream<number>(undefined, {})
  const reading = stream.next()
  stream.attach(count(1))
  expect(await reading).toEqual({ done: false, value: 1 })
  const left = new CallStream<number>(undefined, {})
  await left.return()
  const closed = vi.fn(async () => ({ done: true as const, value: undefined }))
  left.attach({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: closed }) })
  expect(closed).toHaveBeenCalledOnce()
})

test('attaching what is no stream fails it', async () => {
  const stream = new CallStream(undefined, {})
  stream.attach(undefined as never)
  expect(await rejection(stream.next())).toBeInstanceOf(TypeError)
})

test('a prefetched message is the first one read, and is dropped when the stream fails', async () => {
  const stream = new CallStream(count(2), {})
  await stream.prefetch()
  expect(await all(stream)).toEqual([1, 2])
  const failing = new CallStream(count(2), {})
  await failing.prefetch()
  failing.fail(new Error('x'))
  expect(await rejection(failing.next())).toEqual(new Error('x'))
})

test('an onEnd that throws fails the reader instead of the process', async () => {
  const stream = new CallStream(count(0), {
    onEnd() {
      throw new Error('mine')
    },
  })
  expect(await rejection(stream.next())).toEqual(new Error('mine'))
})
