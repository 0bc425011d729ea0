/** CompactReader: the Thrift compact protocol, read in place. */

import { copyBytes } from '../../core/bytes/bytes.ts'
import { doubleFromHalves, int64FromHalves, int64ToNumber } from '../../core/bytes/int64.ts'
import { bytesWeight, entryWeight, listWeight, tableWeight, textWeight } from '../../core/bytes/memory-budget.ts'
import { ReadBudget } from '../../core/bytes/read-budget.ts'
import { utf8Read } from '../../core/bytes/utf8.ts'
import { brand } from '../../core/copies/brand.ts'
import { ofThisVersion } from '../../core/copies/process-wide.ts'
import { binaryTypes } from './compact-type.ts'
import { malformed, tooDeepToRead, truncated } from './error.ts'
import {
  containersPerStruct,
  defaultMaxDepth,
  highestMaxDepth,
  type ThriftEnvelope,
  type ThriftReader,
  type ThriftTypeCode,
} from './protocol.ts'
import { readUuid } from './uuid.ts'

/** Reads the compact protocol from bytes in place; `reset` makes it ready for the next message. */
export class CompactReader extends ReadBudget implements ThriftReader {
  fieldId = 0
  elementType = 0
  keyType = 0
  valueType = 0
  /** Absolute place of the next byte. */
  position: number
  /** How deep structs may nest. */
  maxDepth: number = defaultMaxDepth
  #bytes: Uint8Array
  #end: number
  #depth = 0
  #containers = 0
  readonly #outer = new Int32Array(highestMaxDepth)
  // 1 or 2 when the header of a bool field held its value.
  #held = 0
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array = new Uint8Array(0), start = 0, end: number = bytes.length) {
    super()
    this.#bytes = bytes
    this.position = start
    this.#end = end
    this.grant(end - start)
  }

  protected tooLarge(text: string): Error {
    return malformed('size_limit', text)
  }

  /** Starts at `bytes[start, end)`, which must lie inside the array. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.#bytes = bytes
    this.position = start
    this.#end = end
    this.grant(end - start)
    this.#depth = 0
    this.#containers = 0
    this.#held = 0
    this.fieldId = 0
  }

  /** Bytes that have not been read. */
  get remaining(): number {
    return this.#end - this.position
  }

  messageBegin(): ThriftEnvelope {
    const protocol = this.#byte()
    if (protocol !== 0x82) throw malformed('bad_version', `unknown protocol id 0x${protocol.toString(16)}`)
    const kindAndVersion = this.#byte()
    if ((kindAndVersion & 31) !== 1) throw malformed('bad_version', `unknown protocol version ${kindAndVersion & 31}`)
    const sequence = this.#varint() | 0
    return { name: this.string(), kind: (kindAndVersion >> 5) & 7, sequence }
  }

  structBegin(weight = 0): void {
    this.charge(weight)
    this.count(1)
    if (this.#depth >= this.maxDepth) throw tooDeepToRead(this.maxDepth)
    this.#outer[this.#depth++] = this.fieldId
    this.fieldId = 0
  }

  structEnd(): void {
    this.fieldId = this.#outer[--this.#depth]!
  }

  containerBegin(): void {
    this.count(1)
    if (++this.#containers > this.maxDepth * containersPerStruct) throw tooDeepToRead(this.maxDepth)
  }

  containerEnd(): void {
    this.#containers--
  }

  fieldBegin(): number {
    if (this.position >= this.#end) throw truncated()
    const header = this.#bytes[this.position++]!
    if (header === 0) return 0
    const type = header & 15
    const id = header > 15 ? this.fieldId + (header >> 4) : this.i16()
    if (id > 32767) throw malformed('invalid_data', `the field id ${id} is not an i16`)
    this.fieldId = id
    if (type === 1 || type === 2) {
      this.#held = type
      return 2
    }
    return this.#known(type)
  }

  bool(): boolean {
    if (this.#held !== 0) {
      const held = this.#held
      this.#held = 0
      return held === 1
    }
    return this.#byte() === 1
  }

  i8(): number {
    return (this.#byte() << 24) >> 24
  }

  i16(): number {
    const value = this.i32()
    if ((value << 16) >> 16 !== value) throw malformed('invalid_data', `${value} is not an i16`)
    return value
  }

  i32(): number {
    const value = this.#varint()
    return (value >>> 1) ^ -(value & 1)
  }

  i64(): bigint {
    this.#zigzag64()
    return int64FromHalves(this.#low, this.#high)
  }

  i64Number(): number {
    this.#zigzag64()
    const value = int64ToNumber(this.#low, this.#high)
    if (!Number.isSafeInteger(value)) throw malformed('invalid_data', `the i64 ${value} is not a safe integer`)
    return value
  }

  i64String(): string {
    return this.i64().toString()
  }

  double(): number {
    const low = this.#word()
    return doubleFromHalves(low, this.#word())
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
    this.#advance(16)
    return readUuid(this.#bytes, at)
  }

  listBegin(): number {
    const header = this.#byte()
    this.elementType = this.#known(header & 15)
    const size = header >> 4 === 15 ? this.#varint() : header >> 4
    this.#checkContainer(size, size === 0 ? 0 : this.#least(this.elementType))
    return size
  }

  setBegin(): number {
    return this.listBegin()
  }

  mapBegin(): number {
    const size = this.#varint()
    if (size === 0) {
      this.keyType = 0
      this.valueType = 0
      return 0
    }
    const types = this.#byte()
    this.keyType = this.#known(types >> 4)
    this.valueType = this.#known(types & 15)
    this.#checkContainer(size, this.#least(this.keyType) + this.#least(this.valueType))
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

  skip(type: number): void {
    switch (type) {
      case 2:
        this.bool()
        return
      case 3:
        this.#advance(1)
        return
      case 4:
        this.#advance(8)
        return
      case 6:
      case 8:
      case 10:
        this.#varint64()
        return
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
      case 16:
        this.#advance(16)
        return
      default:
        throw malformed('invalid_data', `unknown type ${type}`)
    }
  }

  #byte(): number {
    if (this.position >= this.#end) throw truncated()
    return this.#bytes[this.position++]!
  }

  /** The binary type code of a compact one. */
  #known(type: number): number {
    const known = binaryTypes[type]!
    if (known === 255) throw malformed('invalid_data', `unknown type ${type}`)
    return known
  }

  #least(type: number): number {
    if (type === 0) throw malformed('invalid_data', 'elements of type 0')
    return type === 4 ? 8 : type === 16 ? 16 : 1
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
    if (size > this.#end - this.position) throw truncated()
    this.position += size
  }

  /** The length of a string, checked. */
  #size(): number {
    const size = this.#varint()
    if (size > 0x7fffffff) throw malformed('negative_size', `a length of ${size | 0}`)
    if (size > this.#end - this.position)
      throw malformed('size_limit', `a length of ${size} with ${this.remaining} bytes left`)
    return size
  }

  #checkContainer(size: number, least: number): void {
    if (size > 0x7fffffff) throw malformed('negative_size', `a container of ${size | 0}`)
    if (size * least > this.#end - this.position)
      throw malformed('size_limit', `a container of ${size} with ${this.remaining} bytes left`)
  }

  #word(): number {
    const at = this.position
    this.#advance(4)
    const bytes = this.#bytes
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }

  /** An unsigned varint of at most 32 bits. */
  #varint(): number {
    const at = this.position
    if (at < this.#end && this.#bytes[at]! < 128) {
      this.position = at + 1
      return this.#bytes[at]!
    }
    this.#varint64()
    if (this.#high !== 0) throw malformed('invalid_data', 'a varint beyond 32 bits')
    return this.#low >>> 0
  }

  #varint64(): void {
    const bytes = this.#bytes
    const end = this.#end
    let at = this.position
    let low = 0
    let byte = 0
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw truncated()
      byte = bytes[at++]!
      low |= (byte & 127) << shift
      if (byte < 128) {
        this.position = at
        this.#low = low
        this.#high = 0
        return
      }
    }
    if (at >= end) throw truncated()
    byte = bytes[at++]!
    low |= (byte & 127) << 28
    let high = (byte & 127) >> 4
    for (let shift = 3; byte > 127; shift += 7) {
      if (shift > 31) throw malformed('invalid_data', 'a varint of more than 10 bytes')
      if (at >= end) throw truncated()
      byte = bytes[at++]!
      high |= (byte & 127) << shift
    }
    this.position = at
    this.#low = low
    this.#high = high
  }

  #zigzag64(): void {
    this.#varint64()
    const sign = -(this.#low & 1)
    const low = ((this.#low >>> 1) | (this.#high << 31)) ^ sign
    this.#high = (this.#high >>> 1) ^ sign
    this.#low = low
  }
}
brand(CompactReader, ofThisVersion('CompactReader'))
