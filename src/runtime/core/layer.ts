/** Layer: wraps a Service into another one; middleware for every protocol and both sides. */

import { callService, type Service } from './context/service.ts'
import { streamsRequest, streamsResponse } from './method-kind.ts'
import type { RefusalListener } from './refusal.ts'
import { captureContext } from './stream/context-stream.ts'

/**
 * A function from Service to Service. Return the inner promise un-awaited where nothing follows it: that costs nothing.
 *
 * @example Adds a header to every call
 * const tenant: Layer = (next) => (cx, request) => {
 *   cx.requestHeaders.set('tenant', 'blue')
 *   return next(cx, request)
 * }
 *
 * @example Measures calls until they are answered; a streamed response until it begins
 * const timing: Layer = (next) => async (cx, request) => {
 *   const start = performance.now()
 *   try {
 *     return await next(cx, request)
 *   } finally {
 *     console.log(cx.method.name, performance.now() - start)
 *   }
 * }
 *
 * @example Counts the messages of every streamed response, to its end
 * const counting: Layer = (next) => (cx, request) =>
 *   observe(next, cx, request, {
 *     onEnd(_code, _error, messages) {
 *       if (messages !== undefined) cx.responseTrailers.set('count', String(messages))
 *     },
 *   })
 *
 * @example Changes every message of a stream: mapStream, not an async generator, which holds back the end of a silent stream
 * const numbered: Layer = (next) => async (cx, request) => {
 *   const response = await next(cx, request)
 *   if (cx.method.kind !== 'bidi_streaming') return response
 *   let count = 0
 *   return mapStream(response as AsyncIterable<object>, (message) => ({ ...message, number: ++count }))
 * }
 */
export interface Layer {
  (next: Service): Service
  /** On a server: hears of the requests that were refused before any layer ran. Of a layer of one service: of its requests. */
  readonly onRefused?: RefusalListener | undefined
  /** Among the layers of a client: stands around each attempt of a call, outside the client's `attemptLayers`. */
  readonly attempt?: Layer | undefined
}

/**
 * One Service out of layers and an innermost Service; the first layer sees the request first. An AsyncLocalStorage that a
 * layer enters (`storage.run(value, () => next(cx, request))`) is that of the handler and of its streams, to their end.
 */
export function compose(layers: readonly Layer[], inner: Service): Service {
  return layers.reduceRight<Service>((next, layer) => layer(keepingContext(next)), inner)
}

/**
 * The Service that a layer calls. Streams are read by whoever reads them, long after the call; here they are tied to the
 * asynchronous context of the call.
 */
function keepingContext(next: Service): Service {
  return (cx, request) => {
    const { kind } = cx.method
    if (kind === 'unary' || kind === 'oneway') return next(cx, request)
    const keep = captureContext()
    if (keep === undefined) return next(cx, request)
    const outcome = next(cx, streamsRequest(kind) ? keep(request) : request)
    return streamsResponse(kind) && outcome instanceof Promise ? outcome.then(keep) : outcome
  }
}

/** The same for a server, where what the outermost layer gives must be a promise too. */
export function layered(layers: readonly Layer[], inner: Service): Service {
  if (layers.length === 0) return inner
  const service = compose(layers, inner)
  return (cx, request) => callService(service, cx, request)
}
