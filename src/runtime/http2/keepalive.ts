/** Keepalive: PINGs in silence, and the end of a connection that stays silent. */

import { delayOf } from '../core/context/delay.ts'
import type { Http2Keepalive } from './sink.ts'

const defaultTimeoutMs = 20_000

/** The default of a server. */
export const serverKeepalive: Http2Keepalive = { intervalMs: 30_000, timeoutMs: 10_000, whileIdle: true }
/** The default of a client: gRPC servers refuse those that ping more often than every 5 minutes. */
export const clientKeepalive: Http2Keepalive = { intervalMs: 300_000 }

/** What keepalive asks of a connection. */
export interface KeepaliveHost {
  /** Whether a stream is open. */
  isBusy(): boolean
  sendPing(): void
  /** Bytes that a slow peer has taken so far; -1 while nothing waits for it. Whoever still takes bytes is alive. */
  bytesTaken(): number
  /** Nothing came in time. */
  giveUp(reason: string): void
}

/** The timers of one connection; they keep no process alive. */
export class KeepaliveTimer {
  readonly #host: KeepaliveHost
  readonly #options: Http2Keepalive
  readonly #timer: NodeJS.Timeout
  #answer: NodeJS.Timeout | undefined
  #heard = false

  constructor(host: KeepaliveHost, options: Http2Keepalive) {
    this.#host = host
    this.#options = options
    this.#timer = setInterval(() => this.#tick(), delayOf(options.intervalMs)).unref()
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heard = true
    if (this.#answer === undefined) return
    clearTimeout(this.#answer)
    this.#answer = undefined
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#answer)
  }

  #tick(): void {
    if (this.#answer !== undefined) return
    if (this.#heard || !(this.#options.whileIdle || this.#host.isBusy())) {
      this.#heard = false
      return
    }
    const timeoutMs = this.#options.timeoutMs ?? defaultTimeoutMs
    const taken = this.#host.bytesTaken()
    this.#host.sendPing()
    // What came while this process was busy is read before time is called.
    this.#answer = setTimeout(() => setImmediate(() => this.#late(timeoutMs, taken)), delayOf(timeoutMs)).unref()
  }

  #late(timeoutMs: number, taken: number): void {
    this.#answer = undefined
    if (this.#heard || this.#host.bytesTaken() !== taken) this.#heard = false
    else this.#host.giveUp(`did not answer a keepalive PING within ${timeoutMs} ms`)
  }
}
