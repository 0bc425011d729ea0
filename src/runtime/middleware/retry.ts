/** retry(): tries a failed call again when that is safe. */

import { exponentialBackoff } from '../core/backoff.ts'
import { markRetry } from '../core/client/bound-client.ts'
import { type RetryOptions, retryOption } from '../core/client/retry-option.ts'
import { lazyParts } from '../core/context/call-context.ts'
import { type Context, type ContextKey, sharedKey } from '../core/context/context.ts'
import { delayOf } from '../core/context/delay.ts'
import { callService, type Service } from '../core/context/service.ts'
import { isRpcError, type RpcCode, RpcError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import { atLeast, checkOptions, isAnything, isFunction, isTexts, type OptionTable } from '../core/option-check.ts'
import type { MethodType } from '../core/service-type.ts'

/** The number of the attempt that runs, for layers inside `retry`: 2 or more; undefined during the first. */
export const retryAttempt: ContextKey<number> = sharedKey('retry attempt')

const optionTable: OptionTable<RetryOptions> = {
  attempts: atLeast(1),
  backoff: { initialMs: atLeast(0), maxMs: atLeast(0), factor: atLeast(0), jitter: atLeast(0) },
  codes: isTexts,
  idempotent: isAnything,
  onRetry: isFunction,
}

interface Policy {
  readonly attempts: number
  readonly backoff: (failures: number) => number
  readonly codes: ReadonlySet<RpcCode>
  readonly mayRepeat: (method: MethodType) => boolean
  readonly onRetry: RetryOptions['onRetry']
}

/**
 * A layer that tries a failed call again: when no byte of the request had left this process, and, where the method is
 * marked idempotent, whenever the failure has one of `codes`. The last real error is the call's outcome, also when the
 * next attempt would come after the deadline, which all attempts share. What `attemptLayers` and layers after this one
 * do is done once per attempt; `timeout()` there limits each. Calls with streams are not repeated, nor do handlers of a
 * server run twice. A call's `retry` option changes the settings or turns it off. Throws RangeError on an option that
 * cannot be.
 *
 * @example
 * const shop = createClient(Shop, transport, { layers: [retry({ attempts: 4, idempotent: ['version'] })] })
 * await shop.version({ retry: false })
 */
export function retry(options: RetryOptions = {}): Layer {
  const own = policyOf(options)
  return (next) => {
    markRetry()
    return (cx, request) => {
      const asked = cx.get(retryOption)
      const { kind } = cx.method
      if (asked === false || cx.role === 'server' || (kind !== 'unary' && kind !== 'oneway')) return next(cx, request)
      let policy = own
      if (asked !== undefined) {
        try {
          policy = policyOf({ ...options, ...asked })
        } catch (error) {
          return Promise.reject(new RpcError('INVALID_ARGUMENT', String(error), { cause: error }))
        }
      }
      return attempt(policy, next, cx, request, 1)
    }
  }
}

function policyOf(options: RetryOptions): Policy {
  checkOptions('retry', options, optionTable)
  const { attempts = 3, backoff, codes = ['UNAVAILABLE'], idempotent = false, onRetry } = options
  const names = typeof idempotent === 'boolean' ? undefined : new Set(idempotent)
  return {
    attempts,
    backoff: exponentialBackoff(backoff),
    codes: new Set(codes),
    mayRepeat: (method) => method.idempotent === true || idempotent === true || names?.has(method.localName) === true,
    onRetry,
  }
}

function attempt(policy: Policy, next: Service, cx: Context, request: unknown, number: number): Promise<unknown> {
  return callService(next, cx, request).catch((error: unknown) => {
    if (number >= policy.attempts || cx.cancelled !== undefined || !isMendable(policy, cx, error)) throw error
    const waitMs = policy.backoff(number)
    if (waitMs >= cx.remainingMs) throw error
    policy.onRetry?.({ cx, attempt: number, error, waitMs })
    return pause(cx, waitMs).then(() => {
      forgetAnswer(cx)
      cx.set(retryAttempt, number + 1)
      return attempt(policy, next, cx, request, number + 1)
    })
  })
}

function isMendable(policy: Policy, cx: Context, error: unknown): error is RpcError {
  return isRpcError(error) && policy.codes.has(error.code) && (error.bytesSent === false || policy.mayRepeat(cx.method))
}

/** Rejects with the reason when the call ends before its next attempt. */
function pause(cx: Context, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      unlisten()
      resolve()
    }, delayOf(ms))
    const unlisten = cx.onCancel((reason) => {
      clearTimeout(timer)
      reject(reason)
    })
  })
}

/** What a failed attempt left in the context is not part of the next one's answer. */
function forgetAnswer(cx: Context): void {
  const { responseHeadersIfAny, responseTrailersIfAny, metainfoIfAny } = lazyParts(cx)
  for (const metadata of [responseHeadersIfAny, responseTrailersIfAny]) {
    if (metadata !== undefined) for (const [name] of [...metadata]) metadata.delete(name)
  }
  metainfoIfAny?.backwardIfAny?.clear()
}
