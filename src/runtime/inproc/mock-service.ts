/** mockService(): a handler whose calls wait for the test to answer them. */

import type { Context } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import { streamsResponse } from '../core/method-kind.ts'
import type { MethodType, ServiceType } from '../core/service-type.ts'

type Method = (...args: never[]) => unknown
type ArgsOf<F> = F extends (...args: infer A) => unknown ? (A extends [...infer Args, Context] ? Args : A) : never
type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never

/** A call that has arrived at a mock. */
interface ArrivedCall<Args> {
  /** Property name of the method. */
  readonly method: string
  /** The arguments as a handler gets them, without the context. */
  readonly args: Args
  /** The server's context of the call. */
  readonly cx: Context
  /** Ends the call with an error: an exception declared in the IDL, a BizError, an RpcError, or anything. */
  fail(error: unknown): void
}

/** A call with one response. */
export interface MockUnaryCall<Args, Response> extends ArrivedCall<Args> {
  /** Answers the call. Answering a call that has ended does nothing. */
  reply(response: Response): void
}

/** A call with a streamed response. */
export interface MockStreamCall<Args, Message> extends ArrivedCall<Args> {
  /** Sends a message; resolves when the caller has taken it. Rejects when the call has ended. */
  send(message: Message): Promise<void>
  /** Ends the stream after what has been sent. */
  end(): void
}

/** The call of a handler method at a mock. */
export type MockCall<F> = [ResultOf<F>] extends [AsyncIterable<infer Message>]
  ? MockStreamCall<ArgsOf<F>, Message>
  : MockUnaryCall<ArgsOf<F>, ResultOf<F>>

/** A service played by a test. */
export interface MockService<H> {
  /** What to give to `createClient` or to a server. */
  readonly handler: H
  /** Every call that has arrived, in order. */
  readonly calls: readonly { readonly method: string; readonly args: readonly unknown[]; readonly cx: Context }[]
  /**
   * The next call of a method, waiting for it if need be. Each call is given out once, in order of arrival; calls that
   * an answer took are not. Rejects after `timeoutMs` (default 5000), naming the calls that did arrive.
   */
  next<K extends keyof H & string>(method: K, options?: { readonly timeoutMs?: number }): Promise<MockCall<H[K]>>
  /** From now on a method answers by itself, with this function in the handler's place. */
  answer<K extends keyof H & string>(method: K, implementation: H[K]): void
}

/**
 * A mock of a service: give its `handler` to `createClient` and answer each call by hand.
 *
 * @example
 * const mock = mockService(Shop)
 * const shop = createClient(Shop, mock.handler)
 * const product = shop.getProduct('book')
 * const call = await mock.next('getProduct')
 * call.args // ['book']
 * call.reply({ sku: 'book', title: 'A book' })
 * await product
 *
 * @param answers methods that answer by themselves
 */
export function mockService<C, H>(service: ServiceType<C, H>, answers: Partial<H> = {}): MockService<H> {
  const calls: ArrivedCall<unknown[]>[] = []
  const untaken = new Map<string, ArrivedCall<unknown[]>[]>()
  const waiters = new Map<string, ((call: ArrivedCall<unknown[]>) => void)[]>()
  const implementations: Record<string, Method | undefined> = { ...(answers as Record<string, Method>) }
  const handler: Record<string, (...args: unknown[]) => unknown> = {}

  const arrive = (call: ArrivedCall<unknown[]>): void => {
    const waiter = waiters.get(call.method)?.shift()
    if (waiter === undefined) listOf(untaken, call.method).push(call)
    else waiter(call)
  }
  for (const method of service.methods) {
    const name = method.localName
    handler[name] = (...all) => {
      const args = all.slice(0, -1)
      const cx = all.at(-1) as Context
      const implementation = implementations[name]
      const [call, result] = streamsResponse(method.kind) ? streamCall(method, args, cx) : unaryCall(method, args, cx)
      calls.push(call)
      if (implementation !== undefined) return implementation.apply(handler, all as never[])
      arrive(call)
      return result
    }
  }
  return {
    handler: handler as H,
    calls,
    next(method, { timeoutMs = 5000 } = {}) {
      type Call = MockCall<H[typeof method]>
      const arrived = untaken.get(method)?.shift()
      if (arrived !== undefined) return Promise.resolve(arrived as unknown as Call)
      return new Promise<Call>((resolve, reject) => {
        const queue = listOf(waiters, method)
        const timer = setTimeout(() => {
          queue.splice(queue.indexOf(waiter), 1)
          const seen = calls.length === 0 ? 'none' : calls.map((call) => call.method).join(', ')
          reject(
            new Error(`no call of ${service.name}.${method} arrived within ${timeoutMs} ms; calls so far: ${seen}`),
          )
        }, timeoutMs)
        const waiter = (call: ArrivedCall<unknown[]>): void => {
          clearTimeout(timer)
          resolve(call as unknown as Call)
        }
        queue.push(waiter)
      })
    },
    answer(method, implementation) {
      implementations[method] = implementation as Method
    },
  }
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  let list = lists.get(name)
  if (list === undefined) {
    list = []
    lists.set(name, list)
  }
  return list
}

function unaryCall(
  method: MethodType,
  args: unknown[],
  cx: Context,
): [MockUnaryCall<unknown[], unknown>, Promise<unknown>] {
  let reply!: (response: unknown) => void
  let fail!: (error: unknown) => void
  const result = new Promise<unknown>((resolve, reject) => {
    reply = resolve
    fail = reject
  })
  result.catch(() => {})
  cx.onCancel(fail)
  return [{ method: method.localName, args, cx, reply, fail }, result]
}

function streamCall(
  method: MethodType,
  args: unknown[],
  cx: Context,
): [MockStreamCall<unknown[], unknown>, AsyncIterable<unknown>] {
  const sent: { readonly message: unknown; readonly taken: () => void; readonly refused: (error: unknown) => void }[] =
    []
  let outcome: { readonly error?: unknown } | undefined
  let wake: (() => void) | undefined
  const finish = (how: { readonly error?: unknown }): void => {
    outcome ??= how
    wake?.()
  }
  const refuseAll = (): void => {
    for (const { refused } of sent.splice(0)) refused(new RpcError('CANCELLED', 'the call has ended'))
  }
  cx.onCancel((error) => {
    finish({ error })
    refuseAll()
  })
  async function* messages(): AsyncIterable<unknown> {
    try {
      for (;;) {
        const next = sent.shift()
        if (next !== undefined) {
          next.taken()
          yield next.message
        } else if (outcome !== undefined) {
          if ('error' in outcome) throw outcome.error
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      outcome ??= {}
      refuseAll()
    }
  }
  const call: MockStreamCall<unknown[], unknown> = {
    method: method.localName,
    args,
    cx,
    send(message) {
      if (outcome !== undefined) return Promise.reject(new RpcError('CANCELLED', 'the call has ended'))
      const taking = new Promise<void>((taken, refused) => {
        sent.push({ message, taken, refused })
        wake?.()
      })
      // Whoever does not wait for it does not have to hear of a caller that left.
      taking.catch(() => {})
      return taking
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
  }
  return [call, messages()]
}
