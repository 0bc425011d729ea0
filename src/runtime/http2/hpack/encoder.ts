/** HpackEncoder: header lists to header blocks (RFC 7541), those that come again from memory. */

import { allocateBytes, copyBytes } from '../../core/bytes/bytes.ts'
import { checkOutgoing } from '../header-rules.ts'
import type { Http2Headers } from '../sink.ts'
import { fieldOverhead, HpackDynamicTable } from './dynamic-table.ts'
import { huffmanEncode, huffmanLength } from './huffman.ts'
import { fieldKey, staticCount, staticFieldIndex, staticNameIndex } from './static-table.ts'

/** The largest table to keep, whatever more a peer allows. */
const largestTable = 4096
/** Values that neither side may keep in a table (RFC 7541 section 7.1.3). */
const sensitive: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])

/** What is known of a list. */
interface Kept {
  /** The block holds while the table has this version. */
  version: number
  block: Uint8Array | undefined
}

/**
 * One direction of a connection. A list is known by its identity: the second time it comes its fields enter the
 * dynamic table, from the third on its block is a copy of a few bytes. The table only fills up, nothing is evicted, so
 * that what is kept stays true.
 */
export class HpackEncoder {
  /** The block: `bytes[0, length)`, until the next `encode`. */
  bytes: Uint8Array = allocateBytes(1024)
  length = 0
  readonly #table = new HpackDynamicTable(largestTable)
  readonly #kept = new WeakMap<Http2Headers, Kept>()
  /** The newest entry of a name, and of a name with its value, counted from the first ever inserted. */
  readonly #names = new Map<string, number>()
  readonly #fields = new Map<string, number>()
  #inserted = 0
  /** Table sizes to announce with the next block. */
  #updates: number[] = []

  /** Takes the peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(size: number): void {
    const limit = Math.min(size, largestTable)
    if (limit === this.#table.limit) return
    this.#table.resize(0)
    this.#table.resize(limit)
    this.#names.clear()
    this.#fields.clear()
    this.#updates = limit === 0 ? [0] : [0, limit]
  }

  /** Encodes `headers`, which may come again, and `more`, which are of this time only. Throws TypeError for what no header can carry. */
  encode(headers: Http2Headers, more: Http2Headers | undefined): void {
    let kept = this.#kept.get(headers)
    if (kept === undefined) checkOutgoing(headers)
    if (more !== undefined) checkOutgoing(more)
    this.length = 0
    if (this.#updates.length > 0) this.#announce()
    if (kept === undefined) {
      kept = { version: -1, block: undefined }
      this.#kept.set(headers, kept)
      this.#list(headers, false)
    } else if (kept.block !== undefined && kept.version === this.#table.version) this.#copy(kept.block)
    else {
      const { version } = this.#table
      const start = this.length
      this.#list(headers, true)
      if (this.#table.version === version) {
        kept.version = version
        kept.block = copyBytes(this.bytes, start, this.length)
      }
    }
    if (more === undefined) return
    for (let i = 0; i + 1 < more.length; i += 2) this.#once(more[i]!, more[i + 1]!)
  }

  #announce(): void {
    this.#room(16)
    for (const size of this.#updates) this.#integer(0x20, 5, size)
    this.#updates = []
  }

  #copy(block: Uint8Array): void {
    const size = block.length
    this.#room(size)
    const { bytes, length } = this
    for (let i = 0; i < size; i++) bytes[length + i] = block[i]!
    this.length = length + size
  }

  #list(headers: Http2Headers, keep: boolean): void {
    for (let i = 0; i + 1 < headers.length; i += 2) this.#field(headers[i]!, headers[i + 1]!, keep)
  }

  /** A field of a list that may come again; `keep`: it did, so it goes into the table where there is room. */
  #field(name: string, value: string, keep: boolean): void {
    this.#room(name.length * 4 + value.length * 4 + 16)
    const key = fieldKey(name, value)
    const index = staticFieldIndex(key) || this.#indexOf(this.#fields.get(key))
    if (index > 0) {
      this.#integer(0x80, 7, index)
      return
    }
    const nameIndex = this.#nameIndex(name)
    if (sensitive.has(name)) this.#literal(0x10, 4, nameIndex, name, value, keep)
    else if (keep && this.#fits(name, value, this.#table.limit)) {
      this.#literal(0x40, 6, nameIndex, name, value, true)
      this.#insert(name, value)
    } else this.#literal(0x00, 4, nameIndex, name, value, keep)
  }

  /** A field of one message. Its name enters the table once, while there is room to spare, for names come again. */
  #once(name: string, value: string): void {
    this.#room(name.length * 4 + value.length * 4 + 16)
    if (sensitive.has(name)) {
      this.#literal(0x10, 4, this.#nameIndex(name), name, value, false)
      return
    }
    const number = this.#names.get(name)
    const dynamic = this.#indexOf(number)
    if (dynamic > 0 && this.#table.value(dynamic - staticCount - 1) === value) {
      this.#integer(0x80, 7, dynamic)
      return
    }
    const nameIndex = staticNameIndex(name) || dynamic
    if (nameIndex === 0 && this.#fits(name, value, this.#table.limit / 2)) {
      this.#literal(0x40, 6, 0, name, value, false)
      this.#insert(name, value)
    } else this.#literal(0x00, 4, nameIndex, name, value, false)
  }

  #nameIndex(name: string): number {
    return staticNameIndex(name) || this.#indexOf(this.#names.get(name))
  }

  #indexOf(number: number | undefined): number {
    return number === undefined ? 0 : staticCount + this.#inserted - number
  }

  #fits(name: string, value: string, limit: number): boolean {
    return this.#table.size + name.length + value.length + fieldOverhead <= limit
  }

  #insert(name: string, value: string): void {
    this.#table.insert(name, value)
    const number = this.#inserted++
    this.#names.set(name, number)
    this.#fields.set(fieldKey(name, value), number)
  }

  #literal(pattern: number, prefix: number, nameIndex: number, name: string, value: string, compact: boolean): void {
    this.#integer(pattern, prefix, nameIndex)
    if (nameIndex === 0) this.#text(name, compact)
    this.#text(value, compact)
  }

  /** `compact` is for what is kept: the Huffman code saves bytes and costs time. */
  #text(text: string, compact: boolean): void {
    const { bytes } = this
    const plain = text.length
    const packed = compact ? huffmanLength(text) : plain
    if (packed < plain) {
      this.#integer(0x80, 7, packed)
      this.length = huffmanEncode(text, bytes, this.length)
      return
    }
    this.#integer(0, 7, plain)
    const at = this.length
    if (plain > 24) latin1Write.call(bytes, text, at)
    else for (let i = 0; i < plain; i++) bytes[at + i] = text.charCodeAt(i)
    this.length = at + plain
  }

  #integer(pattern: number, prefix: number, value: number): void {
    const { bytes } = this
    const mask = (1 << prefix) - 1
    if (value < mask) {
      bytes[this.length++] = pattern | value
      return
    }
    bytes[this.length++] = pattern | mask
    let rest = value - mask
    for (; rest > 127; rest >>>= 7) bytes[this.length++] = (rest & 127) | 128
    bytes[this.length++] = rest
  }

  #room(size: number): void {
    if (this.length + size <= this.bytes.length) return
    const grown = allocateBytes((this.length + size) * 2)
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

const latin1Write = (Buffer.prototype as unknown as { latin1Write(this: Uint8Array, text: string, at: number): number })
  .latin1Write
