/** InstanceTransport: the transport to one instance, with what a balancer knows of it. */

import { type BackoffOptions, exponentialBackoff } from '../core/backoff.ts'
import type { Context } from '../core/context/context.ts'
import type { Service } from '../core/context/service.ts'
import { isRpcError } from '../core/error.ts'
import { observe } from '../core/observe.ts'
import type { ServiceType } from '../core/service-type.ts'
import type { Transport } from '../core/transport.ts'
import type { Instance } from '../discovery/instance.ts'
import type { Endpoint, EndpointState } from './endpoint.ts'
import { isEndpointFailure, OutlierRecord, type OutlierSettings } from './outlier.ts'

/** What an instance tells its balancer. */
export interface InstanceEvents {
  /** A connection could not be made, or one can be made again. */
  reachableChanged(): void
  /** It has failed often enough to be ejected. */
  misbehaved(instance: InstanceTransport): void
}

/** Weights of new latencies: a slower call counts at once, faster ones little by little, over about this many milliseconds. */
const latencyDecayMs = 10_000
/** Before the next call tries an instance whose connection could not be made. */
const reconnect: BackoffOptions = { initialMs: 1_000, factor: 1.6, maxMs: 30_000, jitter: 0.2 }
const backoff = exponentialBackoff(reconnect)

/** One instance with its transport, which it closes. */
export class InstanceTransport implements Endpoint {
  instance: Instance
  inFlight = 0
  latencyMs = 0
  calls = 0
  failures = 0
  weight: number
  readonly since: number = performance.now()
  readonly outlier: OutlierRecord = new OutlierRecord()
  readonly #transport: Transport
  readonly #services = new Map<ServiceType, Service>()
  readonly #events: InstanceEvents
  readonly #outliers: OutlierSettings | undefined
  #measuredAt = 0
  #unreachable = 0
  #retryAt = 0
  #isRemoved = false
  lastError: string | undefined

  constructor(instance: Instance, transport: Transport, events: InstanceEvents, outliers: OutlierSettings | undefined) {
    this.instance = instance
    this.weight = instance.weight
    this.#transport = transport
    this.#events = events
    this.#outliers = outliers
  }

  /** A connection could not be made, and it is not yet time for the next attempt. */
  isUnreachable(now: number): boolean {
    return now < this.#retryAt
  }

  /** When the next call may try it, by `performance.now()`. */
  get retryAt(): number {
    return this.#retryAt
  }

  state(now: number): EndpointState {
    if (this.#isRemoved) return 'removed'
    if (this.outlier.isEjected(now)) return 'ejected'
    return this.isUnreachable(now) ? 'unreachable' : 'ready'
  }

  /** Makes one attempt of a call here. */
  call(service: ServiceType, cx: Context, request: unknown): Promise<unknown> {
    let inner = this.#services.get(service)
    if (inner === undefined) {
      inner = this.#transport.bind(service)
      this.#services.set(service, inner)
    }
    const start = performance.now()
    this.inFlight++
    this.calls++
    let isAnswered = false
    return observe(inner, cx, request, {
      // Of a stream the time to its first response counts: how long it lasts is the application's.
      onResponseStart: () => {
        isAnswered = true
        this.#measured(performance.now() - start)
      },
      onEnd: (code, error) => {
        this.inFlight--
        const isFailure = isEndpointFailure(code)
        this.#ended(isFailure, error)
        if (isFailure && !isAnswered) this.#measured(performance.now() - start)
      },
    })
  }

  /** It gets no more calls; those that run end. */
  remove(drainMs: number | undefined): Promise<void> {
    this.#isRemoved = true
    return this.#transport.close(drainMs === undefined ? {} : { drainMs })
  }

  #ended(isFailure: boolean, error: unknown): void {
    if (isRpcError(error) && error.code === 'UNAVAILABLE' && error.bytesSent === false) {
      this.failures++
      this.lastError = error.message
      this.#retryAt = performance.now() + backoff(++this.#unreachable)
      this.#events.reachableChanged()
      return
    }
    if (this.#unreachable > 0) {
      this.#unreachable = 0
      this.#retryAt = 0
      this.#events.reachableChanged()
    }
    if (!isFailure) {
      this.outlier.succeeded()
      return
    }
    this.failures++
    if (error instanceof Error) this.lastError = error.message
    if (this.#outliers !== undefined && this.outlier.failed(this.#outliers)) this.#events.misbehaved(this)
  }

  #measured(ms: number): void {
    const now = performance.now()
    if (this.latencyMs === 0 || ms > this.latencyMs) this.latencyMs = ms
    else {
      const keep = Math.exp(-(now - this.#measuredAt) / latencyDecayMs)
      this.latencyMs = this.latencyMs * keep + ms * (1 - keep)
    }
    this.#measuredAt = now
  }
}
