import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { MessageStream } from '../../../src/runtime/grpc/message-stream.ts'

function frame(...payload: number[]): Uint8Array {
  return new Uint8Array([0, 0, 0, 0, payload.length, ...payload])
}

interface Spy {
  readonly stream: MessageStream<number>
  readonly calls: string[]
}

function make(maxBytes = 1 << 20): Spy {
  const calls: string[] = []
  const stream = new MessageStream(
    ({ payload }) => {
      if (payload[0] === 255) throw new RpcError('INTERNAL', 'no message')
      return payload[0] ?? 0
    },
    maxBytes,
    {
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      leave: (error) => calls.push(error === undefined ? 'leave' : 'broken'),
    },
  )
  return { stream, calls }
}

describe('a message stream', () => {
  it('gives messages in order to readers who come before and after them', async () => {
    const { stream } = make()
    const early = [stream.next(), stream.next()]
    stream.push(Buffer.concat([frame(1), frame(2), frame(3)]))
    stream.finish()
    expect(await Promise.all(early)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
    expect(await stream.next()).toEqual({ done: false, value: 3 })
    expect((await stream.next()).done).toBe(true)
    expect((await stream.next()).done).toBe(true)
  })

  it('gives what waits before the error it ends with, and the error once', async () => {
    const { stream } = make()
    stream.push(frame(1))
    stream.finish(new Error('over'))
    expect((await stream.next()).value).toBe(1)
    await expect(stream.next()).rejects.toThrow('over')
    expect((await stream.next()).done).toBe(true)
  })

  it('drops what waits when it fails, and wakes its readers', async () => {
    const { stream } = make()
    const first = stream.next()
    const second = stream.next()
    stream.fail(new Error('cancelled'))
    await expect(first).rejects.toThrow('cancelled')
    expect((await second).done).toBe(true)
    stream.push(frame(1))
    expect((await stream.next()).done).toBe(true)
  })

  it('says when its reader leaves, once', async () => {
    const { stream, calls } = make()
    stream.push(frame(1))
    expect((await stream.return()).done).toBe(true)
    await stream.return()
    expect(calls).toEqual(['leave'])
    expect((await stream.next()).done).toBe(true)
  })

  it('fails at a message that cannot be decoded', async () => {
    const { stream, calls } = make()
    const waiting = stream.next()
    stream.push(Buffer.concat([frame(255), frame(2)]))
    await expect(waiting).rejects.toThrow('no message')
    expect(calls).toEqual(['broken'])
    expect((await stream.next()).done).toBe(true)
  })

  it('fails at a message beyond the limit', async () => {
    const { stream } = make(3)
    stream.push(frame(1, 2, 3, 4))
    await expect(stream.next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  })

  it('holds the peer back while whole messages wait, and never in the middle of a large one', async () => {
    const { stream, calls } = make()
    const large = new Uint8Array(5 + 200_000)
    new DataView(large.buffer).setUint32(1, 200_000)
    stream.push(large.subarray(0, 100_000))
    expect(calls).toEqual([])
    stream.push(large.subarray(100_000))
    expect(calls).toEqual(['pause'])
    expect((await stream.next()).value).toBe(0)
    expect(calls).toEqual(['pause', 'resume'])
  })

  it('gives every message once, whatever the order of pushes and reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (steps) => {
        const { stream } = make()
        const reads: Promise<IteratorResult<number>>[] = []
        let sent = 0
        for (const push of steps) {
          if (push) stream.push(frame(sent++ % 250))
          else reads.push(stream.next())
        }
        stream.finish()
        for (let rest = 0; rest < sent; rest++) reads.push(stream.next())
        const read = (await Promise.all(reads)).filter(({ done }) => done !== true).map(({ value }) => value)
        expect(read).toEqual(Array.from({ length: sent }, (_, index) => index % 250))
      }),
    )
  })
})
