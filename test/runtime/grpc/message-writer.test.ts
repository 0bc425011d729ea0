import { describe, expect, test } from 'vitest'
import { CallStream } from '../../../src/runtime/core/stream/call-stream.ts'
import { MessageWriter } from '../../../src/runtime/grpc/message-writer.ts'
import type { Http2Stream } from '../../../src/runtime/http2/sink.ts'

const encode = (message: unknown): Uint8Array => Uint8Array.of(message as number)

/** Numbers that are all there at once, as messages that have arrived are. */
function ready(count: number): CallStream<number> {
  let at = 0
  const step = (): IteratorResult<number> =>
    at < count ? { done: false, value: at++ % 256 } : { done: true, value: undefined }
  const source = { next: async () => step(), takeReady: step, [Symbol.asyncIterator]: () => source }
  return new CallStream(source, {})
}

async function* later(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    if (i % 7 === 0) await Promise.resolve()
    yield i % 256
  }
}

/** A stream that takes `room` messages and has room again in whatever way `again` says. */
function streamWith(room: number, again: (drain: () => void) => void) {
  const written: number[] = []
  const writer = new MessageWriter(
    {
      write(bytes: Uint8Array) {
        written.push(bytes[0]!)
        if (written.length % room !== 0) return true
        again(() => writer.drain())
        return false
      },
    } as unknown as Http2Stream,
    encode,
  )
  return { written, writer }
}

describe.each([
  ['that are there at once', ready],
  ['that are made one by one', (count: number) => new CallStream<number>(later(count), {})],
  ['of a generator', later],
])('messages %s', (_, messages) => {
  const expected = (count: number): number[] => Array.from({ length: count }, (_, i) => i % 256)

  test('are all written, in order, also where there are very many', async () => {
    const { written, writer } = streamWith(Number.POSITIVE_INFINITY, () => {})
    expect(await writer.run(messages(20_000))).toBe(true)
    expect(written).toEqual(expected(20_000))
  })

  test('wait for room, message by message', async () => {
    const { written, writer } = streamWith(1, (drain) => setImmediate(drain))
    expect(await writer.run(messages(50))).toBe(true)
    expect(written).toEqual(expected(50))
  })

  test('go on when room comes and goes in one turn', async () => {
    const { written, writer } = streamWith(1, (drain) => queueMicrotask(drain))
    expect(await writer.run(messages(1000))).toBe(true)
    expect(written).toEqual(expected(1000))
  })

  test('stop where they are told to', async () => {
    const { written, writer } = streamWith(3, () => {})
    const running = writer.run(messages(10))
    await expect.poll(() => writer.blocked).toBe(true)
    writer.stop()
    expect(await running).toBe(false)
    expect(written).toEqual([0, 1, 2])
  })
})

test('a message that cannot be encoded fails the run and leaves the source', async () => {
  let left = false
  async function* source(): AsyncGenerator<number> {
    try {
      yield 1
      yield 2
    } finally {
      left = true
    }
  }
  const writer = new MessageWriter({ write: () => true } as unknown as Http2Stream, (message) => {
    if (message === 2) throw new RangeError('no such message')
    return encode(message)
  })
  await expect(writer.run(new CallStream(source(), {}))).rejects.toThrow('no such message')
  await expect.poll(() => left).toBe(true)
})

test('an error of the source fails the run', async () => {
  // biome-ignore lint/correctness/useYield: it fails before its first message.
  async function* source(): AsyncGenerator<number> {
    throw new RangeError('no source')
  }
  const writer = new MessageWriter({ write: () => true } as unknown as Http2Stream, encode)
  await expect(writer.run(new CallStream(source(), {}))).rejects.toThrow('no source')
})
