/** ReadBudget: what a reader counts against while it makes the objects of one message. */

import { type MemoryAccount, memoryExhausted, messageTooHeavy, tooManyObjects } from './memory-account.ts'
import { defaultMaxObjects, memoryBudget } from './memory-budget.ts'

/** The part of a reader that bounds the memory of a message. */
export abstract class ReadBudget {
  // In units of 16 bytes: what is left of what the message was granted.
  #left = 0
  #granted = 0
  #size = 0
  #objectsLeft = 0
  #account: MemoryAccount | undefined = undefined
  /** The account has less room than a message is granted. */
  #isShort = false

  /** Starts a message of `size` bytes. */
  protected grant(size: number): void {
    this.#left = memoryBudget(size)
    this.#granted = this.#left
    this.#size = size
    this.#objectsLeft = defaultMaxObjects
    this.#account = undefined
    this.#isShort = false
  }

  /**
   * Lowers what the message may take in memory to what an account has left, and its objects to those that the account
   * grants to a message; beyond, it is refused with RESOURCE_EXHAUSTED. Call it before the message is read.
   */
  limitTo(account: MemoryAccount): void {
    this.#account = account
    this.#objectsLeft = account.maxObjects
    const units = Math.floor((account.room - this.#size) / 16)
    if (units >= this.#left) return
    this.#left = units
    this.#granted = units
    this.#isShort = true
  }

  /** Bytes of memory that what has been read so far takes, the message's own bytes included. */
  get memoryTaken(): number {
    return (this.#granted - this.#left) * 16 + this.#size
  }

  /** Counts memory, in units of 16 bytes, against what the message may take; refuses the message beyond. */
  charge(weight: number): void {
    this.#left -= weight
    if (this.#left < 0) throw this.#tooHeavy()
  }

  /** Counts structs, messages, containers and map entries. */
  count(objects: number): void {
    this.#objectsLeft -= objects
    if (this.#objectsLeft < 0) throw this.#tooMany()
  }

  #tooHeavy(): Error {
    const bytes = this.memoryTaken
    if (this.#account !== undefined && this.#isShort) return memoryExhausted(bytes, this.#account)
    const most = this.#granted * 16 + this.#size
    if (this.#account !== undefined) return messageTooHeavy(bytes, most)
    return this.tooLarge(
      `it would take too much memory: at least ${bytes} bytes of memory, and ${most} are granted to a message of its size`,
    )
  }

  #tooMany(): Error {
    const account = this.#account
    const most = account?.maxObjects ?? defaultMaxObjects
    const count = most - this.#objectsLeft
    if (account !== undefined) return tooManyObjects(count, account)
    return this.tooLarge(`it holds at least ${count} structs, containers and map entries, and ${most} are allowed`)
  }

  /** The error for a message that is too large. */
  protected abstract tooLarge(text: string): Error
}
