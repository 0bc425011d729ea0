/** Service: one asynchronous function from a request to a response; clients, servers and everything between are made of it. */

import { RpcError } from '../error.ts'
import { describe } from '../text/describe-value.ts'
import type { Context } from './context.ts'

/**
 * What answers a call. For unary calls request and response are messages. Where the method streams, request or response
 * is an `AsyncIterable` of messages (see `cx.method.kind`), and the promise settles when the response headers have
 * arrived. It rejects with a declared exception, a BizError or an RpcError.
 *
 * @example A Service that answers everything with an empty message
 * const empty: Service = async () => ({})
 *
 * @example One that refuses callers without a name
 * const named = (next: Service): Service => (cx, request) => {
 *   if (cx.caller === '') return Promise.reject(new RpcError('UNAUTHENTICATED', 'who are you?'))
 *   return next(cx, request)
 * }
 */
export type Service<Req = unknown, Res = unknown> = (cx: Context, request: Req) => Promise<Res>

/**
 * Calls a Service so that it fails in one way only: a synchronous throw is a rejection, and so is an answer that is no
 * promise (a client's call is then INTERNAL, a server's handler has failed). Layers that look at the outcome of `next`
 * call it this way.
 */
export function callService(service: Service, cx: Context, request: unknown): Promise<unknown> {
  try {
    const outcome: unknown = service(cx, request)
    if (outcome instanceof Promise) return outcome
    if (isThenable(outcome)) return Promise.resolve(outcome)
    return Promise.reject(noPromise(cx, outcome))
  } catch (error) {
    return Promise.reject(error)
  }
}

function noPromise({ role, service, method }: Context, outcome: unknown): Error {
  const who = role === 'client' ? 'a layer or the transport' : 'a layer'
  const text = `${who} of ${service.name}.${method.localName} must return a promise, not ${describe(outcome)}`
  return role === 'client' ? new RpcError('INTERNAL', text) : new TypeError(text)
}

/** Whether a value can be awaited. Throws what its `then` throws when it is read. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Promise<unknown>>).then === 'function'
}
