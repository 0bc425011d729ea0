import { expect, test, vi } from 'vitest'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { CallStream } from '../../../src/runtime/core/stream/call-stream.ts'
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

/** A source whose messages are all there; `end` is what comes behind them. */
function ready(count: number, end: () => IteratorResult<number> = () => ({ done: true, value: undefined })) {
  let at = 0
  const source = {
    asked: 0,
    left: false,
    takeReady: (): IteratorResult<number> | undefined => (at < count ? { done: false, value: ++at } : end()),
    next(): Promise<IteratorResult<number>> {
      source.asked++
      return Promise.resolve().then(() => source.takeReady() as IteratorResult<number>)
    },
    async return(): Promise<IteratorResult<number>> {
      source.left = true
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => source,
  }
  return source
}

test('messages that are there already are taken without asking the source to wait', async () => {
  const onEnd = vi.fn()
  const onGone = vi.fn()
  const source = ready(3)
  expect(await all(new CallStream(source, { map: (n) => n * 2, onEnd, onGone }))).toEqual([2, 4, 6])
  expect(source.asked).toBe(0)
  expect(onEnd).toHaveBeenCalledExactlyOnceWith('done', undefined)
  expect(onGone).toHaveBeenCalledOnce()
})

test('an error of a source that tells at once is mapped, seen once, and not thrown', async () => {
  const onEnd = vi.fn()
  const source = ready(1, () => {
    throw new Error('x')
  })
  const stream = new CallStream(source, { mapError: (error) => new RangeError((error as Error).message), onEnd })
  expect(await stream.next()).toEqual({ done: false, value: 1 })
  expect(await rejection(stream.next())).toEqual(new RangeError('x'))
  expect((await stream.next()).done).toBe(true)
  expect(onEnd).toHaveBeenCalledExactlyOnceWith('error', new RangeError('x'))
})

test('a message that is there and cannot be mapped fails the stream and leaves the source', async () => {
  const source = ready(2)
  const stream = new CallStream(source, {
    map: (n) => {
      if (n === 2) throw new Error('two')
      return n
    },
  })
  expect((await stream.next()).value).toBe(1)
  expect(await rejection(stream.next())).toEqual(new Error('two'))
  expect(source.left).toBe(true)
})

test('timers have their turn while messages that are there are read', async () => {
  let rung = false
  setTimeout(() => {
    rung = true
  }, 5)
  let read = 0
  for await (const _ of new CallStream(ready(5_000_000), {})) if (rung || ++read === 5_000_000) break
  expect(rung).toBe(true)
})

test('reading with functions gives what next() gives', async () => {
  const seen: unknown[] = []
  const read = (stream: CallStream<number>) =>
    new Promise<void>((resolve) => {
      stream.read(
        (result) => resolve(void seen.push(result.done ? 'done' : result.value)),
        (error) => resolve(void seen.push(String(error))),
      )
    })
  for (const stream of [new CallStream<number>(ready(1), {}), new CallStream<number>(count(1), {})])
    for (let i = 0; i < 3; i++) await read(stream)
  const failed = new CallStream<number>(silent, {})
  failed.fail(new Error('x'))
  await read(failed)
  expect(seen).toEqual([1, 'done', 'done', 1, 'done', 'done', 'Error: x'])
})
