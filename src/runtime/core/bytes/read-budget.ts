/** ReadBudget: what a reader counts against while it makes the objects of one message. */

import { memoryExhausted } from './memory-account.ts'
import { maxObjects, memoryBudget } from './memory-budget.ts'

/** The part of a reader that bounds the memory of a message. */
export abstract class ReadBudget {
  // In units of 16 bytes: what is left of what the message was granted.
  #left = 0
  #granted = 0
  #isLimited = false
  #objectsLeft = 0

  /** Starts a message of `size` bytes. */
  protected grant(size: number): void {
    this.#left = memoryBudget(size)
    this.#granted = this.#left
    this.#isLimited = false
    this.#objectsLeft = maxObjects
  }

  /**
   * Lowers what the message may take in memory to `bytes`; beyond, it is refused with RESOURCE_EXHAUSTED. Call it before
   * the message is read.
   */
  limitMemory(bytes: number): void {
    const units = Math.floor(bytes / 16)
    if (units >= this.#left) return
    this.#left = units
    this.#granted = units
    this.#isLimited = true
  }

  /** Bytes of memory that what has been read so far takes, the message's own bytes not counted. */
  get memoryTaken(): number {
    return (this.#granted - this.#left) * 16
  }

  /** Counts memory, in units of 16 bytes, against what the message may take; refuses the message beyond. */
  charge(weight: number): void {
    this.#left -= weight
    if (this.#left < 0) throw this.#isLimited ? memoryExhausted() : this.tooLarge('it would take too much memory')
  }

  /** Counts structs, messages, containers and map entries. */
  protected count(objects: number): void {
    this.#objectsLeft -= objects
    if (this.#objectsLeft < 0) throw this.tooLarge(`more than ${maxObjects} structs, containers and map entries`)
  }

  /** The error for a message that is too large. */
  protected abstract tooLarge(text: string): Error
}
