import * as grpcJs from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { Metadata } from '../../../src/runtime/core/metadata.ts'
import type { ServiceConfigInit } from '../../../src/runtime/grpc/attempt/service-config.ts'
import type { GrpcOptions } from '../../../src/runtime/grpc/client/grpc-options.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { sendHeaders } from '../../../src/runtime/grpc/server/call.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { all, failure } from '../../support/settle.ts'
import { Echo, type EchoClient, type EchoHandler, type NoteInput, serveEcho } from './echo.ts'
import { serveGrpcJs } from './grpc-js.ts'

const retryPolicy = {
  maxAttempts: 4,
  initialBackoff: '0.005s',
  maxBackoff: '0.02s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE' as const],
}

function retrying(policy: Partial<typeof retryPolicy> = {}, more: object = {}): ServiceConfigInit {
  return { methodConfig: [{ name: [{}], retryPolicy: { ...retryPolicy, ...policy } }], ...more }
}

function hedging(policy: object, more: object = {}): ServiceConfigInit {
  return { methodConfig: [{ name: [{}], hedgingPolicy: { maxAttempts: 3, ...policy } }], ...more }
}

async function client(
  handler: Partial<EchoHandler>,
  serviceConfig: ServiceConfigInit,
  {
    layers,
    attemptLayers,
    ...options
  }: GrpcOptions & { readonly layers?: Layer[]; readonly attemptLayers?: Layer[] } = {},
): Promise<EchoClient> {
  const port = await serveEcho(handler)
  onCleanup(() => port.close())
  const transport = grpc(port.address, { ...options, serviceConfig })
  onCleanup(() => transport.close({ drainMs: 0 }))
  return createClient(Echo, transport, { layers, attemptLayers })
}

function unavailable(pushback?: string): RpcError {
  const metadata = pushback === undefined ? {} : { metadata: new Metadata({ 'grpc-retry-pushback-ms': pushback }) }
  return new RpcError('UNAVAILABLE', 'not now', { stack: false, ...metadata })
}

function previousOf(cx: Context): string {
  return String(cx.requestHeaders.get('grpc-previous-rpc-attempts') ?? 'none')
}

/** Fails the first calls; gives what each was told about earlier attempts. */
function failing(
  times: number,
  error: () => unknown = unavailable,
): { readonly handler: Partial<EchoHandler>; readonly seen: string[] } {
  const seen: string[] = []
  return {
    seen,
    handler: {
      unary(note, cx) {
        seen.push(previousOf(cx))
        cx.responseTrailers.append('attempt', String(seen.length))
        // Headers would make this attempt the one that counts.
        if (seen.length <= times) throw error()
        cx.responseHeaders.append('attempt', String(seen.length))
        return note
      },
    },
  }
}

describe('a retry policy', () => {
  it('tries again what may be tried again, and tells the server how often', async () => {
    const { handler, seen } = failing(3)
    const echo = await client(handler, retrying())
    const headers: unknown[] = []
    const onHeaders = (metadata: Metadata): void => void headers.push(metadata.getAll('attempt'))
    expect(await echo.unary({ text: 'a' }, { onHeaders, onTrailers: onHeaders })).toMatchObject({ text: 'a' })
    expect(seen).toEqual(['none', '1', '2', '3'])
    // Nothing of the attempts that failed is left.
    expect(headers).toEqual([['4'], ['4']])
  })

  it('ends with the last failure when there are no attempts left', async () => {
    const { handler, seen } = failing(9)
    const echo = await client(handler, retrying({ maxAttempts: 3 }))
    const error = await failure(echo.unary({}))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'not now' })
    expect(error.metadata?.get('attempt')).toBe('3')
    expect(seen).toHaveLength(3)
  })

  it.each<[string, () => unknown]>([
    ['another code', () => new RpcError('INTERNAL', 'broken')],
    ['a business failure', () => new BizError(7, 'no')],
  ])('does not try again after %s', async (_what, error) => {
    const { handler, seen } = failing(1, error)
    const echo = await client(handler, retrying())
    await expect(echo.unary({})).rejects.toThrow()
    expect(seen).toHaveLength(1)
  })

  it('can be switched off', async () => {
    const { handler, seen } = failing(1)
    const echo = await client(handler, retrying(), { retries: false })
    await failure(echo.unary({}))
    expect(seen).toHaveLength(1)
  })

  it('does not try again once response headers have come', async () => {
    let calls = 0
    const echo = await client(
      {
        async *expand(_note, cx) {
          calls++
          sendHeaders(cx)
          yield* []
          throw unavailable()
        },
      },
      retrying(),
    )
    expect((await failure(all(echo.expand({})))).code).toBe('UNAVAILABLE')
    expect(calls).toBe(1)
  })

  it('tries a stream of responses again that failed before its first message', async () => {
    let calls = 0
    const echo = await client(
      {
        async *expand(note) {
          if (++calls < 3) throw unavailable()
          for (let i = 0; i < note.count; i++) yield { count: i }
        },
      },
      retrying(),
    )
    expect(await all(echo.expand({ count: 3 }))).toMatchObject([{ count: 0 }, { count: 1 }, { count: 2 }])
    expect(calls).toBe(3)
  })

  it('sends the messages of a stream again that it had sent, and goes on behind them', async () => {
    let calls = 0
    let asked = 0
    const echo = await client(
      {
        async collect(notes) {
          const attempt = ++calls
          const texts: string[] = []
          for await (const note of notes) {
            texts.push(note.text)
            if (attempt < 3 && texts.length === attempt * 2) throw unavailable()
          }
          return { text: texts.join('') }
        },
      },
      retrying(),
    )
    async function* requests(): AsyncGenerator<NoteInput> {
      for (const text of 'abcdef') {
        asked++
        yield { text }
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    expect(await echo.collect(requests())).toMatchObject({ text: 'abcdef' })
    expect(calls).toBe(3)
    expect(asked).toBe(6)
  })

  it('makes no further attempt when the request is larger than may be kept', async () => {
    const one = failing(1)
    const echo = await client(one.handler, retrying(), { retryBufferBytes: 1_000 })
    expect((await failure(echo.unary({ data: new Uint8Array(2_000) }))).code).toBe('UNAVAILABLE')
    expect(one.seen).toHaveLength(1)
    // What was given back can be taken again.
    const two = failing(3)
    const shared = await client(two.handler, retrying(), { totalRetryBufferBytes: 1_000 })
    await shared.unary({ data: new Uint8Array(900) })
    expect(two.seen).toHaveLength(4)
    two.seen.length = 0
    await shared.unary({ data: new Uint8Array(900) })
    expect(two.seen).toHaveLength(4)
  })

  it('waits as long as the server says, and stops when it says so', async () => {
    const one = failing(1, () => unavailable('60'))
    const echo = await client(one.handler, retrying())
    const start = performance.now()
    await echo.unary({})
    expect(performance.now() - start).toBeGreaterThan(55)
    for (const word of ['-1', 'soon', '01']) {
      const two = failing(1, () => unavailable(word))
      expect(
        (await failure((await client(two.handler, retrying())).unary({}))).metadata?.get('grpc-retry-pushback-ms'),
      ).toBe(word)
      expect(two.seen).toHaveLength(1)
    }
  })

  it('is held back by the throttle while too many calls fail', async () => {
    const { handler, seen } = failing(1_000)
    const echo = await client(handler, retrying({}, { retryThrottling: { maxTokens: 4, tokenRatio: 0.5 } }))
    // 4 tokens: attempts go on above 2, so two failures end the first call, and each further one is a single attempt.
    for (let i = 0; i < 3; i++) await failure(echo.unary({}))
    expect(seen).toEqual(['none', '1', 'none', 'none'])
  })

  it('lets the deadline and the signal of the call hold for all attempts', async () => {
    const { handler, seen } = failing(1_000)
    const echo = await client(handler, retrying({ initialBackoff: '30s', maxBackoff: '30s' }))
    // The wait would outlive the deadline, so the failure is told at once.
    expect(await failure(echo.unary({}, { timeoutMs: 5_000 }))).toMatchObject({ code: 'UNAVAILABLE' })
    const abort = new AbortController()
    const call = failure(echo.unary({}, { signal: abort.signal }))
    await expect.poll(() => seen.length).toBe(2)
    abort.abort()
    expect((await call).code).toBe('CANCELLED')
    expect(seen).toHaveLength(2)
  })

  it('runs attempt layers for each attempt, each with headers of its own', async () => {
    const { handler } = failing(2)
    const log: string[] = []
    const each =
      (name: string): Layer =>
      (next) =>
      (cx, request) => {
        cx.requestHeaders.append(name, '1')
        log.push(`${name} ${cx.requestHeaders.getAll(name).length}`)
        return next(cx, request)
      }
    const echo = await client(handler, retrying(), { layers: [each('call')], attemptLayers: [each('attempt')] })
    await echo.unary({})
    expect(log).toEqual(['call 1', 'attempt 1', 'attempt 1', 'attempt 1'])
  })

  it('tries calls again that found no server', async () => {
    const port = await serveEcho()
    await port.close()
    const transport = grpc(port.address, {
      serviceConfig: retrying({ maxAttempts: 3 }),
      backoff: { initialMs: 1, maxMs: 1 },
    })
    onCleanup(() => transport.close({ drainMs: 0 }))
    let attempts = 0
    const count: Layer = (next) => (cx, request) => {
      attempts++
      return next(cx, request)
    }
    await failure(createClient(Echo, transport, { attemptLayers: [count] }).unary({}))
    expect(attempts).toBe(3)
  })

  it('works against grpc-js, whose own retries mean the same', async () => {
    const seen: unknown[] = []
    const server = await serveGrpcJs({
      Unary(call: grpcJs.ServerUnaryCall<NoteInput, NoteInput>, reply: grpcJs.sendUnaryData<NoteInput>) {
        seen.push(call.metadata.get('grpc-previous-rpc-attempts')[0])
        if (seen.length > 2) reply(null, call.request)
        else reply({ code: grpcJs.status.UNAVAILABLE, details: 'not now' })
      },
    })
    onCleanup(() => server.close())
    const transport = grpc(server.address, { serviceConfig: JSON.stringify(retrying()) })
    onCleanup(() => transport.close({ drainMs: 0 }))
    expect(await createClient(Echo, transport).unary({ text: 'x' })).toMatchObject({ text: 'x' })
    expect(seen).toEqual([undefined, '1', '2'])
  })
})

describe('a hedging policy', () => {
  it('sends the call again while the first is under way, takes the first answer and cancels the rest', async () => {
    const seen: string[] = []
    let cancelled = 0
    const echo = await client(
      {
        unary(_note, cx) {
          const previous = previousOf(cx)
          seen.push(previous)
          if (previous === '1') return { text: previous }
          cx.onCancel(() => cancelled++)
          return new Promise(() => {})
        },
      },
      hedging({ hedgingDelay: '0.02s' }),
    )
    expect(await echo.unary({})).toMatchObject({ text: '1' })
    expect(seen).toEqual(['none', '1'])
    await expect.poll(() => cancelled).toBe(1)
  })

  it('sends all at once without a delay', async () => {
    const seen: string[] = []
    const echo = await client(
      {
        async unary(_note, cx) {
          seen.push(previousOf(cx))
          while (seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 1))
          return {}
        },
      },
      hedging({}),
    )
    await echo.unary({})
    expect(seen.sort()).toEqual(['1', '2', 'none'])
  })

  it('sends the next at once after a failure that is not fatal, and ends with the last one', async () => {
    const one = failing(2)
    const policy = { hedgingDelay: '60s', nonFatalStatusCodes: ['UNAVAILABLE'] }
    await (await client(one.handler, hedging(policy))).unary({})
    expect(one.seen).toEqual(['none', '1', '2'])
    const two = failing(9)
    expect((await failure((await client(two.handler, hedging(policy))).unary({}))).code).toBe('UNAVAILABLE')
    expect(two.seen).toHaveLength(3)
  })

  it('ends with a fatal failure, whatever else is under way', async () => {
    let calls = 0
    let cancelled = 0
    const echo = await client(
      {
        unary(_note, cx) {
          if (++calls === 2) throw new RpcError('INTERNAL', 'broken', { stack: false })
          cx.onCancel(() => cancelled++)
          return new Promise(() => {})
        },
      },
      hedging({ maxAttempts: 2, hedgingDelay: '0.01s', nonFatalStatusCodes: ['UNAVAILABLE'] }),
    )
    expect(await failure(echo.unary({}))).toMatchObject({ code: 'INTERNAL', message: 'broken' })
    await expect.poll(() => cancelled).toBe(1)
    expect(calls).toBe(2)
  })

  it('heeds the pushback of the server', async () => {
    const policy = { hedgingDelay: '60s', nonFatalStatusCodes: ['UNAVAILABLE'] }
    const stop = failing(9, () => unavailable('-1'))
    expect((await failure((await client(stop.handler, hedging(policy))).unary({}))).code).toBe('UNAVAILABLE')
    expect(stop.seen).toHaveLength(1)
    const later = failing(1, () => unavailable('40'))
    const echo = await client(later.handler, hedging(policy))
    const start = performance.now()
    await echo.unary({})
    expect(performance.now() - start).toBeGreaterThan(35)
  })

  it('is held back by the throttle', async () => {
    const { handler, seen } = failing(1_000)
    const throttling = { retryThrottling: { maxTokens: 2, tokenRatio: 0.1 } }
    const echo = await client(
      handler,
      hedging({ hedgingDelay: '60s', nonFatalStatusCodes: ['UNAVAILABLE'] }, throttling),
    )
    await failure(echo.unary({}))
    await failure(echo.unary({}))
    expect(seen).toEqual(['none', 'none'])
  })

  it('ends a call that waits for its next attempt when the throttle forbids that by then', async () => {
    let isFirst = true
    let told: () => void = () => {}
    const waits = new Promise<void>((resolve) => {
      told = resolve
    })
    const echo = await client(
      {
        unary() {
          if (!isFirst) throw unavailable('-1')
          isFirst = false
          told()
          throw unavailable('300')
        },
      },
      hedging(
        { hedgingDelay: '60s', nonFatalStatusCodes: ['UNAVAILABLE'] },
        { retryThrottling: { maxTokens: 4, tokenRatio: 0.1 } },
      ),
    )
    const waiting = failure(echo.unary({}, { timeoutMs: 30_000 }))
    await waits
    for (let i = 0; i < 4; i++) await failure(echo.unary({}))
    expect(await waiting).toMatchObject({ code: 'UNAVAILABLE', message: 'not now' })
  })

  it('gives every attempt the same streamed requests, asked of the caller once', async () => {
    let asked = 0
    const echo = await client(
      {
        async *chat(notes, cx) {
          const previous = previousOf(cx)
          let text = ''
          for await (const note of notes) text += note.text
          if (previous === 'none') await new Promise(() => {})
          yield { text: `${previous} ${text}` }
        },
      },
      hedging({ maxAttempts: 2, hedgingDelay: '0.01s' }),
    )
    async function* requests(): AsyncGenerator<NoteInput> {
      for (const text of 'abc') {
        asked++
        yield { text }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    expect(await all(echo.chat(requests()))).toMatchObject([{ text: '1 abc' }])
    expect(asked).toBe(3)
  })

  it('goes on with the attempt that has sent most when the requests become too many to be kept', async () => {
    let calls = 0
    let cancelled = 0
    const echo = await client(
      {
        async collect(notes, cx) {
          calls++
          cx.onCancel(() => cancelled++)
          let bytes = 0
          for await (const note of notes) bytes += note.data.length
          return { count: bytes }
        },
      },
      hedging({ hedgingDelay: '0.01s', maxAttempts: 5 }),
      { retryBufferBytes: 2_500 },
    )
    async function* requests(): AsyncGenerator<NoteInput> {
      yield { data: new Uint8Array(1_000) }
      await expect.poll(() => calls).toBeGreaterThan(1)
      for (let i = 0; i < 9; i++) yield { data: new Uint8Array(1_000) }
    }
    expect(await echo.collect(requests())).toMatchObject({ count: 10_000 })
    await expect.poll(() => cancelled).toBe(calls - 1)
  })
})

describe('the timeout of a service config', () => {
  it('is the deadline where the call has no earlier one', async () => {
    const remaining: number[] = []
    const echo = await client(
      {
        unary(note, cx) {
          remaining.push(cx.remainingMs)
          return note.count > 0 ? new Promise(() => {}) : note
        },
      },
      { methodConfig: [{ name: [{ service: 'test.Echo' }], timeout: '0.2s' }] },
    )
    expect((await failure(echo.unary({ count: 1 }, { timeoutMs: 60_000 }))).code).toBe('DEADLINE_EXCEEDED')
    await echo.unary({}, { timeoutMs: 100 })
    expect(remaining[0]).toBeLessThanOrEqual(201)
    expect(remaining[1]).toBeLessThanOrEqual(101)
  })

  it('limits messages as well', async () => {
    const echo = await client(
      {},
      { methodConfig: [{ name: [{}], maxRequestMessageBytes: 10, maxResponseMessageBytes: 5 }] },
    )
    expect((await failure(echo.unary({ data: new Uint8Array(20) }))).code).toBe('RESOURCE_EXHAUSTED')
    expect((await failure(echo.unary({ data: new Uint8Array(6) }))).message).toMatch(/received/)
  })
})
