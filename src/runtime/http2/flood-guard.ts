/** FloodGuard: budgets for what a peer gets cheaply and this side pays for. */

/**
 * A bucket of tokens that refills by time and by honest work. Costing things are free while the bucket lasts: resets
 * (CVE-2023-44487 and CVE-2025-8671), PING, SETTINGS, empty and unknown frames (CVE-2019-9512, 9515, 9518).
 */
export class FloodGuard {
  readonly #most: number
  readonly #perMs: number
  #tokens: number
  #filledAt: number = performance.now()

  constructor(most: number, perSecond: number) {
    this.#most = most
    this.#perMs = perSecond / 1_000
    this.#tokens = most
  }

  /** Takes tokens; false when there are not as many. */
  spend(tokens = 1): boolean {
    if (this.#tokens < tokens) {
      const now = performance.now()
      this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) * this.#perMs)
      this.#filledAt = now
      if (this.#tokens < tokens) return false
    }
    this.#tokens -= tokens
    return true
  }

  /** Honest work was done. */
  earn(tokens: number): void {
    this.#tokens = Math.min(this.#most, this.#tokens + tokens)
  }
}
