/** ErrorWindow: how many calls of the last seconds have failed. */

/** Slots that a window is divided into: what is older than all of them is forgotten a slot at a time. */
const slots = 20

/** Counts over a sliding window. */
export class ErrorWindow {
  readonly #slotMs: number
  readonly #calls = new Array<number>(slots).fill(0)
  readonly #errors = new Array<number>(slots).fill(0)
  /** The number of the newest slot since the beginning of time. */
  #newest = 0
  #allCalls = 0
  #allErrors = 0

  constructor(windowMs: number) {
    this.#slotMs = windowMs / slots
  }

  add(isError: boolean): void {
    this.#advance()
    const slot = this.#newest % slots
    this.#calls[slot]!++
    this.#allCalls++
    if (!isError) return
    this.#errors[slot]!++
    this.#allErrors++
  }

  get calls(): number {
    this.#advance()
    return this.#allCalls
  }

  get errors(): number {
    this.#advance()
    return this.#allErrors
  }

  clear(): void {
    this.#calls.fill(0)
    this.#errors.fill(0)
    this.#allCalls = 0
    this.#allErrors = 0
  }

  #advance(): void {
    const now = Math.floor(performance.now() / this.#slotMs)
    if (now - this.#newest >= slots) {
      this.clear()
      this.#newest = now
      return
    }
    while (this.#newest < now) {
      const slot = ++this.#newest % slots
      this.#allCalls -= this.#calls[slot]!
      this.#allErrors -= this.#errors[slot]!
      this.#calls[slot] = 0
      this.#errors[slot] = 0
    }
  }
}
