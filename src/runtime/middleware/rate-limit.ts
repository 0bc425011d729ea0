/** rateLimit(): how many calls start per second. */

import type { Context } from '../core/context/context.ts'
import { delayOf } from '../core/context/delay.ts'
import type { Service } from '../core/context/service.ts'
import type { Layer } from '../core/layer.ts'
import { atLeast, checkOptions, isFunction, type OptionTable } from '../core/option-check.ts'
import { CallLine } from './call-line.ts'

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  /** Calls per second in the long run; fractions are fine. */
  readonly perSecond: number
  /** Calls that may start at once after a quiet time. Default: those of one second, at least 1. */
  readonly burst?: number | undefined
  /** Calls that may wait for their turn; further ones fail as RESOURCE_EXHAUSTED. Default 0: nobody waits. */
  readonly queue?: number | undefined
  /**
   * Each key has a bucket and a line of its own: `(cx) => cx.caller`, or a header that an earlier layer has verified. A key
   * that a caller may invent limits nobody. Default: one bucket for all calls.
   */
  readonly key?: ((cx: Context) => string) | undefined
  /** Keys that are remembered; the one that was used least recently is forgotten first. Default 10,000. */
  readonly maxKeys?: number | undefined
}

const optionTable: OptionTable<RateLimitOptions> = {
  perSecond: atLeast(0),
  burst: atLeast(1),
  queue: atLeast(0),
  key: isFunction,
  maxKeys: atLeast(1),
}

/**
 * A layer that lets calls start at a limited rate: a bucket holds `burst` tokens, each call takes one, `perSecond` come
 * back each second. Works on clients and on servers; one layer counts together whatever it is put around.
 *
 * @example
 * const shop = createClient(Shop, transport, { layers: [rateLimit({ perSecond: 50, burst: 10, queue: 1000 })] })
 *
 * @example Fifty calls per second of each caller
 * new Server({ layers: [rateLimit({ perSecond: 50, key: (cx) => cx.caller })] })
 */
export function rateLimit(options: RateLimitOptions): Layer {
  checkOptions('rateLimit', options, optionTable)
  const { perSecond, burst = Math.max(1, perSecond), queue = 0, key, maxKeys = 10_000 } = options
  if (!(perSecond > 0)) throw new RangeError(`rateLimit: perSecond ${perSecond} is not above 0`)
  const settings = { perSecond, burst, queue }
  if (key === undefined) {
    const bucket = new TokenBucket(settings)
    return (next) => (cx, request) => bucket.pass(next, cx, request)
  }
  const buckets = new Map<string, TokenBucket>()
  return (next) => (cx, request) => {
    const name = key(cx)
    let bucket = buckets.get(name)
    // The order of a Map is that of insertion: what is used goes to its end.
    if (bucket !== undefined) buckets.delete(name)
    bucket ??= new TokenBucket(settings)
    buckets.set(name, bucket)
    if (buckets.size > maxKeys) buckets.delete(buckets.keys().next().value!)
    return bucket.pass(next, cx, request)
  }
}

interface BucketSettings {
  readonly perSecond: number
  readonly burst: number
  readonly queue: number
}

/** Tokens that come back with time, and the calls that wait for them. */
class TokenBucket {
  readonly #settings: BucketSettings
  readonly #line: CallLine
  readonly #refusal: string
  #tokens: number
  #filledAt = performance.now()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(settings: BucketSettings) {
    const { perSecond, burst, queue } = settings
    this.#settings = settings
    this.#tokens = burst
    this.#refusal = `more than ${perSecond} calls per second (burst ${burst})`
    this.#line = new CallLine(queue, () => {
      clearTimeout(this.#timer)
      this.#timer = undefined
    })
  }

  pass(next: Service, cx: Context, request: unknown): Promise<unknown> {
    this.#fill()
    if (this.#tokens >= 1 && this.#line.length === 0) {
      this.#tokens--
      return next(cx, request)
    }
    const turn = this.#line.wait(cx, this.#refusal)
    if (this.#line.length > 0) this.#arm()
    return turn.then(() => next(cx, request))
  }

  #fill(): void {
    const { perSecond, burst } = this.#settings
    const now = performance.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) * perSecond) / 1000)
    this.#filledAt = now
  }

  #arm(): void {
    const ms = Math.ceil(((1 - this.#tokens) * 1000) / this.#settings.perSecond)
    this.#timer ??= setTimeout(() => this.#serve(), delayOf(Math.max(1, ms)))
  }

  #serve(): void {
    this.#timer = undefined
    this.#fill()
    while (this.#tokens >= 1 && this.#line.letOneThrough()) this.#tokens--
    if (this.#line.length > 0) this.#arm()
  }
}
