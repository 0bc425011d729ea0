/** Channel: the connections to one address: made when they are needed, more of them when streams run out, again when they are gone. */

import type { Backoff } from '../../core/backoff.ts'
import { delayOf } from '../../core/context/delay.ts'
import { drainFor } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import { nextId } from '../../core/ids.ts'
import type { Http2Dialer } from '../../http2/client/dialer.ts'
import type { Http2ClientConnection, Http2Keepalive, Http2Retirement } from '../../http2/sink.ts'
import type { Compression } from '../compression.ts'
import type { ChannelStats } from './channel-stats.ts'
import { Connectivity } from './connectivity.ts'
import { IdleCheck } from './idle-check.ts'

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

/** One address and the connections to it: those in use, and those that still end their streams. */
export class Channel {
  readonly connectivity: Connectivity = new Connectivity()
  /** Compressions that the server has said it does not take. */
  readonly refusedEncodings: Set<Compression> = new Set()
  readonly #dialer: Http2Dialer
  readonly #options: ChannelOptions
  readonly #id: number = nextId()
  /** Every connection whose socket is open. */
  readonly #connections = new Set<Http2ClientConnection>()
  readonly #made = new WeakMap<Http2ClientConnection, { readonly id: number; readonly since: number }>()
  /** Calls that were opened on connections that are gone. */
  #startedBefore = 0
  /** Those that take calls. */
  #usable: Http2ClientConnection[] = []
  #current: Http2ClientConnection | undefined
  readonly #waiting = new Set<ChannelCall>()
  #dialling: Promise<void> | undefined
  #failures = 0
  #lastError: RpcError | undefined
  /** Set while no connection is to be made. */
  #pause: NodeJS.Timeout | undefined
  #keepalive: Http2Keepalive
  readonly #idle: IdleCheck
  readonly #abort = new AbortController()
  #closing: Promise<void> | undefined

  constructor(dialer: Http2Dialer, options: ChannelOptions) {
    this.#dialer = dialer
    this.#options = options
    this.#keepalive = options.keepalive
    this.#idle = new IdleCheck(options.idleTimeoutMs, this.#connections)
  }

  /** A connection that takes a call now, if there is one. */
  get ready(): Http2ClientConnection | undefined {
    return this.#current?.available === true ? this.#current : this.#other()
  }

  /** Gives the call a connection as soon as one takes it, and makes one if none does. */
  wait(call: ChannelCall): void {
    if (this.#closing !== undefined) {
      call.unavailable(this.#closed())
      return
    }
    if (this.#pause !== undefined && this.#usable.length === 0) {
      if (!call.waitsForReady) {
        call.unavailable(this.#notYet())
        return
      }
      this.#pause.ref()
    }
    this.#waiting.add(call)
    this.#dialIfNeeded()
  }

  /** The call wants no connection any more. */
  leave(call: ChannelCall): void {
    if (this.#waiting.delete(call) && this.#waiting.size === 0) this.#pause?.unref()
  }

  /** The channel as it is now. */
  stats(): ChannelStats {
    const connections = [...this.#connections].map((connection) => {
      const { id = 0, since = 0 } = this.#made.get(connection) ?? {}
      const { peer, openStreams, opened, usable } = connection
      return { id, peer, since, openCalls: openStreams, started: opened, usable }
    })
    return {
      id: this.#id,
      target: this.#dialer.authority,
      state: this.connectivity.state,
      waiting: this.#waiting.size,
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
    if (this.#waiting.size > 0 || this.#closing !== undefined) return undefined
    for (const connection of this.#usable) {
      if (connection.available) {
        this.#current = connection
        return connection
      }
    }
    return undefined
  }

  #dialIfNeeded(): void {
    if (this.#waiting.size === 0 || this.#dialling !== undefined || this.#pause !== undefined) return
    if (this.#closing !== undefined || this.#usable.length >= this.#options.maxConnections) return
    // Before its SETTINGS have come nobody knows how many streams a server takes.
    for (const connection of this.#usable) if (connection.available || !connection.settled) return
    this.#dialling = this.#dial().finally(() => {
      this.#dialling = undefined
      this.#dialIfNeeded()
    })
  }

  async #dial(): Promise<void> {
    if (this.#usable.length === 0) this.connectivity.become('CONNECTING')
    let connection: Http2ClientConnection
    try {
      connection = await this.#dialer.dial(this.#abort.signal, {
        keepalive: this.#keepalive,
        onSettled: () => {
          this.#failures = 0
        },
        onRoom: () => {
          if (this.#waiting.size > 0) this.#serve(connection)
        },
        onRetired: (retirement) => this.#retired(connection, retirement),
        onClose: () => {
          this.#connections.delete(connection)
          this.#startedBefore += connection.opened
        },
      })
    } catch (error) {
      this.#failed(RpcError.from(error))
      return
    }
    this.#connections.add(connection)
    this.#made.set(connection, { id: nextId(), since: Date.now() })
    if (!connection.usable) return
    if (this.#closing === undefined) {
      this.#usable.push(connection)
      this.#current = connection
      this.#idle.start()
    }
    this.connectivity.become('READY')
    this.#serve(connection)
  }

  /** Gives a connection to those who wait, as far as it takes them. */
  #serve(connection: Http2ClientConnection): void {
    for (const call of this.#waiting) {
      if (!connection.available) break
      this.#waiting.delete(call)
      call.open(connection)
    }
    this.#dialIfNeeded()
  }

  #retired(connection: Http2ClientConnection, { reason, tooManyPings }: Http2Retirement): void {
    this.#usable = this.#usable.filter((one) => one !== connection)
    if (this.#current === connection) this.#current = this.#usable[0]
    if (tooManyPings) this.#keepalive = { ...this.#keepalive, intervalMs: this.#keepalive.intervalMs * 2 }
    if (!connection.settled) this.#failed(new RpcError('UNAVAILABLE', reason, { bytesSent: false, stack: false }))
    else if (this.#usable.length === 0) {
      if (this.#pause !== undefined && this.#lastError !== undefined) this.#suspend(this.#lastError)
      else if (this.#waiting.size === 0) this.connectivity.become('IDLE')
      else this.#dialIfNeeded()
    }
  }

  /** A connection could not be made. */
  #failed(error: RpcError): void {
    if (this.#closing !== undefined) {
      this.#failWaiting(() => true, this.#closed())
      return
    }
    this.#lastError = error
    const ms = this.#options.backoff(++this.#failures)
    clearTimeout(this.#pause)
    this.#pause = setTimeout(() => this.#resume(), delayOf(ms))
    if (this.#usable.length === 0) this.#suspend(error)
    if (this.#waiting.size === 0) this.#pause.unref()
  }

  /** There is no connection, and there will be none before the pause is over. */
  #suspend(error: RpcError): void {
    this.connectivity.become('TRANSIENT_FAILURE', error)
    this.#failWaiting((call) => !call.waitsForReady, error)
  }

  #resume(): void {
    this.#pause = undefined
    if (this.#waiting.size > 0) this.#dialIfNeeded()
    else if (this.#usable.length === 0) this.connectivity.become('IDLE')
  }

  #failWaiting(which: (call: ChannelCall) => boolean, error: RpcError): void {
    for (const call of [...this.#waiting]) {
      if (which(call) && this.#waiting.delete(call)) call.unavailable(error)
    }
  }

  async #close(drainMs: number): Promise<void> {
    this.#usable = []
    this.#current = undefined
    clearTimeout(this.#pause)
    this.connectivity.become('SHUTDOWN')
    if (this.#dialling === undefined) this.#failWaiting(() => true, this.#closed())
    const closed = this.#drain()
    await drainFor(closed, drainMs)
    this.#abort.abort()
    this.#idle.stop()
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
    return new RpcError('UNAVAILABLE', this.#lastError?.message ?? 'no connection', {
      bytesSent: false,
      stack: false,
      ...(this.#lastError?.cause === undefined ? {} : { cause: this.#lastError.cause }),
    })
  }

  #closed(): RpcError {
    return new RpcError('UNAVAILABLE', `the gRPC transport to ${this.#dialer.address} is closed`, {
      bytesSent: false,
      stack: false,
    })
  }
}
