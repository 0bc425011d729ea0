/** rateLimit(): how many calls start per second. */

import { delayOf } from '../core/context/delay.ts'
import type { Layer } from '../core/layer.ts'
import { CallLine } from './call-line.ts'

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  /** Calls per second in the long run; fractions are fine. */
  readonly perSecond: number
  /** Calls that may start at once after a quiet time. Default: those of one second, at least 1. */
  readonly burst?: number | undefined
  /** Calls that may wait for their turn; further ones fail as RESOURCE_EXHAUSTED. Default 0: nobody waits. */
  readonly queue?: number | undefined
}

/**
 * A layer that lets calls start at a limited rate: a bucket holds `burst` tokens, each call takes one, `perSecond` come
 * back each second. Works on clients and on servers; one layer counts together whatever it is put around.
 *
 * @example
 * const shop = createClient(Shop, transport, { layers: [rateLimit({ perSecond: 50, burst: 10, queue: 1000 })] })
 */
export function rateLimit(options: RateLimitOptions): Layer {
  const { perSecond, burst = Math.max(1, perSecond), queue = 0 } = options
  if (!(perSecond > 0)) throw new RangeError(`rateLimit: perSecond ${perSecond} is not above 0`)
  if (!(burst >= 1)) throw new RangeError(`rateLimit: burst ${burst} is not at least 1`)
  if (!(queue >= 0)) throw new RangeError(`rateLimit: queue ${queue} is not at least 0`)
  const refusal = `more than ${perSecond} calls per second (burst ${burst})`
  let tokens = burst
  let filledAt = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const line = new CallLine(queue, () => {
    clearTimeout(timer)
    timer = undefined
  })
  const fill = (): void => {
    const now = performance.now()
    tokens = Math.min(burst, tokens + ((now - filledAt) * perSecond) / 1000)
    filledAt = now
  }
  const arm = (): void => {
    timer ??= setTimeout(serve, delayOf(Math.max(1, Math.ceil(((1 - tokens) * 1000) / perSecond))))
  }
  const serve = (): void => {
    timer = undefined
    fill()
    while (tokens >= 1 && line.letOneThrough()) tokens--
    if (line.length > 0) arm()
  }
  return (next) => (cx, request) => {
    fill()
    if (tokens >= 1 && line.length === 0) {
      tokens--
      return next(cx, request)
    }
    const turn = line.wait(cx, refusal)
    if (line.length > 0) arm()
    return turn.then(() => next(cx, request))
  }
}
