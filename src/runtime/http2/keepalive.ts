/** Keepalive (gRFC A8): PINGs after silence and after calls without an answer, and the end of a connection that does not answer them. */

import { delayOf } from '../core/context/delay.ts'
import type { Http2Keepalive } from './sink.ts'

const defaultTimeoutMs = 20_000
/** Milliseconds after which a peer that has not answered a PING of {@link Keepalive.doubt} gets no new streams. */
const suspectMs = 1_000

/** The default of a server. */
export const serverKeepalive: Http2Keepalive = { intervalMs: 30_000, timeoutMs: 10_000, whileIdle: true }
/** The default of a client: gRPC servers refuse those that ping more often than every 5 minutes. */
export const clientKeepalive: Http2Keepalive = { intervalMs: 300_000 }

/** What keepalive asks of a connection. */
export interface KeepaliveHost {
  /** Whether a stream is open. */
  isBusy(): boolean
  sendPing(): void
  /** Bytes that a slow peer has taken so far; -1 while nothing waits for it. A peer that still takes bytes is alive. */
  bytesTaken(): number
  /** The peer may be gone: no new stream should be opened. Those that are open may still get their answers. */
  suspect(reason: string): void
  /** The peer is gone. */
  giveUp(reason: string): void
}

/**
 * The keepalive of one connection; its timers keep no process alive.
 *
 * `watching`: a timer runs until the peer has been silent for the interval. `dormant`: it has been, and no stream is
 * open; the next stream sends the PING. `pinged`: a PING waits for its answer, or for any other byte. `stopped`.
 */
export class Keepalive {
  readonly #host: KeepaliveHost
  readonly #options: Http2Keepalive
  #state: 'watching' | 'dormant' | 'pinged' | 'stopped' = 'watching'
  #heardAt: number
  #pingedAt = Number.NEGATIVE_INFINITY
  /** The peer has answered a stream since the last PING: gRPC servers then take another one at any time. */
  #answered = true
  #timer: NodeJS.Timeout | undefined
  #suspect: NodeJS.Timeout | undefined

  constructor(host: KeepaliveHost, options: Http2Keepalive) {
    this.#host = host
    this.#options = options
    this.#heardAt = performance.now()
    this.#watch(options.intervalMs)
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heardAt = performance.now()
    if (this.#state !== 'pinged') return
    clearTimeout(this.#suspect)
    this.#state = 'watching'
    this.#watch(this.#options.intervalMs)
  }

  /** The peer has sent headers of a stream. */
  answered(): void {
    this.#answered = true
  }

  /** A stream was opened: sends the PING that became due while there was none. */
  opened(): void {
    if (this.#state === 'dormant') this.#ping()
  }

  /**
   * A call got no answer in time and nothing has come since it began: asks for a sign of life, unless a gRPC server
   * could take that for too many PINGs. Without one the connection is suspect after a second, and given up at the end
   * of the usual time.
   */
  doubt(): void {
    if (this.#state === 'pinged' || this.#state === 'stopped') return
    if (!this.#answered && performance.now() - this.#pingedAt < this.#options.intervalMs) return
    this.#ping()
    const ask = (): void => {
      if (this.#state === 'pinged') this.#host.suspect(`did not answer a PING within ${suspectMs} ms`)
    }
    // What came while this process was busy is read first.
    this.#suspect = setTimeout(() => setImmediate(ask), suspectMs).unref()
  }

  stop(): void {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
    clearTimeout(this.#suspect)
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#due(), Math.max(1, delayOf(ms))).unref()
  }

  #due(): void {
    const { intervalMs, whileIdle } = this.#options
    const left = this.#heardAt + intervalMs - performance.now()
    if (left > 0) this.#watch(left)
    else if (whileIdle === true || this.#host.isBusy()) this.#ping()
    else this.#state = 'dormant'
  }

  #ping(): void {
    this.#state = 'pinged'
    this.#answered = false
    this.#pingedAt = performance.now()
    this.#host.sendPing()
    this.#await(this.#host.bytesTaken())
  }

  #await(taken: number): void {
    const timeoutMs = this.#options.timeoutMs ?? defaultTimeoutMs
    const late = (): void => {
      if (this.#state !== 'pinged') return
      const now = this.#host.bytesTaken()
      if (now !== taken) this.#await(now)
      else this.#host.giveUp(`did not answer a keepalive PING within ${timeoutMs} ms`)
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => setImmediate(late), delayOf(timeoutMs)).unref()
  }
}
