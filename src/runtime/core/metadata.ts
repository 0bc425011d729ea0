/** Metadata: the headers and trailers of a call, in order, duplicates kept, names in lower case. */

import { brand } from './copies/brand.ts'
import { describe } from './text/describe-value.ts'

/** The value of one metadata entry: text, or bytes under a name that ends in `-bin`. */
export type MetadataValue = string | Uint8Array

/** What an API accepts as metadata: a {@link Metadata}, a plain object, or pairs. */
export type MetadataInit =
  | Metadata
  | Readonly<Record<string, MetadataValue | readonly MetadataValue[]>>
  | Iterable<readonly [string, MetadataValue]>

/**
 * An ordered multimap of header names to values. Names are lower-cased. Values of names ending in `-bin` are bytes,
 * all others printable ASCII on the wire of gRPC (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md);
 * over Thrift every entry travels as a TTHeader string key, where bytes are refused. Whatever adds an entry throws
 * TypeError for a name that is not a string and for a value that is neither a string nor a Uint8Array.
 */
export class Metadata {
  readonly #entries: [string, MetadataValue][] = []

  constructor(init?: MetadataInit) {
    if (init === undefined) return
    if (typeof init !== 'object' || init === null) {
      throw new TypeError(`metadata is ${describe(init)}, not an object, pairs or a Metadata`)
    }
    if (Symbol.iterator in init) {
      for (const [name, value] of init as Iterable<readonly [string, MetadataValue]>) this.append(name, value)
      return
    }
    for (const [name, value] of Object.entries(init as Record<string, MetadataValue | readonly MetadataValue[]>)) {
      if (Array.isArray(value)) for (const one of value) this.append(name, one)
      else this.append(name, value as MetadataValue)
    }
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.length
  }

  /** The first value of a name. */
  get(name: string): MetadataValue | undefined {
    const key = name.toLowerCase()
    for (const entry of this.#entries) if (entry[0] === key) return entry[1]
    return undefined
  }

  /** All values of a name, in order. */
  getAll(name: string): MetadataValue[] {
    const key = name.toLowerCase()
    return this.#entries.filter((entry) => entry[0] === key).map((entry) => entry[1])
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Replaces every value of a name by one. */
  set(name: string, value: MetadataValue): this {
    checkEntry(name, value)
    this.delete(name)
    return this.append(name, value)
  }

  /** Adds a value after those the name already has. */
  append(name: string, value: MetadataValue): this {
    checkEntry(name, value)
    this.#entries.push([name.toLowerCase(), value])
    return this
  }

  delete(name: string): boolean {
    const key = name.toLowerCase()
    const before = this.#entries.length
    for (let i = before - 1; i >= 0; i--) if (this.#entries[i]?.[0] === key) this.#entries.splice(i, 1)
    return this.#entries.length !== before
  }

  [Symbol.iterator](): IterableIterator<[string, MetadataValue]> {
    return this.#entries[Symbol.iterator]()
  }
}
brand(Metadata, 'Metadata')

function checkEntry(name: unknown, value: unknown): void {
  if (typeof name !== 'string') throw new TypeError(`the name of a metadata entry is ${describe(name)}, not a string`)
  if (typeof value === 'string' || value instanceof Uint8Array) return
  const advice = value === undefined || value === null ? 'leave the entry out' : 'turn it into text'
  throw new TypeError(`metadata "${name}" is ${describe(value)}, not a string or Uint8Array; ${advice}`)
}
