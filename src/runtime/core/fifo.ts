/** Fifo: a first-in-first-out queue whose operations cost the same however long it is. */

/** Front elements that were taken before the rest moves to a new array. */
const compactFrom = 64

/**
 * `Array.shift` moves every element behind the first once an array is large, so reading a queue of n elements would cost
 * n². Here the taken front is cut off when it is at least half of the array: each element moves at most once on average.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** The element at an index from the front, which must be below `length`. */
  at(index: number): T {
    return this.#items[this.#head + index] as T
  }

  /** The first element, which stays; undefined when empty. */
  peek(): T | undefined {
    return this.#items[this.#head]
  }

  /** Replaces the last element; the queue must not be empty. */
  setLast(item: T): void {
    this.#items[this.#items.length - 1] = item
  }

  /** Takes the first element; undefined when empty. */
  shift(): T | undefined {
    const items = this.#items
    const head = this.#head
    if (head === items.length) return undefined
    const item = items[head]
    if (head + 1 === items.length) this.clear()
    else {
      items[head] = undefined
      this.#head = head + 1
      if (head >= compactFrom && head * 2 >= items.length) {
        this.#items = items.slice(head + 1)
        this.#head = 0
      }
    }
    return item
  }

  /** Takes every element, in order. */
  takeAll(): T[] {
    const items = this.#head === 0 ? this.#items : this.#items.slice(this.#head)
    this.#items = []
    this.#head = 0
    return items as T[]
  }

  clear(): void {
    // A long array is given back to the collector.
    if (this.#items.length > compactFrom) this.#items = []
    else this.#items.length = 0
    this.#head = 0
  }
}
