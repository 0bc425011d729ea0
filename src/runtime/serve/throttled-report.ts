/** ThrottledReport: errors that strangers can cause at will, reported at most once a minute. */

/** Milliseconds between two reports: a scanner must not fill the log. */
const reportMs = 60_000

/** Passes some errors on and counts the others. */
export class ThrottledReport {
  readonly #onError: (error: unknown) => void
  #quietUntil = 0
  #unreported = 0

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Reports what `make` makes, unless something was reported in the last minute; `more` says how many errors were not. */
  report(make: (more: string) => Error): void {
    const now = performance.now()
    if (now < this.#quietUntil) {
      this.#unreported++
      return
    }
    const more = this.#unreported === 0 ? '' : `, and ${this.#unreported} more since the last report`
    this.#quietUntil = now + reportMs
    this.#unreported = 0
    this.#onError(make(more))
  }
}
