/** From a handler object to Services: checks that it is whole and spreads Thrift's arguments. */

import type { Context } from '../context/context.ts'
import type { Service } from '../context/service.ts'
import { streamsResponse } from '../method-kind.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { isAsyncIterable } from '../stream/call-stream.ts'
import { describe } from '../text/describe-value.ts'

type Handler = Readonly<Record<string, (...args: unknown[]) => unknown>>

/** Throws a TypeError naming the methods that a handler lacks. */
export function checkHandler(service: ServiceType, handler: unknown): void {
  const name = service.fullName
  if ((typeof handler !== 'object' && typeof handler !== 'function') || handler === null) {
    throw new TypeError(
      `the handler of ${name} is ${handler === null ? 'null' : typeof handler}, not an object with its methods`,
    )
  }
  const missing = service.methods.filter((method) => typeof (handler as Handler)[method.localName] !== 'function')
  if (missing.length === 0) return
  const names = missing.map((method) => method.localName).join(', ')
  throw new TypeError(`the handler of ${name} lacks the method${missing.length > 1 ? 's' : ''} ${names}`)
}

/**
 * The Service that calls one method of a handler, found on the handler at each call and called with it as `this`. A
 * synchronous result or throw becomes a promise; a streamed response that cannot be iterated is a TypeError.
 */
export function dispatcher(service: ServiceType, method: MethodType, handler: unknown): Service {
  const invoke = invoker(method, handler)
  if (streamsResponse(method.kind)) {
    const check = (response: unknown): AsyncIterable<unknown> => {
      if (isAsyncIterable(response)) return response
      throw new TypeError(
        `${service.name}.${method.localName} streams its response, so its handler must return an AsyncIterable (an async generator, for one), not ${describe(response)}`,
      )
    }
    return async (cx, request) => check(await invoke(cx, request))
  }
  return (cx, request) => {
    try {
      const result = invoke(cx, request)
      return result instanceof Promise ? result : Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** Calls one method of a handler and gives back whatever it does: for routes without a layer that needs a promise. */
export function invoker(method: MethodType, handler: unknown): (cx: Context, request: unknown) => unknown {
  type Args = Readonly<Record<string, unknown>>
  const target = handler as Handler
  const { localName: name, args } = method
  if (args === undefined) return (cx, request) => target[name]!(request, cx)
  const [first, second] = args
  if (first === undefined) return (cx) => target[name]!(cx)
  if (second === undefined) return (cx, request) => target[name]!((request as Args)[first], cx)
  if (args.length === 2) return (cx, request) => target[name]!((request as Args)[first], (request as Args)[second], cx)
  return (cx, request) => target[name]!(...args.map((arg) => (request as Args)[arg]), cx)
}
