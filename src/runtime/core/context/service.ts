/** Service: one asynchronous function from a request to a response; clients, servers and everything between are made of it. */

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
