/** Whether a peer that takes connections and says nothing on one of them serves it and understands what is sent. */

import { delayOf } from '../../core/context/delay.ts'
import { RpcError } from '../../core/error.ts'
import type { ThriftFraming } from '../sniff.ts'
import type { ThriftClientCall } from './call.ts'

/** What to watch for. */
export interface PeerWatchOptions {
  /** The peer's address, for messages. */
  readonly address: string
  /** How long the first call of a connection may wait for the peer's first byte; `Infinity`: any time. */
  readonly timeoutMs: number
  /** Makes a connection of its own, calls an unknown method on it, and tells whether anything was answered within `timeoutMs`. */
  readonly probe: (timeoutMs: number) => Promise<boolean>
  /** What is spoken to the peer. */
  readonly framing: () => ThriftFraming
}

/** How long a probe waits for its answer at most. */
const probeMs = 1_000
/** When a call without an answer, to a peer that has answered others, is looked into. */
const suspicionMs = 1_000
/** For how long an answered probe is enough for such a call. */
const trustMs = 60_000
/** Milliseconds between probes of a peer that served too few connections. */
const recheckMs = 10_000

/** The watch over all connections to one address. */
export class PeerWatch {
  readonly #options: PeerWatchOptions
  #probing = false
  #probedAt = Number.NEGATIVE_INFINITY
  #answeredAt = Number.NEGATIVE_INFINITY
  /** How many connections were heard for the first time. */
  heard = 0
  /** Told of each probe's outcome: whether the peer serves new connections. */
  onProbed: ((isServed: boolean) => void) | undefined

  constructor(options: PeerWatchOptions) {
    this.#options = options
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs
  }

  /** Finds out by a probe whether the peer serves new connections; nothing happens while one is under way. */
  doubt(): void {
    if (this.#probing) return
    this.#probing = true
    this.#probedAt = performance.now()
    const { probe, timeoutMs } = this.#options
    probe(Math.min(probeMs, timeoutMs / 2))
      .then(
        (isAnswered) => {
          if (isAnswered) this.#answeredAt = performance.now()
          this.onProbed?.(isAnswered)
        },
        // Connections cannot be made: the next one finds that out, too.
        () => {},
      )
      .finally(() => {
        this.#probing = false
      })
  }

  /** A call has waited for a while: doubts a peer that answers on other connections, unless that was found to be well. */
  suspect(): void {
    if (this.heard > 0 && !this.isServedSince(performance.now() - trustMs)) this.doubt()
  }

  /** Doubts a peer again that was found to serve too few connections, but not all the time. */
  recheck(): void {
    if (performance.now() >= this.#probedAt + recheckMs) this.doubt()
  }

  /** Whether a probe was answered after that time (`performance.now()`). */
  isServedSince(time: number): boolean {
    return this.#answeredAt >= time
  }

  /** Why the first call of a connection fails that was never answered. */
  refusal(): RpcError {
    const { address, timeoutMs, framing } = this.#options
    const waited = `${address} took the connection and has not sent a byte for ${timeoutMs} ms (firstReplyTimeoutMs)`
    const why =
      this.heard > 0
        ? 'it has answered on other connections: it may serve a few at a time (set `pool.maxTotal` to that) or hang'
        : `it may speak another Thrift than \`transport: '${framing()}'\`: set ${otherFramings(framing())}, or it hangs`
    return new RpcError('UNAVAILABLE', `${waited}; ${why}`, { stack: false })
  }
}

function otherFramings(framing: ThriftFraming): string {
  const others = (['ttheader', 'framed', 'buffered'] as const).filter((other) => other !== framing)
  return `${others.map((other) => `\`transport: '${other}'\``).join(' or ')}, or \`'auto'\` to find out`
}

/** The wait of one connection for the peer's first byte. */
export class FirstReply {
  readonly #watch: PeerWatch
  readonly #fail: (reason: RpcError) => void
  #call: ThriftClientCall | undefined
  #since = 0
  #timer: NodeJS.Timeout | undefined

  constructor(watch: PeerWatch, fail: (reason: RpcError) => void) {
    this.#watch = watch
    this.#fail = fail
  }

  /** A call was sent that is to be answered. */
  expect(call: ThriftClientCall): void {
    if (this.#call?.settled === false) return
    this.#stopTimer()
    this.#call = call
    this.#since = performance.now()
    const watch = this.#watch
    const { timeoutMs } = watch
    this.#waitUntil(Math.min(suspicionMs, timeoutMs / 2), () => {
      watch.suspect()
      this.#waitUntil(timeoutMs / 2, () => {
        watch.doubt()
        this.#waitUntil(timeoutMs, () => this.#expired())
      })
    })
  }

  /** The peer was heard, or the connection is gone. */
  end(): void {
    this.#stopTimer()
    this.#call = undefined
  }

  #expired(): void {
    if (!this.#watch.isServedSince(this.#since)) this.#fail(this.#watch.refusal())
  }

  /** Goes on after `ms` milliseconds of waiting in all; what came while this process was busy is read first. */
  #waitUntil(ms: number, next: () => void): void {
    if (ms === Number.POSITIVE_INFINITY) return
    const onTime = (): void => {
      if (this.#call?.settled === false) next()
    }
    const left = Math.max(0, this.#since + ms - performance.now())
    this.#timer = setTimeout(() => setImmediate(onTime), delayOf(left)).unref()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
  }
}
