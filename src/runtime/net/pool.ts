/** A pool of connections of which each serves one call at a time. */

import { delayOf } from '../core/context/delay.ts'
import { RpcError } from '../core/error.ts'
import { DialBackoff } from './dial-backoff.ts'

/** What a pool needs to know of a connection. */
export interface PoolConnection {
  /** False once it can serve no further call. */
  readonly usable: boolean
  /** Whether the peer has sent anything on it. */
  readonly heard: boolean
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
  /**
   * Connections at most, idle and busy. Needed are the calls per second times the seconds that one takes. A server with a
   * thread for each connection needs as many threads as this, times the processes that call it. Default 256.
   */
  readonly maxTotal?: number | undefined
  /** Idle connections kept at most. Default 64. */
  readonly maxIdle?: number | undefined
  /**
   * Connections that stay open however idle they are, and are opened again when lost, from the first call or `warmUp` on.
   * Default 0.
   */
  readonly minIdle?: number | undefined
  /** Milliseconds after which an idle connection is closed. Default 15,000. */
  readonly idleTimeoutMs?: number | undefined
  /**
   * Milliseconds after which a connection is replaced, once its call has ended, so that load spreads to servers that came
   * later. Up to a tenth less, so that not all go at once. Default: none.
   */
  readonly maxLifetimeMs?: number | undefined
  /**
   * Calls that may wait for a connection; more are refused with RESOURCE_EXHAUSTED. The last of them waits for this many calls
   * divided by `maxTotal`, times the time that one takes. Default 10,000.
   */
  readonly maxWaiting?: number | undefined
}

/** A look at a pool. */
export interface PoolStats {
  readonly idle: number
  readonly busy: number
  readonly connecting: number
  readonly waiting: number
  /** Connections that stood, over the pool's life. */
  readonly opened: number
  /** Of these, how many are no more. */
  readonly closed: number
  /** Attempts to connect that failed. */
  readonly failed: number
  /** Callers that were refused because too many waited. */
  readonly refused: number
}

/** How a pool makes connections and keeps them sound. */
export interface PoolSource<C> {
  /** Opens a connection. When that fails and there is no connection, all who wait fail. */
  readonly open: (signal: AbortSignal) => Promise<C>
  /** When to open the next one after that; told by its owner when the peer was heard. Default: one of its own. */
  readonly backoff?: DialBackoff | undefined
  /** Looks after an idle connection: gives it back with `release`, or destroys it. Default: none. */
  readonly check?: ((connection: C) => void) | undefined
  /** Milliseconds between two checks of an idle connection. */
  readonly checkEveryMs?: number | undefined
  /** Finds out again whether the peer serves new connections, and says so with `setCrowded`. */
  readonly recheck?: (() => void) | undefined
}

interface Idle<C> {
  readonly connection: C
  readonly since: number
  /** When it was last given back or found sound. */
  readonly soundAt: number
}

/**
 * Hands out idle connections, the last used first; opens new ones up to the limit; then lets callers wait in order. A
 * waiter gets whichever comes first, a connection given back or a new one.
 */
export class Pool<C extends PoolConnection> {
  readonly #source: PoolSource<C>
  readonly #maxTotal: number
  readonly #maxIdle: number
  readonly #minIdle: number
  readonly #idleTimeoutMs: number
  readonly #maxLifetimeMs: number
  readonly #checkEveryMs: number
  readonly #maxWaiting: number
  /** The one that was used last is the last. */
  readonly #idle: Idle<C>[] = []
  readonly #busy = new Set<C>()
  /** Busy with a check, and since when they were idle. */
  readonly #checking = new Map<C, number>()
  readonly #expiry = new Map<C, number>()
  readonly #waiting = new Set<PoolWaiter<C>>()
  /** One per connection under way: a signal that hundreds listen to warns of a leak. */
  readonly #connecting = new Set<AbortController>()
  readonly #backoff: DialBackoff
  /** Connections that the peer has shown to serve at once, where that is less than `maxTotal`. */
  #ceiling = Number.POSITIVE_INFINITY
  #closed: RpcError | undefined
  #sweeper: NodeJS.Timeout | undefined
  #nextAttempt: NodeJS.Timeout | undefined
  #opened = 0
  #gone = 0
  #failed = 0
  #refused = 0

  constructor(source: PoolSource<C>, options: PoolOptions = {}) {
    this.#source = source
    this.#backoff = source.backoff ?? new DialBackoff()
    this.#maxTotal = Math.max(1, options.maxTotal ?? 256)
    this.#minIdle = Math.min(options.minIdle ?? 0, this.#maxTotal)
    this.#maxIdle = Math.max(this.#minIdle, options.maxIdle ?? 64)
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 15_000
    this.#maxLifetimeMs = options.maxLifetimeMs ?? Number.POSITIVE_INFINITY
    this.#checkEveryMs = source.check === undefined ? Number.POSITIVE_INFINITY : (source.checkEveryMs ?? 10_000)
    this.#maxWaiting = options.maxWaiting ?? 10_000
  }

  get stats(): PoolStats {
    return {
      idle: this.#idle.length,
      busy: this.#busy.size,
      connecting: this.#connecting.size,
      waiting: this.#waiting.size,
      opened: this.#opened,
      closed: this.#gone,
      failed: this.#failed,
      refused: this.#refused,
    }
  }

  /** An idle connection at once, if there is one and nobody waits. */
  take(): C | undefined {
    if (this.#closed !== undefined) return undefined
    for (;;) {
      const entry = this.#idle.pop()
      if (entry === undefined) return undefined
      const { connection } = entry
      if (!connection.usable) continue
      if (this.#isExpired(connection)) {
        connection.destroy(expiredReason)
        continue
      }
      this.#busy.add(connection)
      return connection
    }
  }

  /**
   * Queues for a connection. The answer comes later, never from within this call, except for a refusal: too many wait, or
   * there is no connection and the next attempt to make one has to wait.
   */
  wait(waiter: PoolWaiter<C>): void {
    if (this.#closed !== undefined) {
      waiter.failed(this.#closed)
      return
    }
    if (this.#isDown) {
      waiter.failed(this.#backoff.refusal())
      return
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      this.#refused++
      waiter.failed(new RpcError('RESOURCE_EXHAUSTED', this.#fullText, { bytesSent: false, stack: false }))
      return
    }
    this.#waiting.add(waiter)
    this.#grow()
  }

  /** Takes a waiter out of the queue. */
  cancel(waiter: PoolWaiter<C>): void {
    this.#waiting.delete(waiter)
  }

  /** Opens connections until `count` stand, at most as many as there may be. Rejects when one cannot be opened. */
  async warmUp(count: number): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed
    const missing = Math.min(count, this.#maxTotal) - this.#size
    if (missing > 0 && this.#backoff.waitMs > 0) throw this.#backoff.refusal()
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#openOne()))
  }

  /**
   * Whether the peer takes connections that it does not serve, as a server does that has a thread for each and no more
   * threads. If so, no more are opened than it answers on now, and those make room, when their calls have ended, for those
   * that it has taken and not answered on.
   */
  setCrowded(isCrowded: boolean): void {
    if (!isCrowded) {
      this.#ceiling = Number.POSITIVE_INFINITY
      this.#grow()
      return
    }
    let heard = 0
    for (const connection of this.#busy) if (connection.heard) heard++
    for (const { connection } of this.#idle) if (connection.heard) heard++
    if (heard === 0) return
    this.#ceiling = Math.min(this.#ceiling, heard)
    for (const { connection } of [...this.#idle]) {
      if (!this.#mustMakeRoom(connection, this.#size)) continue
      this.#idle.splice(
        this.#idle.findIndex((entry) => entry.connection === connection),
        1,
      )
      connection.destroy(crowdedReason)
    }
  }

  /** Lets go of a busy connection that no longer serves one caller at a time; its end is still told with `remove`. */
  detach(connection: C): void {
    this.#busy.delete(connection)
    this.#checking.delete(connection)
  }

  /** Gives one connection to all who wait, where it can serve them at once. */
  serveAll(connection: C): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      waiter.ready(connection)
    }
  }

  /** Gives a connection back; one that is no longer usable is forgotten. */
  release(connection: C): void {
    if (!this.#busy.delete(connection)) return
    const idleSince = this.#checking.size === 0 ? undefined : this.#checking.get(connection)
    if (idleSince !== undefined) this.#checking.delete(connection)
    if (!connection.usable || this.#closed !== undefined) {
      if (this.#closed !== undefined) connection.destroy(this.#closed)
      this.#grow()
      return
    }
    if (this.#isExpired(connection)) {
      connection.destroy(expiredReason)
      this.#grow()
      return
    }
    if (this.#mustMakeRoom(connection, this.#size + 1)) {
      connection.destroy(crowdedReason)
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
    const now = performance.now()
    if (idleSince === undefined) this.#idle.push({ connection, since: now, soundAt: now })
    else this.#idle.unshift({ connection, since: idleSince, soundAt: now })
    this.#sweeper ??= setTimeout(this.#sweep, this.#sweepMs).unref()
  }

  /** Forgets a connection that is gone, whoever closed it; told once for each. */
  remove(connection: C): void {
    this.#gone++
    this.#busy.delete(connection)
    this.#checking.delete(connection)
    this.#expiry.delete(connection)
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
    clearTimeout(this.#nextAttempt)
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

  get #size(): number {
    return this.#connecting.size + this.#busy.size + this.#idle.length
  }

  /** What may stand now. */
  get #most(): number {
    return Math.min(this.#maxTotal, this.#ceiling)
  }

  get #fullText(): string {
    const waiting = `${this.#waiting.size} calls already wait for one of ${this.#most} connections`
    if (this.#ceiling < this.#maxTotal) {
      return `${waiting}, which are as many as the server was seen to serve at once; give it more threads, or raise \`pool.maxWaiting\``
    }
    return `${waiting}; raise \`pool.maxTotal\` if the server serves more at once, else \`pool.maxWaiting\``
  }

  /** Whether the peer would serve another connection, that has a call on it, in the place of this idle one. */
  #mustMakeRoom(connection: C, size: number): boolean {
    if (size <= this.#ceiling || !connection.heard) return false
    for (const other of this.#busy) if (!other.heard && other.usable) return true
    return false
  }

  #isExpired(connection: C): boolean {
    if (this.#maxLifetimeMs === Number.POSITIVE_INFINITY) return false
    return performance.now() >= (this.#expiry.get(connection) ?? Number.POSITIVE_INFINITY)
  }

  /** Whether there is no connection, and none will be made now. */
  get #isDown(): boolean {
    return this.#backoff.waitMs > 0 && this.#size === 0
  }

  /** Opens for those who wait, and until there are as many as always shall be, as far as that is allowed now. */
  #grow(): void {
    while (this.#closed === undefined && this.#lacks && this.#backoff.mayDial) this.#openOne().catch(() => {})
    if (this.#waiting.size > 0 && this.#size >= this.#ceiling && this.#ceiling < this.#maxTotal)
      this.#source.recheck?.()
    if (this.#closed !== undefined || this.#backoff.waitMs === 0) return
    if (this.#isDown) this.#failWaiting()
    if (this.#lacks) {
      const resume = (): void => {
        this.#nextAttempt = undefined
        this.#grow()
      }
      this.#nextAttempt ??= setTimeout(resume, delayOf(Math.ceil(this.#backoff.waitMs))).unref()
    }
  }

  /** There is no connection, and the attempt to make one has failed. */
  #failWaiting(): void {
    if (this.#waiting.size === 0) return
    const refusal = this.#backoff.refusal()
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      waiter.failed(refusal)
    }
  }

  /** Whether more connections are wanted and allowed. */
  get #lacks(): boolean {
    const size = this.#size
    if (size < Math.min(this.#minIdle, this.#ceiling)) return true
    return this.#connecting.size < this.#waiting.size && size < this.#most
  }

  /** Opens one and hands it out. */
  async #openOne(): Promise<void> {
    const abort = new AbortController()
    this.#connecting.add(abort)
    let connection: C
    try {
      connection = await this.#backoff.attempt(() => this.#source.open(abort.signal))
    } catch (error) {
      this.#failed++
      this.#connecting.delete(abort)
      if (this.#size === 0) this.#failWaiting()
      this.#grow()
      throw error
    }
    this.#connecting.delete(abort)
    this.#opened++
    if (this.#maxLifetimeMs !== Number.POSITIVE_INFINITY) {
      this.#expiry.set(connection, performance.now() + this.#maxLifetimeMs * (1 - Math.random() / 10))
    }
    this.#busy.add(connection)
    this.release(connection)
    this.#grow()
  }

  /** How long until somebody could be due at the earliest. */
  get #sweepMs(): number {
    const least = Math.min(this.#idleTimeoutMs, this.#checkEveryMs, this.#maxLifetimeMs)
    return delayOf(Math.max(1, least))
  }

  #sweep = (): void => {
    this.#sweeper = undefined
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    let spare = this.#size - this.#minIdle
    for (const entry of [...this.#idle]) {
      const { connection, since, soundAt } = entry
      const expiry = this.#expiry.get(connection) ?? Number.POSITIVE_INFINITY
      const idleUntil = spare > 0 ? since + this.#idleTimeoutMs : Number.POSITIVE_INFINITY
      if (now >= idleUntil || now >= expiry) {
        this.#idle.splice(this.#idle.indexOf(entry), 1)
        spare--
        connection.destroy(now >= expiry ? expiredReason : idleReason)
      } else if (now >= soundAt + this.#checkEveryMs && connection.usable) {
        this.#idle.splice(this.#idle.indexOf(entry), 1)
        this.#checking.set(connection, since)
        this.#busy.add(connection)
        this.#source.check?.(connection)
      } else next = Math.min(next, idleUntil, expiry, soundAt + this.#checkEveryMs)
    }
    if (this.#idle.length === 0 || next === Number.POSITIVE_INFINITY) return
    this.#sweeper ??= setTimeout(this.#sweep, delayOf(Math.max(1, next - now))).unref()
  }
}

const idleReason = new RpcError('UNAVAILABLE', 'the connection was idle', { bytesSent: false, stack: false })
const crowdedReason = new RpcError('UNAVAILABLE', 'the server serves another connection in its place', {
  bytesSent: false,
  stack: false,
})
const expiredReason = new RpcError('UNAVAILABLE', 'the connection was old', { bytesSent: false, stack: false })
