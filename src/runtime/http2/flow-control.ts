/** Flow control (RFC 9113 section 5.2): a window to send in, and one to receive in that is given back as bytes are read. */

/** The window of a fresh stream and of a fresh connection, before anybody says otherwise. */
export const defaultWindow = 65_535
/** The largest window (RFC 9113 section 6.9.1). */
export const largestWindow = 0x7fff_ffff

/** How long a frame and its answer take on a connection. */
export interface RoundTrip {
  /** Milliseconds; 0 while nobody knows. */
  ms: number
}

/**
 * What a peer may send before this side gives it more. It grows where it is what holds a peer back: when half of it is
 * read within two round trips, it doubles. A peer that is slower, or not read, never gets more than it had.
 */
export class ReceiveWindow {
  /** Bytes that the peer may still send; negative when it sent too much. */
  left: number
  #size: number
  readonly #most: number
  readonly #roundTrip: RoundTrip | undefined
  #read = 0
  #updatedAt = Number.NEGATIVE_INFINITY

  /** `size`: what the window is when everything has been read; `most`: how far it may grow. */
  constructor(size: number, most = 0, roundTrip: RoundTrip | undefined = undefined) {
    this.left = size
    this.#size = size
    this.#most = most
    this.#roundTrip = roundTrip
  }

  /**
   * Counts bytes that have been read. Gives the increment of a WINDOW_UPDATE when enough has come together, half the
   * window, else 0.
   */
  credit(bytes: number): number {
    const read = this.#read + bytes
    if (read * 2 < this.#size) {
      this.#read = read
      return 0
    }
    this.#read = 0
    const increment = this.#size < this.#most ? read + this.#grow() : read
    this.left += increment
    return increment
  }

  #grow(): number {
    const now = performance.now()
    const since = now - this.#updatedAt
    this.#updatedAt = now
    if (this.#roundTrip === undefined || since > 2 * this.#roundTrip.ms) return 0
    const more = Math.min(this.#size, this.#most - this.#size)
    this.#size += more
    return more
  }
}
