/** Channel: the connections to one address: made when they are needed, more of them when streams run out, again when they are gone. */

import { type Backoff, nextAttemptIn } from '../../core/backoff.ts'
import { delayOf } from '../../core/context/delay.ts'
import { drainFor } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import { nextId } from '../../core/ids.ts'
import type { Http2ClientConnection, Http2ClientOptions, Http2Keepalive, Http2Retirement } from '../../http2/sink.ts'
import type { Compression } from '../compressor.ts'
import type { ChannelStats } from './channel-stats.ts'
import { Connectivity } from './connectivity.ts'
import { IdleCheck } from './idle-check.ts'

/** One address, and new connections to it. */
export interface ChannelDialer {
  /** The address as text, for messages. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** What `:authority` is when nobody says otherwise. */
  readonly authority: string
  /** Rejects with RpcError UNAVAILABLE, `bytesSent: false`; CANCELLED when `signal` aborts. */
  dial(signal: AbortSignal, options: Http2ClientOptions): Promise<Http2ClientConnection>
}

/** What a channel is like. */
export interface ChannelOptions {
  /** Connections to have at once. */
  readonly maxConnections: number
  /** Milliseconds without a call after which a connection is closed; 0: never. */
  readonly idleTimeoutMs: number
  /** How long to wait after a connection could not be made. */
  readonly backoff: Backoff
  readonly keepalive: Http2Keepalive
}

/** A call that wants a connection. Exactly one of the two is called, unless {@link Channel.leave} comes first. */
export interface ChannelCall {
  /** It waits as long as it takes, also while no connection can be made. */
  readonly waitsForReady: boolean
  open(connection: Http2ClientConnection): void
  unavailable(error: RpcError): void
}

/**
 * What a channel does about new connections. `idle`: nothing. `dialling`: it makes one. `backoff`: the last attempt
 * failed, and it waits before the next one. `closed`: it makes no more.
 *
 * | event                     | idle                          | dialling                   | backoff                           |
 * |---------------------------|-------------------------------|----------------------------|-----------------------------------|
 * | a call needs a connection | is queued; `dialling` when    | is queued                  | is queued; fails when no          |
 * |                           | another connection is allowed |                            | connection is left, unless it     |
 * |                           |                               |                            | waits for ready                   |
 * | a connection is ready     |                               | `idle`; takes queued calls |                                   |
 * | the attempt failed        |                               | `backoff`; queued calls    |                                   |
 * |                           |                               | fail as in `backoff`       |                                   |
 * | the wait is over          |                               |                            | `dialling` when a call is queued, |
 * |                           |                               |                            | else `idle`                       |
 * | a connection is retired   | `dialling` when a call is     |                            | queued calls fail as above        |
 * |                           | queued                        |                            |                                   |
 * | `close`                   | `closed`                      | `closed`; queued calls     | `closed`; queued calls fail       |
 * |                           |                               | wait for this attempt      |                                   |
 *
 * In `closed` new calls fail. The {@link ConnectivityState} follows from this state and from whether there is a
 * connection that takes calls: see `#report`.
 */
type DialState = 'idle' | 'dialling' | 'backoff' | 'closed'

/** One address and the connections to it: those in use, and those that still end their streams. */
export class Channel {
  readonly connectivity: Connectivity = new Connectivity()
  /** Compressions that the server has said it does not take. */
  readonly refusedEncodings: Set<Compression> = new Set()
  readonly #dialer: ChannelDialer
  readonly #options: ChannelOptions
  readonly #id: number = nextId()
  /** Every connection whose socket is open. */
  readonly #connections = new Set<Http2ClientConnection>()
  readonly #known = new WeakMap<Http2ClientConnection, { readonly id: number; readonly since: number }>()
  /** Calls that were opened on connections that are gone. */
  #startedBefore = 0
  /** Those that take calls. */
  #usable: Http2ClientConnection[] = []
  #current: Http2ClientConnection | undefined
  readonly #queued = new Set<ChannelCall>()
  #state: DialState = 'idle'
  /** The connection that is being made, also in `closed`. */
  #dialling: Promise<void> = Promise.resolve()
  #failures = 0
  /** When the wait of `backoff` is over. */
  #nextAt = 0
  #lastError: RpcError | undefined
  #timer: NodeJS.Timeout | undefined
  #keepalive: Http2Keepalive
  readonly #idleCheck: IdleCheck
  readonly #abort = new AbortController()
  #closing: Promise<void> | undefined

  constructor(dialer: ChannelDialer, options: ChannelOptions) {
    this.#dialer = dialer
    this.#options = options
    this.#keepalive = options.keepalive
    this.#idleCheck = new IdleCheck(options.idleTimeoutMs, this.#connections)
  }

  /** A connection that takes a call now, if there is one. */
  get ready(): Http2ClientConnection | undefined {
    return this.#current?.available === true ? this.#current : this.#other()
  }

  /** Gives the call a connection as soon as one takes it, and makes one if none does. */
  wait(call: ChannelCall): void {
    if (this.#state === 'closed') {
      call.unavailable(this.#closed())
      return
    }
    if (this.#state === 'backoff' && this.#usable.length === 0) {
      if (!call.waitsForReady) {
        call.unavailable(this.#notYet())
        return
      }
      this.#timer?.ref()
    }
    this.#queued.add(call)
    this.#dialIfNeeded()
  }

  /** The call wants no connection any more. */
  leave(call: ChannelCall): void {
    if (this.#queued.delete(call) && this.#queued.size === 0) this.#timer?.unref()
  }

  /** The channel as it is now. */
  stats(): ChannelStats {
    const connections = [...this.#connections].map((connection) => {
      const { id = 0, since = 0 } = this.#known.get(connection) ?? {}
      const { peer, openStreams, opened, usable } = connection
      return { id, peer, since, openCalls: openStreams, started: opened, usable }
    })
    return {
      id: this.#id,
      target: this.#dialer.authority,
      state: this.connectivity.state,
      waiting: this.#queued.size,
      started: connections.reduce((sum, { started }) => sum + started, this.#startedBefore),
      connections,
    }
  }

  /** Takes no call any more; open ones may end for `drainMs`. Resolves when every socket is closed. */
  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#close(drainMs)
    return this.#closing
  }

  #other(): Http2ClientConnection | undefined {
    if (this.#queued.size > 0 || this.#state === 'closed') return undefined
    for (const connection of this.#usable) {
      if (connection.available) {
        this.#current = connection
        return connection
      }
    }
    return undefined
  }

  #enter(state: DialState, error?: RpcError): void {
    this.#state = state
    this.#report(error)
  }

  /** Reports the connectivity to those who watch it. */
  #report(error?: RpcError): void {
    const { connectivity } = this
    if (this.#state === 'closed') connectivity.become('SHUTDOWN')
    else if (this.#usable.length > 0) connectivity.become('READY')
    else if (this.#state === 'dialling') connectivity.become('CONNECTING')
    else if (this.#state === 'backoff') connectivity.become('TRANSIENT_FAILURE', error)
    else connectivity.become('IDLE')
  }

  #dialIfNeeded(): void {
    if (this.#state !== 'idle' || this.#queued.size === 0) return
    if (this.#usable.length >= this.#options.maxConnections) return
    for (const connection of this.#usable) if (connection.available) return
    this.#enter('dialling')
    this.#dialling = this.#dial()
  }

  async #dial(): Promise<void> {
    let connection: Http2ClientConnection | undefined
    let early: Http2Retirement | undefined
    try {
      const made = await this.#dialer.dial(this.#abort.signal, {
        keepalive: this.#keepalive,
        onRoom: () => {
          if (connection !== undefined && this.#queued.size > 0) this.#serve(connection)
        },
        onRetired: (retirement) => {
          if (connection === undefined) early = retirement
          else this.#retired(connection, retirement)
        },
        onClose: () => {
          if (connection === undefined) return
          this.#connections.delete(connection)
          this.#startedBefore += connection.opened
        },
      })
      if (early !== undefined) throw new RpcError('UNAVAILABLE', early.reason, { bytesSent: false, stack: false })
      connection = made
    } catch (error) {
      this.#failed(RpcError.from(error))
      return
    }
    this.#made(connection)
  }

  #made(connection: Http2ClientConnection): void {
    this.#failures = 0
    this.#connections.add(connection)
    this.#known.set(connection, { id: nextId(), since: Date.now() })
    if (this.#state === 'dialling') {
      this.#usable.push(connection)
      this.#current = connection
      this.#idleCheck.start()
      this.#enter('idle')
    }
    this.#serve(connection)
  }

  /** Gives a connection to those who wait, as far as it takes them. */
  #serve(connection: Http2ClientConnection): void {
    for (const call of this.#queued) {
      if (!connection.available) break
      this.#queued.delete(call)
      call.open(connection)
    }
    this.#dialIfNeeded()
  }

  #retired(connection: Http2ClientConnection, { tooManyPings }: Http2Retirement): void {
    this.#usable = this.#usable.filter((one) => one !== connection)
    if (this.#current === connection) this.#current = this.#usable[0]
    if (tooManyPings) this.#keepalive = { ...this.#keepalive, intervalMs: this.#keepalive.intervalMs * 2 }
    if (this.#usable.length > 0) return
    if (this.#state === 'backoff') this.#failQueued()
    else {
      this.#dialIfNeeded()
      this.#report()
    }
  }

  /** A connection could not be made. */
  #failed(error: RpcError): void {
    if (this.#state === 'closed') return
    this.#lastError = error
    const ms = this.#options.backoff(++this.#failures)
    this.#nextAt = performance.now() + ms
    this.#timer = setTimeout(() => this.#resume(), delayOf(ms))
    this.#enter('backoff', error)
    if (this.#usable.length === 0) this.#failQueued()
    if (this.#queued.size === 0) this.#timer.unref()
  }

  /** There is no connection, and there will be none before the next attempt. */
  #failQueued(): void {
    const error = this.#lastError ?? this.#notYet()
    this.#report(error)
    this.#failWaiting((call) => !call.waitsForReady, error)
  }

  #resume(): void {
    this.#state = 'idle'
    this.#dialIfNeeded()
    this.#report()
  }

  #failWaiting(which: (call: ChannelCall) => boolean, error: RpcError): void {
    for (const call of [...this.#queued]) {
      if (which(call) && this.#queued.delete(call)) call.unavailable(error)
    }
  }

  async #close(drainMs: number): Promise<void> {
    const isDialling = this.#state === 'dialling'
    this.#usable = []
    this.#current = undefined
    clearTimeout(this.#timer)
    this.#enter('closed')
    if (!isDialling) this.#failWaiting(() => true, this.#closed())
    const closed = this.#drain()
    await drainFor(closed, drainMs)
    this.#abort.abort()
    this.#idleCheck.stop()
    for (const connection of [...this.#connections]) connection.destroy()
    await closed
  }

  /** Resolves when the calls that wait for a connection have theirs, and every connection is closed. */
  async #drain(): Promise<void> {
    await this.#dialling
    this.#failWaiting(() => true, this.#closed())
    await Promise.all([...this.#connections].map((connection) => connection.close()))
  }

  #notYet(): RpcError {
    const why = this.#lastError?.message ?? 'no connection'
    const when = this.#state === 'backoff' ? `; ${nextAttemptIn(this.#nextAt - performance.now())}` : ''
    return new RpcError('UNAVAILABLE', `${why}${when}`, {
      bytesSent: false,
      stack: false,
      ...(this.#lastError?.cause === undefined ? {} : { cause: this.#lastError.cause }),
    })
  }

  #closed(): RpcError {
    return new RpcError('UNAVAILABLE', `the transport to ${this.#dialer.address} is closed`, {
      bytesSent: false,
      stack: false,
    })
  }
}
