/** BinaryReader: the Thrift binary protocol, strict and old message headers. */

import { copyBytes } from '../../core/bytes/bytes.ts'
import { doubleFromHalves, int64FromHalves, int64ToNumber } from '../../core/bytes/int64.ts'
import { bytesWeight, entryWeight, listWeight, tableWeight, textWeight } from '../../core/bytes/memory-budget.ts'
import { ReadBudget } from '../../core/bytes/read-budget.ts'
import { utf8Read } from '../../core/bytes/utf8.ts'
import { brand } from '../../core/copies/brand.ts'
import { ofThisVersion } from '../../core/copies/process-wide.ts'
import { malformed, tooDeepToRead, truncated } from './error.ts'
import {
  containersPerStruct,
  defaultMaxDepth,
  type ThriftEnvelope,
  type ThriftReader,
  type ThriftTypeCode,
} from './protocol.ts'
import { readUuid } from './uuid.ts'

// The fewest bytes a value of each type takes; 0 marks codes that are no type.
const smallest = new Uint8Array([0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 4, 1, 6, 5, 5, 16])

/** Reads the binary protocol from bytes in place; `reset` makes it ready for the next message. */
export class BinaryReader extends ReadBudget implements ThriftReader {
  fieldId = 0
  elementType = 0
  keyType = 0
  valueType = 0
  /** Absolute place of the next byte. */
  position: number
  /** How deep structs may nest. */
  maxDepth: number = defaultMaxDepth
  #bytes: Uint8Array
  #limit: number
  #depth = 0
  #containers = 0

  constructor(bytes: Uint8Array = new Uint8Array(0), start = 0, end: number = bytes.length) {
    super()
    this.#bytes = bytes
    this.position = start
    this.#limit = end
    this.grant(end - start)
  }

  protected tooLarge(text: string): Error {
    return malformed('size_limit', text)
  }

  /** Starts at `bytes[start, end)`, which must lie inside the array. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.#bytes = bytes
    this.position = start
    this.#limit = end
    this.grant(end - start)
    this.#depth = 0
    this.#containers = 0
  }

  /** Bytes that have not been read. */
  get remaining(): number {
    return this.#limit - this.position
  }

  messageBegin(): ThriftEnvelope {
    const first = this.i32()
    if (first < 0) {
      if (first >>> 16 !== 0x8001)
        throw malformed('bad_version', `unknown protocol version 0x${(first >>> 16).toString(16)}`)
      const name = this.string()
      return { name, kind: first & 0xff, sequence: this.i32() }
    }
    // The old form: name, kind byte, sequence.
    if (first > this.#limit - this.position) throw truncated()
    const name = utf8Read(this.#bytes, this.position, this.position + first)
    this.position += first
    const kind = this.i8() & 0xff
    return { name, kind, sequence: this.i32() }
  }

  structBegin(weight = 0): void {
    this.charge(weight)
    this.count(1)
    if (++this.#depth > this.maxDepth) throw tooDeepToRead(this.maxDepth)
  }

  structEnd(): void {
    this.#depth--
  }

  containerBegin(): void {
    this.count(1)
    if (++this.#containers > this.maxDepth * containersPerStruct) throw tooDeepToRead(this.maxDepth)
  }

  containerEnd(): void {
    this.#containers--
  }

  fieldBegin(): number {
    const at = this.position
    const bytes = this.#bytes
    if (at >= this.#limit) throw truncated()
    const type = bytes[at]!
    if (type === 0) {
      this.position = at + 1
      return 0
    }
    if (at + 3 > this.#limit) throw truncated()
    this.fieldId = ((bytes[at + 1]! << 24) >> 16) | bytes[at + 2]!
    this.position = at + 3
    return type
  }

  bool(): boolean {
    if (this.position >= this.#limit) throw truncated()
    return this.#bytes[this.position++] !== 0
  }

  i8(): number {
    if (this.position >= this.#limit) throw truncated()
    return (this.#bytes[this.position++]! << 24) >> 24
  }

  i16(): number {
    const at = this.position
    if (at + 2 > this.#limit) throw truncated()
    this.position = at + 2
    return ((this.#bytes[at]! << 24) >> 16) | this.#bytes[at + 1]!
  }

  i32(): number {
    const at = this.position
    const bytes = this.#bytes
    if (at + 4 > this.#limit) throw truncated()
    this.position = at + 4
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }

  i64(): bigint {
    const at = this.position
    const bytes = this.#bytes
    if (at + 8 > this.#limit) throw truncated()
    this.position = at + 8
    const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    const low = (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!
    return int64FromHalves(low, high)
  }

  i64Number(): number {
    const high = this.i32()
    const value = int64ToNumber(this.i32(), high)
    if (!Number.isSafeInteger(value)) throw malformed('invalid_data', `the i64 ${value} is not a safe integer`)
    return value
  }

  i64String(): string {
    return this.i64().toString()
  }

  double(): number {
    const at = this.position
    const bytes = this.#bytes
    if (at + 8 > this.#limit) throw truncated()
    this.position = at + 8
    const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    const low = (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!
    return doubleFromHalves(low, high)
  }

  string(): string {
    const size = this.#size()
    // Shorter ones are shared.
    if (size > 1) this.charge(textWeight)
    const at = this.position
    this.position = at + size
    return utf8Read(this.#bytes, at, at + size)
  }

  binary(): Uint8Array {
    this.charge(bytesWeight)
    const size = this.#size()
    const at = this.position
    this.position = at + size
    return copyBytes(this.#bytes, at, at + size)
  }

  binaryView(): Uint8Array {
    this.charge(bytesWeight)
    const size = this.#size()
    const at = this.position
    this.position = at + size
    return this.#bytes.subarray(at, at + size)
  }

  uuid(): string {
    const at = this.position
    if (at + 16 > this.#limit) throw truncated()
    this.position = at + 16
    return readUuid(this.#bytes, at)
  }

  listBegin(): number {
    if (this.position + 5 > this.#limit) throw truncated()
    this.elementType = this.#bytes[this.position++]!
    const size = this.i32()
    this.#checkContainer(size, sizeOf(this.elementType, size))
    return size
  }

  setBegin(): number {
    return this.listBegin()
  }

  mapBegin(): number {
    if (this.position + 6 > this.#limit) throw truncated()
    this.keyType = this.#bytes[this.position++]!
    this.valueType = this.#bytes[this.position++]!
    const size = this.i32()
    this.#checkContainer(size, sizeOf(this.keyType, size) + sizeOf(this.valueType, size))
    return size
  }

  listOf(element: ThriftTypeCode): number {
    const size = this.listBegin()
    this.charge(listWeight(size))
    this.count(1)
    if (this.elementType === element || size === 0) return size
    this.#skipElements(size, this.elementType)
    return -1
  }

  mapOf(key: ThriftTypeCode, value: ThriftTypeCode): number {
    const size = this.mapBegin()
    this.charge(tableWeight + 2 + size * entryWeight)
    this.count(1 + size)
    if ((this.keyType === key && this.valueType === value) || size === 0) return size
    this.#skipEntries(size, this.keyType, this.valueType)
    return -1
  }

  /** The bytes of a struct, copied. They are whole: the struct has been walked through. */
  struct(): Uint8Array {
    const begin = this.position
    this.skip(12)
    return copyBytes(this.#bytes, begin, this.position)
  }

  skip(type: number): void {
    switch (type) {
      case 11:
        this.#advance(this.#size())
        return
      case 12:
        this.structBegin()
        for (let field = this.fieldBegin(); field !== 0; field = this.fieldBegin()) this.skip(field)
        this.structEnd()
        return
      case 13: {
        const size = this.mapBegin()
        this.#skipEntries(size, this.keyType, this.valueType)
        return
      }
      case 14:
      case 15: {
        const size = this.listBegin()
        this.#skipElements(size, this.elementType)
        return
      }
      default: {
        const size = smallest[type]
        if (size === undefined || size === 0) throw malformed('invalid_data', `unknown type ${type}`)
        this.#advance(size)
      }
    }
  }

  #skipElements(size: number, type: number): void {
    this.containerBegin()
    for (let i = 0; i < size; i++) this.skip(type)
    this.containerEnd()
  }

  #skipEntries(size: number, key: number, value: number): void {
    this.containerBegin()
    for (let i = 0; i < size; i++) {
      this.skip(key)
      this.skip(value)
    }
    this.containerEnd()
  }

  #advance(size: number): void {
    if (size > this.#limit - this.position) throw truncated()
    this.position += size
  }

  /** The length of a string, checked. */
  #size(): number {
    const size = this.i32()
    if (size < 0) throw malformed('negative_size', `a length of ${size}`)
    if (size > this.#limit - this.position)
      throw malformed('size_limit', `a length of ${size} with ${this.remaining} bytes left`)
    return size
  }

  #checkContainer(size: number, least: number): void {
    if (size < 0) throw malformed('negative_size', `a container of ${size}`)
    if (size * least > this.#limit - this.position)
      throw malformed('size_limit', `a container of ${size} with ${this.remaining} bytes left`)
  }
}
brand(BinaryReader, ofThisVersion('BinaryReader'))

function sizeOf(type: number, size: number): number {
  const least = smallest[type]
  if (least !== undefined && least !== 0) return least
  // An empty container may name no type; some writers do.
  if (size === 0) return 0
  throw malformed('invalid_data', `unknown type ${type}`)
}
