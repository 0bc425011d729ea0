/** HpackDecoder: header blocks to header lists (RFC 7541). */

import { copyBytes } from '../../core/bytes/bytes.ts'
import type { Http2Headers } from '../sink.ts'
import { fieldOverhead, HpackDynamicTable } from './dynamic-table.ts'
import { huffmanDecode, latin1 } from './huffman.ts'
import { staticCount, staticNames, staticValues } from './static-table.ts'

/** What is wrong with a block that cannot be decoded; the connection cannot go on (RFC 9113 section 4.3). */
export class HpackError extends Error {
  override readonly name = 'HpackError'
}

/** Says what is wrong with a list by HTTP's own rules; undefined for nothing. */
export type HeaderCheck = (headers: Http2Headers) => string | undefined

/** A decoded block. */
export interface HeaderBlock {
  readonly headers: Http2Headers
  /** What {@link HeaderCheck} found. */
  readonly problem: string | undefined
  /** The list was larger than allowed; `headers` is empty then. */
  readonly tooLarge: boolean
  /** Bytes of the list as RFC 9113 section 6.5.2 counts them. */
  readonly listBytes: number
}

/** The block that was seen at this hash. */
interface Seen {
  hash: number
  version: number
  check: HeaderCheck | undefined
  bytes: Uint8Array
  block: HeaderBlock | undefined
}

/** No integer of a block needs more. */
const largestInteger = 0x0fff_ffff
const longestSeen = 160
const seenSlots = 32
const nothing = new Uint8Array(0)

/**
 * One direction of a connection. A block that comes again while the dynamic table stays as it is, and calls of one
 * method send the same few bytes over and over, gives the very list of before.
 */
export class HpackDecoder {
  readonly #table: HpackDynamicTable
  readonly #tableLimit: number
  readonly #maxListBytes: number
  readonly #seen: Seen[] = []
  #bytes: Uint8Array = nothing
  #at = 0
  #end = 0

  /** `tableLimit`: the SETTINGS_HEADER_TABLE_SIZE of this side; `maxListBytes` counts as RFC 9113 section 6.5.2 says. */
  constructor(tableLimit: number, maxListBytes: number) {
    this.#table = new HpackDynamicTable(tableLimit)
    this.#tableLimit = tableLimit
    this.#maxListBytes = maxListBytes
    for (let slot = 0; slot < seenSlots; slot++) {
      this.#seen.push({ hash: 0, version: -1, check: undefined, bytes: nothing, block: undefined })
    }
  }

  /** Decodes the whole block `bytes[start, end)`. Throws {@link HpackError}. */
  decode(bytes: Uint8Array, start: number, end: number, check: HeaderCheck): HeaderBlock {
    if (end - start > longestSeen) return this.#decode(bytes, start, end, check)
    let hash = end - start
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    const seen = this.#seen[(hash ^ (hash >>> 15)) & (seenSlots - 1)]!
    const { version } = this.#table
    if (seen.hash === hash && seen.version === version && seen.check === check) {
      if (seen.block !== undefined && equal(seen.bytes, bytes, start, end)) return seen.block
      const block = this.#decode(bytes, start, end, check)
      if (this.#table.version === version) {
        seen.bytes = copyBytes(bytes, start, end)
        seen.block = block
      }
      return block
    }
    const block = this.#decode(bytes, start, end, check)
    seen.hash = hash
    seen.version = this.#table.version
    seen.check = check
    seen.block = undefined
    return block
  }

  #decode(bytes: Uint8Array, start: number, end: number, check: HeaderCheck): HeaderBlock {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    const table = this.#table
    const list: string[] = []
    let size = 0
    let fields = 0
    while (this.#at < this.#end) {
      const first = bytes[this.#at]!
      let name: string
      let value: string
      if (first >= 0x80) {
        const index = this.#integer(7)
        name = this.#nameAt(index)
        value = index <= staticCount ? staticValues[index]! : table.value(index - staticCount - 1)
      } else if (first >= 0x40) {
        name = this.#name(6)
        value = this.#text()
        table.insert(name, value)
      } else if (first >= 0x20) {
        if (fields > 0) throw new HpackError('a table size update behind a field')
        const limit = this.#integer(5)
        if (limit > this.#tableLimit) throw new HpackError(`a table size of ${limit}, above the limit`)
        if (limit !== table.limit) table.resize(limit)
        continue
      } else {
        name = this.#name(4)
        value = this.#text()
      }
      fields++
      size += name.length + value.length + fieldOverhead
      if (size <= this.#maxListBytes) list.push(name, value)
    }
    this.#bytes = nothing
    if (size > this.#maxListBytes) return { headers: [], problem: undefined, tooLarge: true, listBytes: size }
    return { headers: list, problem: check(list), tooLarge: false, listBytes: size }
  }

  #name(prefix: number): string {
    const index = this.#integer(prefix)
    return index === 0 ? this.#text() : this.#nameAt(index)
  }

  #nameAt(index: number): string {
    if (index >= 1 && index <= staticCount) return staticNames[index]!
    const dynamic = index - staticCount - 1
    if (index === 0 || dynamic >= this.#table.count) throw new HpackError(`index ${index} is in no table`)
    return this.#table.name(dynamic)
  }

  /** An integer with a prefix of so many bits (RFC 7541 section 5.1). */
  #integer(prefix: number): number {
    const bytes = this.#bytes
    const mask = (1 << prefix) - 1
    let value = bytes[this.#at++]! & mask
    if (value < mask) return value
    for (let shift = 0; shift <= 28; shift += 7) {
      if (this.#at >= this.#end) throw new HpackError('an integer is cut off')
      const byte = bytes[this.#at++]!
      value += (byte & 0x7f) * 2 ** shift
      if (value > largestInteger) break
      if (byte < 0x80) return value
    }
    throw new HpackError('an integer is too large')
  }

  #text(): string {
    if (this.#at >= this.#end) throw new HpackError('a field is cut off')
    const bytes = this.#bytes
    const huffman = bytes[this.#at]! >= 0x80
    const length = this.#integer(7)
    const start = this.#at
    if (length > this.#end - start) throw new HpackError('a string is cut off')
    this.#at = start + length
    if (!huffman) return latin1(bytes, start, this.#at)
    const text = huffmanDecode(bytes, start, this.#at)
    if (text === undefined) throw new HpackError('a string is not in the Huffman code')
    return text
  }
}

function equal(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let at = start; at < end; at++) if (known[at - start] !== bytes[at]) return false
  return true
}
