/** A pool of connections of which each serves one call at a time. */

import { RpcError } from '../core/error.ts'

/** What a pool needs to know of a connection. */
export interface PoolConnection {
  /** False once it can serve no further call. */
  readonly usable: boolean
  /** Closes it; calls on it fail with the reason. */
  destroy(reason: RpcError): void
}

/** Somebody who wants a connection; gets exactly one of the two calls unless cancelled. */
export interface PoolWaiter<C> {
  ready(connection: C): void
  failed(error: RpcError): void
}

/** Limits of a pool. */
export interface PoolOptions {
  /** Connections at most, idle and busy. Default 256. */
  readonly maxTotal?: number | undefined
  /** Idle connections kept at most. Default 64. */
  readonly maxIdle?: number | undefined
  /** Milliseconds after which an idle connection is closed. Default 15,000. */
  readonly idleTimeoutMs?: number | undefined
  /** Calls that may wait for a connection; more are refused with RESOURCE_EXHAUSTED. Default 1,024. */
  readonly maxWaiting?: number | undefined
}

/** A look at a pool. */
export interface PoolStats {
  readonly idle: number
  readonly busy: number
  readonly connecting: number
  readonly waiting: number
}

/**
 * Hands out idle connections, the last used first; opens new ones up to the limit; then lets callers wait in order. A
 * waiter gets whichever comes first, a connection given back or a new one.
 */
export class Pool<C extends PoolConnection> {
  readonly #open: (signal: AbortSignal) => Promise<C>
  readonly #maxTotal: number
  readonly #maxIdle: number
  readonly #idleTimeoutMs: number
  readonly #maxWaiting: number
  readonly #idle: { readonly connection: C; readonly since: number }[] = []
  readonly #busy = new Set<C>()
  readonly #waiting = new Set<PoolWaiter<C>>()
  /** One per connection under way: a signal that hundreds listen to warns of a leak. */
  readonly #connecting = new Set<AbortController>()
  #closed: RpcError | undefined
  #sweeper: NodeJS.Timeout | undefined

  /** `open` makes a connection; its rejection fails the caller that has waited longest. */
  constructor(open: (signal: AbortSignal) => Promise<C>, options: PoolOptions = {}) {
    this.#open = open
    this.#maxTotal = Math.max(1, options.maxTotal ?? 256)
    this.#maxIdle = options.maxIdle ?? 64
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 15_000
    this.#maxWaiting = options.maxWaiting ?? 1_024
  }

  get stats(): PoolStats {
    return {
      idle: this.#idle.length,
      busy: this.#busy.size,
      connecting: this.#connecting.size,
      waiting: this.#waiting.size,
    }
  }

  /** An idle connection at once, if there is one and nobody waits. */
  take(): C | undefined {
    if (this.#closed !== undefined) return undefined
    for (;;) {
      const entry = this.#idle.pop()
      if (entry === undefined) return undefined
      if (!entry.connection.usable) continue
      this.#busy.add(entry.connection)
      return entry.connection
    }
  }

  /** Queues for a connection. The answer comes later, never from within this call, except for a refusal. */
  wait(waiter: PoolWaiter<C>): void {
    if (this.#closed !== undefined) {
      waiter.failed(this.#closed)
      return
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      const message = `${this.#waiting.size} calls already wait for one of ${this.#maxTotal} connections`
      waiter.failed(new RpcError('RESOURCE_EXHAUSTED', message, { bytesSent: false, stack: false }))
      return
    }
    this.#waiting.add(waiter)
    this.#grow()
  }

  /** Takes a waiter out of the queue. */
  cancel(waiter: PoolWaiter<C>): void {
    this.#waiting.delete(waiter)
  }

  /** Gives a connection back; one that is no longer usable is forgotten. */
  release(connection: C): void {
    if (!this.#busy.delete(connection)) return
    if (!connection.usable || this.#closed !== undefined) {
      if (this.#closed !== undefined) connection.destroy(this.#closed)
      this.#grow()
      return
    }
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      this.#busy.add(connection)
      waiter.ready(connection)
      return
    }
    if (this.#idle.length >= this.#maxIdle) {
      connection.destroy(idleReason)
      return
    }
    this.#idle.push({ connection, since: performance.now() })
    this.#sweeper ??= setTimeout(this.#sweep, this.#idleTimeoutMs).unref()
  }

  /** Forgets a connection that has died by itself. */
  remove(connection: C): void {
    this.#busy.delete(connection)
    const at = this.#idle.findIndex((entry) => entry.connection === connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#grow()
  }

  /** Refuses new callers and closes idle connections; resolves after busy ones have come back or were destroyed. */
  close(reason: RpcError): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    for (const abort of this.#connecting) abort.abort()
    clearTimeout(this.#sweeper)
    for (const { connection } of this.#idle.splice(0)) connection.destroy(reason)
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      waiter.failed(reason)
    }
  }

  /** After `close`: destroys what is still busy. */
  destroyBusy(reason: RpcError): void {
    for (const connection of [...this.#busy]) connection.destroy(reason)
    this.#busy.clear()
  }

  #grow(): void {
    while (
      this.#closed === undefined &&
      this.#connecting.size < this.#waiting.size &&
      this.#connecting.size + this.#busy.size + this.#idle.length < this.#maxTotal
    ) {
      const abort = new AbortController()
      this.#connecting.add(abort)
      this.#open(abort.signal).then(
        (connection) => {
          this.#connecting.delete(abort)
          this.#busy.add(connection)
          this.release(connection)
        },
        (error: unknown) => {
          this.#connecting.delete(abort)
          for (const waiter of this.#waiting) {
            this.#waiting.delete(waiter)
            waiter.failed(RpcError.from(error))
            break
          }
          this.#grow()
        },
      )
    }
  }

  #sweep = (): void => {
    this.#sweeper = undefined
    const oldest = performance.now() - this.#idleTimeoutMs
    while (this.#idle[0] !== undefined && this.#idle[0].since <= oldest)
      this.#idle.shift()?.connection.destroy(idleReason)
    const next = this.#idle[0]
    if (next !== undefined) this.#sweeper = setTimeout(this.#sweep, Math.max(1, next.since - oldest)).unref()
  }
}

const idleReason = new RpcError('UNAVAILABLE', 'the connection was idle', { bytesSent: false, stack: false })
