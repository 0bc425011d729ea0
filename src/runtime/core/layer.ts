/** Layer: wraps a Service into another one; middleware for every protocol and both sides. */

import { callService, type Service } from './context/service.ts'

/**
 * A function from Service to Service. Return the inner promise un-awaited where nothing follows it: that costs nothing.
 *
 * @example Adds a header to every call
 * const tenant: Layer = (next) => (cx, request) => {
 *   cx.requestHeaders.set('tenant', 'blue')
 *   return next(cx, request)
 * }
 *
 * @example Measures calls
 * const timing: Layer = (next) => async (cx, request) => {
 *   const start = performance.now()
 *   try {
 *     return await next(cx, request)
 *   } finally {
 *     console.log(cx.method.name, performance.now() - start)
 *   }
 * }
 *
 * @example Looks at every message of a streamed response
 * const counting: Layer = (next) => async (cx, request) => {
 *   const response = await next(cx, request)
 *   if (cx.method.kind !== 'server_streaming') return response
 *   return (async function* () {
 *     let count = 0
 *     for await (const message of response as AsyncIterable<unknown>) {
 *       count++
 *       yield message
 *     }
 *     cx.responseTrailers.set('count', String(count))
 *   })()
 * }
 */
export type Layer = (next: Service) => Service

/** One Service out of layers and an innermost Service; the first layer sees the request first. */
export function compose(layers: readonly Layer[], inner: Service): Service {
  return layers.reduceRight<Service>((next, layer) => layer(next), inner)
}

/** The same for a server, where what the outermost layer gives must be a promise too. */
export function layered(layers: readonly Layer[], inner: Service): Service {
  if (layers.length === 0) return inner
  const service = compose(layers, inner)
  return (cx, request) => callService(service, cx, request)
}
