/** fallback(): an answer of one's own where a call fails. */

import type { Context } from '../core/context/context.ts'
import { callService } from '../core/context/service.ts'
import { isBizError, isDeclaredException, isRpcError, type RpcCode, RpcError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'

/** Makes the response of a method that has failed; it may throw, or give a promise. */
export type FallbackAnswer = (error: RpcError, request: never, cx: Context) => unknown

/** Options of {@link fallback}. */
export interface FallbackOptions {
  /** The codes that are answered. Default UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED. */
  readonly codes?: readonly RpcCode[] | undefined
}

/**
 * A layer that answers for methods, by their names on the client, when the call has failed with one of `codes`: with a
 * default, a cached value, another service. Declared exceptions and business errors are answers and pass; so do streams
 * and calls that their caller has cancelled. The response is the output type of the method; a Thrift request is its
 * argument struct.
 *
 * @example
 * const layers = [fallback({ getPrice: () => ({ cents: 0n, isEstimate: true }) })]
 */
export function fallback(answers: Readonly<Record<string, FallbackAnswer>>, options: FallbackOptions = {}): Layer {
  const codes = new Set(options.codes ?? ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'])
  return (next) => (cx, request) => {
    const { method } = cx
    const answer = Object.hasOwn(answers, method.localName) ? answers[method.localName] : undefined
    if (answer === undefined || method.kind !== 'unary') return next(cx, request)
    return callService(next, cx, request).catch((error: unknown) => {
      if (isBizError(error) || isDeclaredException(error) || cx.cancelled?.code === 'CANCELLED') throw error
      const failure = isRpcError(error) ? error : RpcError.from(error)
      if (!codes.has(failure.code)) throw error
      return answer(failure, request as never, cx)
    })
  }
}
