import { expect, test } from 'vitest'
import { mapStream } from '../../../src/runtime/core/stream/map-stream.ts'
import { all, deferred, rejection, turns } from '../../support/settle.ts'

/** A source that gives numbers, or nothing at all, and whose clean-up lasts until it is allowed to end. */
function source({ isSilent = false } = {}) {
  const cleanUp = deferred()
  const left: string[] = []
  let count = 0
  const stream: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => (isSilent ? new Promise(() => {}) : Promise.resolve({ done: false, value: ++count })),
      async return() {
        left.push('left')
        await cleanUp.promise
        return { done: true, value: undefined }
      },
    }),
  }
  return { stream, left, cleanUp }
}

test('changes each message on its way', async () => {
  async function* numbers() {
    yield* [1, 2, 3]
  }
  expect(await all(mapStream(numbers(), (n) => n * 2))).toEqual([2, 4, 6])
})

test('leaving it reaches a silent source at once, also through several of them', async () => {
  const { stream, left } = source({ isSilent: true })
  const same = (n: number): number => n
  const outer = mapStream(mapStream(mapStream(stream, same), same), same)
  const pending = outer.next()
  void outer.return?.()
  expect(left).toEqual(['left'])
  expect((await pending).done).toBe(true)
})

test('return() settles when the source has ended', async () => {
  const { stream, cleanUp } = source()
  const outer = mapStream(
    mapStream(stream, (n) => n),
    (n) => n,
  )
  await outer.next()
  let isSettled = false
  const leaving = outer.return?.().then(() => {
    isSettled = true
  })
  await turns()
  expect(isSettled).toBe(false)
  cleanUp.resolve()
  await leaving
  expect((await outer.next()).done).toBe(true)
})

test('what map throws fails the stream and ends the source', async () => {
  const { stream, left } = source()
  const mapped = mapStream(stream, () => {
    throw new RangeError('odd')
  })
  expect(await rejection(mapped.next())).toEqual(new RangeError('odd'))
  expect(left).toEqual(['left'])
  expect((await mapped.next()).done).toBe(true)
})
