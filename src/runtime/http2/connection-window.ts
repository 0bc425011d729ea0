/** ConnectionWindow: what a peer may send on all streams of a connection together (RFC 9113 section 5.2). */

import { defaultWindow, ReceiveWindow, type RoundTrip } from './flow-control.ts'

/** How far the window may grow, in units of its first size. */
const mostGrowth = 4
/** Unread bytes of slow readers, in units of its first size, that do not count against the others. */
const mostHeld = 3

/**
 * The window of a connection. Bytes that wait for a slow reader are given back as if they were read, up to a limit, so
 * that a stream nobody reads does not stop its neighbours; beyond the limit the peer is held back.
 */
export class ConnectionWindow {
  readonly #window: ReceiveWindow
  readonly #size: number
  readonly #heldAtMost: number
  readonly #update: (increment: number) => void
  #held = 0

  /** `update` sends a WINDOW_UPDATE. Without a `roundTrip` the window is what it is: it never grows, and counts every unread byte. */
  constructor(size: number, roundTrip: RoundTrip | undefined, update: (increment: number) => void) {
    this.#size = Math.max(defaultWindow, size)
    this.#window = new ReceiveWindow(this.#size, roundTrip === undefined ? 0 : this.#size * mostGrowth, roundTrip)
    this.#heldAtMost = roundTrip === undefined ? 0 : this.#size * mostHeld
    this.#update = update
  }

  /** Says how large it is, when that is not what every connection begins with. */
  announce(): void {
    if (this.#size > defaultWindow) this.#update(this.#size - defaultWindow)
  }

  /** So many bytes have come; false when that is more than the window allows. */
  take(bytes: number): boolean {
    this.#window.left -= bytes
    return this.#window.left >= 0
  }

  /** Bytes have been read, or are of no interest. */
  credit(bytes: number): void {
    const increment = this.#window.credit(bytes)
    if (increment > 0) this.#update(increment)
  }

  /** Bytes wait for a reader. */
  hold(bytes: number): void {
    const before = Math.min(this.#held, this.#heldAtMost)
    this.#held += bytes
    const more = Math.min(this.#held, this.#heldAtMost) - before
    if (more > 0) this.credit(more)
  }

  /** Bytes that waited have been read, or dropped. */
  release(bytes: number): void {
    const before = Math.min(this.#held, this.#heldAtMost)
    this.#held -= bytes
    const fewer = before - Math.min(this.#held, this.#heldAtMost)
    if (bytes > fewer) this.credit(bytes - fewer)
  }
}
