/** Flow control (RFC 9113 section 5.2): a window to send in, and one to receive in that is given back as bytes are read. */

/** The window of a fresh stream and of a fresh connection, before anybody says otherwise. */
export const defaultWindow = 65_535
/** The largest window (RFC 9113 section 6.9.1). */
export const largestWindow = 0x7fff_ffff

/** What a peer may send before this side gives it more. */
export class ReceiveWindow {
  /** Bytes that the peer may still send; negative when it sent too much. */
  left: number
  readonly #size: number
  #read = 0

  /** `size`: what the window is when everything has been read. */
  constructor(size: number) {
    this.left = size
    this.#size = size
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
    this.left += read
    return read
  }
}
