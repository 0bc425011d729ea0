/** ClosedStreams: how streams ended, as far as it matters for the frames of theirs that still come. */

/** How many ends of each kind are remembered. */
const mostRemembered = 1_024

/** What a frame of a closed stream is (RFC 9113 section 5.1). */
export type LateFrame =
  /** It was on its way when this side reset the stream. */
  | 'forgiven'
  /** The peer had reset the stream: an error of the stream. */
  | 'after-reset'
  /** The peer had ended the stream: an error of the connection. */
  | 'after-end'

/** The streams of one connection that are over. */
export class ClosedStreams {
  readonly #resetHere = new Set<number>()
  readonly #resetThere = new Set<number>()
  /** Streams up to here were reset by this side so long ago that it has forgotten which. */
  #forgotten = 0

  /** This side has reset a stream. */
  addResetHere(id: number): void {
    const oldest = remember(this.#resetHere, id)
    if (oldest > this.#forgotten) this.#forgotten = oldest
  }

  /** The peer has reset a stream. */
  addResetThere(id: number): void {
    remember(this.#resetThere, id)
  }

  /** Judges a frame of a closed stream. */
  judge(id: number): LateFrame {
    if (id <= this.#forgotten || this.#resetHere.has(id)) return 'forgiven'
    return this.#resetThere.has(id) ? 'after-reset' : 'after-end'
  }
}

/** Adds to a bounded set; gives the member that had to leave, 0 for none. */
function remember(ids: Set<number>, id: number): number {
  ids.add(id)
  if (ids.size <= mostRemembered) return 0
  const [oldest = 0] = ids
  ids.delete(oldest)
  return oldest
}
