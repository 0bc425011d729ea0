/** ThreadPool: the workers of one transport, the calls that wait for them, and what happens when a worker ends. */

import { type Backoff, exponentialBackoff } from '../../core/backoff.ts'
import type { Context } from '../../core/context/context.ts'
import type { Service } from '../../core/context/service.ts'
import { defaultDrainMs, drainFor } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { Transport } from '../../core/transport.ts'
import { requestHead } from './call-header.ts'
import { type PoolRoute, ThreadCall } from './client-call.ts'
import { dropPayload, methodCarrier } from './payload.ts'
import type { ThreadsStats } from './stats.ts'
import { ThreadWorker, type WorkerEvents, type WorkerSettings } from './worker.ts'
import { hashOf, statsOf, WorkerQueue, WorkerSlot } from './worker-slot.ts'

/** How a pool shares out its calls. */
export interface PoolSettings {
  readonly size: number
  readonly window: number
  readonly queue: number
  /** Undefined: the worker with the fewest calls. */
  readonly hashBy: ((cx: Context, request: unknown) => string | number) | undefined
  /** Undefined: a worker that has ended is gone for good. */
  readonly restart: { readonly minMs: number; readonly maxMs: number } | undefined
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The transport of `threads()`. */
export class ThreadPool implements Transport {
  readonly #workerSettings: WorkerSettings
  readonly #settings: PoolSettings
  readonly #backoff: Backoff
  readonly #places: WorkerSlot[] = []
  /** The line of all workers; with `hashBy` each place has its own. */
  readonly #line: WorkerQueue
  readonly #routes = new Map<string, PoolRoute>()
  readonly #waiters: Waiter[] = []
  #queued = 0
  #rejected = 0
  /** Calls in line or in workers. They keep the process alive by one timer, whatever their workers do. */
  #held = 0
  readonly #keepAlive: ReturnType<typeof setInterval>
  #onIdle: (() => void) | undefined = undefined
  #turn = 0
  #refusal: RpcError | undefined = undefined
  #stopped = false
  #closing: Promise<void> | undefined = undefined
  readonly #events: WorkerEvents = {
    ready: (worker) => {
      const place = this.#placeWith(worker)
      place.hopeless = undefined
      this.#serve(place)
      this.#tellWaiters()
    },
    freed: (worker) => {
      this.#release()
      if (this.#queued > 0) this.#serve(this.#placeWith(worker))
    },
    ended: (worker, hasServed, cause) => {
      const place = this.#placeWith(worker)
      place.worker = undefined
      place.earlierCalls += worker.total
      const { restart } = this.#settings
      if (hasServed && restart !== undefined && performance.now() - worker.startedAt >= restart.maxMs)
        place.failures = 0
      this.#plan(place, hasServed, cause)
    },
  }

  constructor(workerSettings: WorkerSettings, settings: PoolSettings) {
    this.#workerSettings = workerSettings
    this.#settings = settings
    const { minMs, maxMs } = settings.restart ?? {}
    this.#backoff = exponentialBackoff({ initialMs: minMs, maxMs })
    const onLeft = (): void => {
      this.#queued--
      this.#release()
    }
    this.#line = new WorkerQueue(onLeft)
    this.#keepAlive = setInterval(() => {}, 2 ** 31 - 1).unref()
    try {
      for (let i = 0; i < settings.size; i++) {
        const place = new WorkerSlot(settings.hashBy === undefined ? this.#line : new WorkerQueue(onLeft))
        place.worker = new ThreadWorker(workerSettings, this.#events)
        this.#places.push(place)
      }
    } catch (error) {
      clearInterval(this.#keepAlive)
      throw error
    }
  }

  bind(service: ServiceType): Service {
    const routes = new Map<MethodType, PoolRoute>()
    for (const method of service.methods) routes.set(method, this.#route(service, method))
    return (cx, request) => {
      const refusal = this.#refusal
      if (refusal !== undefined) return Promise.reject(refusal)
      try {
        const place =
          this.#settings.hashBy === undefined ? undefined : this.#placeOf(this.#settings.hashBy(cx, request))
        const call = new ThreadCall(cx, routes.get(cx.method)!, requestHead(cx), request)
        this.#enter(call, place)
        return call.outcome
      } catch (error) {
        return Promise.reject(error)
      }
    }
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#hold()
      this.#waiters.push({ resolve, reject })
      this.#tellWaiters()
    })
  }

  stats(): ThreadsStats {
    return statsOf(this.#places, this.#queued, this.#rejected)
  }

  close({ drainMs = defaultDrainMs }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#shut(drainMs)
    return this.#closing
  }

  #route(service: ServiceType, method: MethodType): PoolRoute {
    const key = `${service.idl} ${service.fullName} ${method.name}`
    let route = this.#routes.get(key)
    if (route === undefined) {
      route = {
        number: this.#routes.size,
        idl: service.idl,
        service: service.fullName,
        method: method.name,
        carrier: methodCarrier(service, method, this.#workerSettings.payload),
      }
      this.#routes.set(key, route)
    }
    return route
  }

  /** Gives a call to a worker or puts it in line. Throws RpcError when there is no hope or no room. */
  #enter(call: ThreadCall, place: WorkerSlot | undefined): void {
    const line = place?.line ?? this.#line
    const worker = line.calls.size > 0 ? undefined : place === undefined ? this.#leastBusy() : this.#roomIn(place)
    if (worker === undefined) {
      const hopeless = this.#hopeless(place)
      if (hopeless !== undefined) throw dropped(call, unsent(hopeless))
      if (this.#queued >= this.#settings.queue) {
        this.#rejected++
        throw dropped(
          call,
          new RpcError('RESOURCE_EXHAUSTED', `all workers are busy and ${this.#queued} calls wait already`, {
            stack: false,
            bytesSent: false,
          }),
        )
      }
    }
    call.watch()
    if (call.isSettled) return
    this.#hold()
    if (worker !== undefined) worker.start(call)
    else {
      call.holder = line
      line.calls.add(call)
      this.#queued++
    }
  }

  #placeWith(worker: ThreadWorker): WorkerSlot {
    return this.#places.find((place) => place.worker === worker)!
  }

  #roomIn({ worker }: WorkerSlot): ThreadWorker | undefined {
    if (worker === undefined || worker.state !== 'ready' || worker.running >= this.#settings.window) return undefined
    return worker
  }

  #leastBusy(): ThreadWorker | undefined {
    const places = this.#places
    const { length } = places
    let best: ThreadWorker | undefined
    // Equally busy workers take turns.
    this.#turn = this.#turn + 1 < length ? this.#turn + 1 : 0
    for (let i = 0; i < length; i++) {
      const at = this.#turn + i
      const worker = this.#roomIn(places[at < length ? at : at - length]!)
      if (worker !== undefined && (best === undefined || worker.running < best.running)) best = worker
    }
    return best
  }

  /** The place of a key. A place without hope for good hands its keys to the next one. */
  #placeOf(key: string | number): WorkerSlot {
    const places = this.#places
    const first = hashOf(String(key)) % places.length
    for (let i = 0; i < places.length; i++) {
      const place = places[(first + i) % places.length]!
      if (this.#settings.restart !== undefined || place.worker !== undefined) return place
    }
    return places[first]!
  }

  /** Why a call for a place, or for any, would wait in vain. */
  #hopeless(place: WorkerSlot | undefined): RpcError | undefined {
    if (place !== undefined) return place.hopeless
    let reason: RpcError | undefined
    for (const { hopeless } of this.#places) {
      if (hopeless === undefined) return undefined
      reason = hopeless
    }
    return reason
  }

  /** Gives a worker calls from its line while it has room. */
  #serve(place: WorkerSlot): void {
    for (;;) {
      const worker = this.#roomIn(place)
      if (worker === undefined) return
      const call = place.line.next()
      if (call === undefined) return
      this.#queued--
      worker.start(call)
    }
  }

  /** A worker has ended, or could not even be made: plans the next one. */
  #plan(place: WorkerSlot, hasServed: boolean, cause: RpcError): void {
    const { restart } = this.#settings
    if (this.#stopped) return
    if (restart === undefined) place.hopeless = cause
    else {
      if (!hasServed) place.hopeless = cause
      place.timer = setTimeout(() => this.#restart(place), this.#backoff(++place.failures)).unref()
    }
    const reason = this.#hopeless(this.#settings.hashBy === undefined ? undefined : place)
    if (reason !== undefined) this.#failLine(place.line, unsent(reason))
    this.#tellWaiters()
  }

  #restart(place: WorkerSlot): void {
    place.timer = undefined
    place.restarts++
    try {
      place.worker = new ThreadWorker(this.#workerSettings, this.#events)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#plan(
        place,
        false,
        new RpcError('UNAVAILABLE', `a worker could not be started: ${reason}`, { cause: error }),
      )
    }
  }

  #failLine(line: WorkerQueue, reason: RpcError): void {
    for (let call = line.next(); call !== undefined; call = line.next()) {
      this.#queued--
      call.fail(reason)
      this.#release()
    }
  }

  #tellWaiters(): void {
    const waiters = this.#waiters
    const places = this.#places
    const refusal = this.#refusal
    if (waiters.length === 0) return
    const failed = refusal ?? places.find((place) => place.hopeless !== undefined)?.hopeless
    if (failed === undefined && !places.every(({ worker }) => worker?.state === 'ready')) return
    for (const { resolve, reject } of waiters.splice(0)) {
      this.#release()
      if (failed === undefined) resolve()
      else reject(failed)
    }
  }

  #hold(): void {
    if (this.#held++ === 0) this.#keepAlive.ref()
  }

  #release(): void {
    if (--this.#held > 0) return
    this.#keepAlive.unref()
    this.#onIdle?.()
  }

  async #shut(drainMs: number): Promise<void> {
    this.#refusal = new RpcError('UNAVAILABLE', 'the pool of threads is closed', { stack: false, bytesSent: false })
    this.#tellWaiters()
    if (this.#held > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
      await drainFor(idle, drainMs)
    }
    this.#stopped = true
    this.#hold()
    for (const place of this.#places) {
      clearTimeout(place.timer)
      place.timer = undefined
      this.#failLine(place.line, this.#refusal)
    }
    const reason = new RpcError('UNAVAILABLE', 'the pool of threads was closed', { stack: false, bytesSent: true })
    await Promise.all(this.#places.map(({ worker }) => worker?.close(reason)))
    clearInterval(this.#keepAlive)
  }
}

/** The same failure for a call that no worker has seen. */
function unsent(reason: RpcError): RpcError {
  if (reason.bytesSent === false) return reason
  return new RpcError(reason.code, reason.message, { cause: reason.cause, stack: false, bytesSent: false })
}

function dropped(call: ThreadCall, reason: RpcError): RpcError {
  dropPayload(call.payload)
  return reason
}
