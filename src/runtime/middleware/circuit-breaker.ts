/** circuitBreaker(): calls of what keeps failing fail at once, until a few of them show that it works again. */

import type { Context } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import { type EndCode, observe } from '../core/observe.ts'
import { atLeast, checkOptions, isAnything, isFunction, isTexts, type OptionTable } from '../core/option-check.ts'
import { ErrorWindow } from './error-window.ts'

/** `closed`: calls pass. `open`: they fail at once. `half-open`: a few pass, to find out. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** A breaker that has changed its state. */
export interface BreakerEvent {
  readonly key: string
  readonly from: BreakerState
  readonly to: BreakerState
  /** What opened it, in words. */
  readonly reason: string
}

/** Options of {@link circuitBreaker}; the defaults are Kitex's. */
export interface CircuitBreakerOptions {
  /** What has a breaker of its own: each `service` (default), each `method`, or whatever a function says. */
  readonly by?: 'service' | 'method' | ((cx: Context) => string) | undefined
  /** The share of failed calls that opens it, 0 to 1. Default 0.5. */
  readonly errorRate?: number | undefined
  /** Calls within `windowMs` without which the share says nothing. Default 200. */
  readonly minCalls?: number | undefined
  /** Milliseconds that calls count. Default 10,000. */
  readonly windowMs?: number | undefined
  /** Failures one after the other that open it too. Default: none do. */
  readonly consecutiveFailures?: number | undefined
  /** Milliseconds that it is open before it tries a call. Default 5,000. */
  readonly openMs?: number | undefined
  /** Calls that must succeed one after the other to close it; so many may run at once meanwhile. Default 2. */
  readonly probes?: number | undefined
  /** Codes that count as failures. Default UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN, DATA_LOSS, RESOURCE_EXHAUSTED. */
  readonly codes?: readonly EndCode[] | undefined
  /** Is told of every change of state. */
  readonly onChange?: ((event: BreakerEvent) => void) | undefined
  /** Breakers that there are at most; the one that was used least recently is forgotten. Default 1,000. */
  readonly maxKeys?: number | undefined
}

const optionTable: OptionTable<CircuitBreakerOptions> = {
  by: isAnything,
  errorRate: atLeast(0),
  minCalls: atLeast(0),
  windowMs: atLeast(0),
  consecutiveFailures: atLeast(0),
  openMs: atLeast(0),
  probes: atLeast(0),
  codes: isTexts,
  onChange: isFunction,
  maxKeys: atLeast(1),
}

const defaultCodes: readonly EndCode[] = [
  ...(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNKNOWN', 'DATA_LOSS', 'RESOURCE_EXHAUSTED'] as const),
]

/**
 * A layer, for clients and servers, that fails calls as UNAVAILABLE (`bytesSent: false`) while what they ask for keeps
 * failing. Business errors and declared exceptions are answers and never count, cancelled calls count as nothing. Behind
 * a `retry()` it sees each attempt, before one only whole calls. Throws RangeError on an option that cannot be.
 *
 * @example
 * const shop = createClient(Shop, transport, { layers: [circuitBreaker({ by: 'method' })] })
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): Layer {
  checkOptions('circuitBreaker', options, optionTable)
  const { by = 'service', maxKeys = 1_000 } = options
  const settings = settingsOf(options)
  const breakers = new Map<string, Breaker>()
  const keyOf =
    typeof by === 'function'
      ? by
      : ({ service, method }: Context) => (by === 'method' ? `${service.fullName}/${method.name}` : service.fullName)
  return (next) => (cx, request) => {
    const key = keyOf(cx)
    let breaker = breakers.get(key)
    if (breaker === undefined) {
      breaker = new Breaker(key, settings)
      if (breakers.size >= maxKeys) breakers.delete(breakers.keys().next().value!)
      breakers.set(key, breaker)
    }
    const own = breaker
    const entry = own.enter()
    if (entry instanceof RpcError) return Promise.reject(entry)
    return observe(next, cx, request, { onEnd: (code) => own.leave(entry, code) })
  }
}

interface Settings {
  readonly errorRate: number
  readonly minCalls: number
  readonly windowMs: number
  readonly consecutiveFailures: number
  readonly openMs: number
  readonly probes: number
  readonly codes: ReadonlySet<EndCode>
  readonly onChange: (event: BreakerEvent) => void
}

function settingsOf(options: CircuitBreakerOptions): Settings {
  const numbers = {
    errorRate: options.errorRate ?? 0.5,
    minCalls: options.minCalls ?? 200,
    windowMs: options.windowMs ?? 10_000,
    consecutiveFailures: options.consecutiveFailures ?? Number.POSITIVE_INFINITY,
    openMs: options.openMs ?? 5_000,
    probes: options.probes ?? 2,
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (!(value > 0)) throw new RangeError(`circuitBreaker: ${name} ${value} is not above 0`)
  }
  return { ...numbers, codes: new Set(options.codes ?? defaultCodes), onChange: options.onChange ?? (() => {}) }
}

class Breaker {
  readonly #key: string
  readonly #settings: Settings
  readonly #window: ErrorWindow
  #state: BreakerState = 'closed'
  #reason = ''
  #openedAt = 0
  #consecutive = 0
  /** Counts the times that it was half-open: a probe of an earlier time says nothing. */
  #trial = 0
  #probing = 0
  #probed = 0

  constructor(key: string, settings: Settings) {
    this.#key = key
    this.#settings = settings
    this.#window = new ErrorWindow(settings.windowMs)
  }

  /** Lets a call pass, with the number of the trial that it is part of, 0 for none; or says why not. */
  enter(): RpcError | number {
    const { openMs, probes } = this.#settings
    if (this.#state === 'open' && performance.now() - this.#openedAt >= openMs) {
      this.#trial++
      this.#probing = 0
      this.#probed = 0
      this.#become('half-open', this.#reason)
    }
    if (this.#state === 'open' || (this.#state === 'half-open' && this.#probing >= probes)) {
      const text = `the circuit of ${this.#key} is open: ${this.#reason}`
      return new RpcError('UNAVAILABLE', text, { stack: false, bytesSent: false })
    }
    if (this.#state !== 'half-open') return 0
    this.#probing++
    return this.#trial
  }

  /** A call that has passed ends. */
  leave(trial: number, code: EndCode): void {
    const isFailure = this.#settings.codes.has(code)
    if (trial !== 0) {
      if (this.#state === 'half-open' && trial === this.#trial) this.#tried(code, isFailure)
      return
    }
    if (this.#state !== 'closed' || code === 'CANCELLED') return
    this.#consecutive = isFailure ? this.#consecutive + 1 : 0
    this.#window.add(isFailure)
    if (!isFailure) return
    const { errorRate, minCalls, consecutiveFailures } = this.#settings
    const { calls, errors } = this.#window
    if (this.#consecutive >= consecutiveFailures) this.#open(`${this.#consecutive} calls failed one after the other`)
    else if (calls >= minCalls && errors >= errorRate * calls) this.#open(`${errors} of the last ${calls} calls failed`)
  }

  #tried(code: EndCode, isFailure: boolean): void {
    this.#probing--
    if (code === 'CANCELLED') return
    if (isFailure) this.#open(`a call that tried it failed as ${code}`)
    else if (++this.#probed >= this.#settings.probes) {
      this.#window.clear()
      this.#consecutive = 0
      this.#become('closed', 'calls that tried it were answered')
    }
  }

  #open(reason: string): void {
    this.#openedAt = performance.now()
    this.#become('open', reason)
  }

  #become(to: BreakerState, reason: string): void {
    const from = this.#state
    this.#state = to
    this.#reason = reason
    this.#settings.onChange({ key: this.#key, from, to, reason })
  }
}
