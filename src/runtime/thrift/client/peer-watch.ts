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

/** The watch over all connections to one address. */
export class PeerWatch {
  readonly #options: PeerWatchOptions
  #probing = false
  #answeredAt = Number.NEGATIVE_INFINITY
  /** How many connections were heard for the first time. */
  heard = 0

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
    const { probe, timeoutMs } = this.#options
    probe(Math.min(probeMs, timeoutMs / 2)).then(
      (isAnswered) => {
        this.#probing = false
        if (isAnswered) this.#answeredAt = performance.now()
      },
      () => {
        this.#probing = false
      },
    )
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
    if (this.#call?.settled === false || this.#watch.timeoutMs === Number.POSITIVE_INFINITY) return
    this.#stopTimer()
    this.#call = call
    this.#since = performance.now()
    this.#wait(this.#watch.timeoutMs / 2, () => {
      if (call.settled) return
      this.#watch.doubt()
      this.#wait(this.#watch.timeoutMs - (performance.now() - this.#since), () => this.#expired(call))
    })
  }

  /** The peer was heard, or the connection is gone. */
  end(): void {
    this.#stopTimer()
    this.#call = undefined
  }

  #expired(call: ThriftClientCall): void {
    if (!call.settled && !this.#watch.isServedSince(this.#since)) this.#fail(this.#watch.refusal())
  }

  /** What came while this process was busy is read before time is called. */
  #wait(ms: number, then: () => void): void {
    this.#timer = setTimeout(
      () => setImmediate(() => this.#call !== undefined && then()),
      delayOf(Math.max(0, ms)),
    ).unref()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
  }
}
