import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { AttemptContext } from '../../../src/runtime/core/context/attempt-context.ts'
import { type Context, contextKey } from '../../../src/runtime/core/context/context.ts'
import type { Service } from '../../../src/runtime/core/context/service.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { Echo } from '../grpc/echo.ts'

/** Calls with a service in place of a transport; gives what the service was called with. */
async function within(use: (cx: Context) => void | Promise<void>, timeoutMs = 10_000): Promise<void> {
  const service: Service = async (cx) => {
    await use(cx)
    return {}
  }
  const echo = createClient(Echo, { bind: () => service, close: async () => {} })
  await echo.unary({}, { timeoutMs, metadata: { a: '1' }, metainfo: { persistent: { P: 'p' }, transient: { T: 't' } } })
}

describe('the context of an attempt', () => {
  it('starts with what the call says, and keeps to itself what the attempt adds', () =>
    within((cx) => {
      const attempt = new AttemptContext(cx, 2)
      expect(attempt.previous).toBe(2)
      expect([...attempt.requestHeaders]).toEqual([['a', '1']])
      expect(attempt.metainfo.persistent.get('P')).toBe('p')
      expect(attempt.deadline).toBe(cx.deadline)
      attempt.requestHeaders.append('b', '2')
      attempt.metainfo.transient.set('T', 'other')
      expect([...cx.requestHeaders]).toEqual([['a', '1']])
      expect(cx.metainfo.transient.get('T')).toBe('t')
      const key = contextKey<string>('key')
      cx.set(key, 'call')
      expect(attempt.get(key)).toBe('call')
      attempt.set(key, 'attempt')
      expect([attempt.get(key), cx.get(key)]).toEqual(['attempt', 'call'])
      attempt.end()
    }))

  it('hands on what came back once it counts, also what comes later', () =>
    within((cx) => {
      const lost = new AttemptContext(cx, 0)
      lost.responseHeaders.append('who', 'lost')
      lost.responseTrailers.append('who', 'lost')
      lost.metainfo.backward.set('B', 'lost')
      lost.end()
      const won = new AttemptContext(cx, 1)
      won.peer = { address: 'x:1', kind: 'tcp' }
      won.responseHeaders.append('who', 'won')
      won.metainfo.backward.set('B', 'won')
      expect(cx.responseHeaders.size).toBe(0)
      won.commit()
      won.commit()
      won.responseTrailers.append('who', 'late')
      won.metainfo.backward.set('C', 'late')
      expect(cx.peer?.address).toBe('x:1')
      expect(cx.responseHeaders.getAll('who')).toEqual(['won'])
      expect(cx.responseTrailers.getAll('who')).toEqual(['late'])
      expect([...cx.metainfo.backward]).toEqual([
        ['B', 'won'],
        ['C', 'late'],
      ])
      won.end()
    }))

  it('ends with the call, or alone', () =>
    within((cx) => {
      const alone = new AttemptContext(cx, 0)
      const reasons: string[] = []
      alone.onCancel((reason) => reasons.push(reason.code))
      alone.abandon(new RpcError('CANCELLED', 'enough'))
      expect(reasons).toEqual(['CANCELLED'])
      expect(alone.signal.aborted).toBe(true)
      expect(cx.cancelled).toBeUndefined()
    }))

  it('is cancelled when the deadline of the call passes', async () => {
    let attempt: AttemptContext | undefined
    const call = within(async (cx) => {
      attempt = new AttemptContext(cx, 0)
      await new Promise(() => {})
    }, 20)
    await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(attempt?.cancelled?.code).toBe('DEADLINE_EXCEEDED')
  })
})
