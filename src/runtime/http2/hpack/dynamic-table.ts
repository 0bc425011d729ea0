/** The dynamic table of HPACK (RFC 7541 section 2.3.2 and 4). */

/** What a field counts besides its name and value (RFC 7541 section 4.1). */
export const fieldOverhead = 32

/** Fields from newest (0) to oldest; the oldest leave when there is no room. */
export class HpackDynamicTable {
  /** Bytes of the entries, overhead included. */
  size = 0
  count = 0
  /** Counts changes: what was encoded or decoded against the table holds while this stays. */
  version = 0
  #limit: number
  #names: string[] = []
  #values: string[] = []
  #sizes: number[] = []
  /** Place of the newest entry; the ring's length is a power of two. */
  #head = 0
  #mask = -1

  constructor(limit: number) {
    this.#limit = limit
  }

  get limit(): number {
    return this.#limit
  }

  name(index: number): string {
    return this.#names[(this.#head - index) & this.#mask]!
  }

  value(index: number): string {
    return this.#values[(this.#head - index) & this.#mask]!
  }

  /** Adds a field; one that is larger than the table empties it. */
  insert(name: string, value: string): void {
    const size = name.length + value.length + fieldOverhead
    this.version++
    while (this.count > 0 && this.size + size > this.#limit) this.#evict()
    if (size > this.#limit) return
    if (this.count > this.#mask) this.#grow()
    this.#head = (this.#head + 1) & this.#mask
    this.#names[this.#head] = name
    this.#values[this.#head] = value
    this.#sizes[this.#head] = size
    this.size += size
    this.count++
  }

  /** Sets the largest size; what does not fit leaves. */
  resize(limit: number): void {
    this.version++
    this.#limit = limit
    while (this.size > limit) this.#evict()
  }

  #evict(): void {
    const oldest = (this.#head - this.count + 1) & this.#mask
    this.size -= this.#sizes[oldest]!
    this.#names[oldest] = ''
    this.#values[oldest] = ''
    this.count--
  }

  #grow(): void {
    const names: string[] = []
    const values: string[] = []
    const sizes: number[] = []
    for (let index = this.count - 1; index >= 0; index--) {
      const at = (this.#head - index) & this.#mask
      names.push(this.#names[at]!)
      values.push(this.#values[at]!)
      sizes.push(this.#sizes[at]!)
    }
    const length = Math.max(16, (this.#mask + 1) * 2)
    for (let at = names.length; at < length; at++) {
      names.push('')
      values.push('')
      sizes.push(0)
    }
    this.#names = names
    this.#values = values
    this.#sizes = sizes
    this.#head = this.count - 1
    this.#mask = length - 1
  }
}
