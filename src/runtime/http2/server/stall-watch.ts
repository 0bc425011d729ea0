/** StallWatch: ends streams whose client lets no byte through, so that what waits for it is not held for ever. */

import { delayOf } from '../../core/context/delay.ts'
import { Http2ErrorCode } from '../error-code.ts'

/** Time limits of {@link StallWatch}; 0: none. */
export interface StallLimits {
  /** Milliseconds in which a client must take at least one byte of a response that is complete. Default 30,000. */
  readonly writeTimeoutMs?: number | undefined
  /** The same for a response that is still being produced. Default 0: a slow reader holds its producer back. */
  readonly streamStallTimeoutMs?: number | undefined
}

/** What it looks at in a stream. */
export interface StallingStream {
  readonly dead: boolean
  /** Bytes that wait to be sent, and those that have been sent. */
  readonly pending: number
  readonly dataBytes: number
  /** Nothing more will be written. */
  readonly isEnding: boolean
  /** Resets it. */
  refuse(code: number, what: string): void
}

interface Watched {
  sent: number
  since: number
}

/** The streams of one connection whose bytes wait for their client; its timer runs only while there are any. */
export class StallWatch {
  readonly #finishedMs: number
  readonly #openMs: number
  readonly #streams = new Map<StallingStream, Watched>()
  #timer: NodeJS.Timeout | undefined

  constructor({ writeTimeoutMs = 30_000, streamStallTimeoutMs = 0 }: StallLimits) {
    this.#finishedMs = writeTimeoutMs
    this.#openMs = streamStallTimeoutMs
  }

  /** Watches a stream until nothing of it waits. */
  add(stream: StallingStream): void {
    if (this.#streams.has(stream) || (this.#finishedMs === 0 && this.#openMs === 0)) return
    this.#streams.set(stream, { sent: stream.dataBytes, since: performance.now() })
    this.#schedule()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#streams.clear()
  }

  #schedule(): void {
    if (this.#timer !== undefined) return
    const shortest = Math.min(...[this.#finishedMs, this.#openMs].filter((ms) => ms > 0))
    this.#timer = setTimeout(
      () => {
        // What the client sent while this process was busy is read before time is called.
        setImmediate(() => this.#look())
      },
      delayOf(Math.max(5, shortest / 4)),
    ).unref()
  }

  #look(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const [stream, watched] of this.#streams) {
      if (stream.dead || stream.pending === 0) {
        this.#streams.delete(stream)
        continue
      }
      if (stream.dataBytes !== watched.sent) {
        watched.sent = stream.dataBytes
        watched.since = now
        continue
      }
      const limit = stream.isEnding ? this.#finishedMs : this.#openMs
      if (limit === 0 || now - watched.since < limit) continue
      this.#streams.delete(stream)
      stream.refuse(Http2ErrorCode.CANCEL, `the peer has taken no byte for ${limit} ms`)
    }
    if (this.#streams.size > 0) this.#schedule()
  }
}
