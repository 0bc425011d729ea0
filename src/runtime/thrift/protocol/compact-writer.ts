/** CompactWriter: the Thrift compact protocol, written. */

import { ByteWriter } from '../../core/bytes/byte-writer.ts'
import { toInt64 } from '../../core/bytes/int64.ts'
import { brand } from '../../core/copies/brand.ts'
import { ofThisVersion } from '../../core/copies/process-wide.ts'
import { invalidValue } from '../../core/message/invalid-value.ts'
import { compactTypes } from './compact-type.ts'
import { tooDeepToWrite } from './error.ts'
import {
  defaultMaxDepth,
  highestMaxDepth,
  type ThriftMessageKind,
  type ThriftTypeCode,
  type ThriftWriter,
} from './protocol.ts'
import { writeUuid } from './uuid.ts'

// Room for a field header (4 bytes) and a varint (10) at once.
const head = 16
const noField = -65536

/**
 * Writes the compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md),
 * doubles little-endian as every implementation does. See {@link ByteWriter} for how to take what was written.
 */
export class CompactWriter extends ByteWriter implements ThriftWriter {
  /** How deep structs may nest. */
  maxDepth: number = defaultMaxDepth
  #last = 0
  readonly #outer = new Int16Array(highestMaxDepth)
  // The id of a bool field whose header waits for the value.
  #boolId = noField

  messageBegin(name: string, kind: ThriftMessageKind, sequence: number): void {
    this.room(head)
    this.bytes[this.at++] = 0x82
    this.bytes[this.at++] = (kind << 5) | 1
    this.#varint(sequence >>> 0)
    this.string(name)
  }

  messageEnd(): void {}

  structBegin(): void {
    if (this.depth >= this.maxDepth) throw tooDeepToWrite(this.maxDepth)
    this.#outer[this.depth++] = this.#last
    this.#last = 0
  }

  structEnd(): void {
    if (this.at >= this.bytes.length) this.grow(1)
    this.bytes[this.at++] = 0
    this.#last = this.#outer[--this.depth]!
  }

  fieldBegin(type: ThriftTypeCode, id: number): void {
    if (type === 2) this.#boolId = id
    else this.#header(compactTypes[type]!, id)
  }

  boolField(id: number, value: boolean): void {
    if (typeof value !== 'boolean') throw invalidValue(value, 'a boolean')
    this.#header(value ? 1 : 2, id)
  }

  i8Field(id: number, value: number): void {
    this.#header(3, id)
    this.i8(value)
  }

  i16Field(id: number, value: number): void {
    this.#header(4, id)
    this.i16(value)
  }

  i32Field(id: number, value: number): void {
    this.#header(5, id)
    this.i32(value)
  }

  i64Field(id: number, value: bigint | number | string): void {
    this.#header(6, id)
    this.i64(value)
  }

  doubleField(id: number, value: number): void {
    this.#header(7, id)
    this.double(value)
  }

  stringField(id: number, value: string): void {
    this.#header(8, id)
    this.string(value)
  }

  binaryField(id: number, value: Uint8Array): void {
    this.#header(8, id)
    this.binary(value)
  }

  bool(value: boolean): void {
    if (this.#boolId !== noField) {
      const id = this.#boolId
      this.#boolId = noField
      this.boolField(id, value)
      return
    }
    if (typeof value !== 'boolean') throw invalidValue(value, 'a boolean')
    if (this.at >= this.bytes.length) this.grow(1)
    this.bytes[this.at++] = value ? 1 : 2
  }

  i8(value: number): void {
    if ((value << 24) >> 24 !== value) throw invalidValue(value, 'an 8-bit integer')
    if (this.at >= this.bytes.length) this.grow(1)
    this.bytes[this.at++] = value
  }

  i16(value: number): void {
    if ((value << 16) >> 16 !== value) throw invalidValue(value, 'a 16-bit integer')
    if (this.at + head > this.bytes.length) this.grow(head)
    this.#varint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  i32(value: number): void {
    if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
    if (this.at + head > this.bytes.length) this.grow(head)
    this.#varint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  i64(value: bigint | number | string): void {
    const big = typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : toInt64(value)
    if (big === undefined) throw invalidValue(value, 'a 64-bit integer')
    if (this.at + head > this.bytes.length) this.grow(head)
    // Through the buffer itself: its next eight bytes are free and about to be overwritten.
    this.view.setBigInt64(this.at, big, true)
    const lowHalf = this.view.getUint32(this.at, true)
    const highHalf = this.view.getInt32(this.at + 4, true)
    const sign = highHalf >> 31
    let low = ((lowHalf << 1) ^ sign) >>> 0
    let high = (((highHalf << 1) | (lowHalf >>> 31)) ^ sign) >>> 0
    const { bytes } = this
    let at = this.at
    while (high !== 0) {
      bytes[at++] = (low & 127) | 128
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.at = at
    this.#varint(low)
  }

  double(value: number): void {
    if (typeof value !== 'number') throw invalidValue(value, 'a number')
    if (this.at + 8 > this.bytes.length) this.grow(8)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  string(value: string): void {
    if (typeof value !== 'string') throw invalidValue(value, 'a string')
    this.varintText(value)
  }

  binary(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw invalidValue(value, 'a Uint8Array')
    this.room(head)
    this.#varint(value.length)
    this.raw(value)
  }

  uuid(value: string): void {
    this.room(16)
    writeUuid(this.bytes, this.at, value)
    this.at += 16
  }

  listBegin(element: ThriftTypeCode, size: number): void {
    if (this.at + head > this.bytes.length) this.grow(head)
    if (size < 15) this.bytes[this.at++] = (size << 4) | compactTypes[element]!
    else {
      this.bytes[this.at++] = 0xf0 | compactTypes[element]!
      this.#varint(size)
    }
  }

  setBegin(element: ThriftTypeCode, size: number): void {
    this.listBegin(element, size)
  }

  mapBegin(key: ThriftTypeCode, value: ThriftTypeCode, size: number): void {
    if (this.at + head > this.bytes.length) this.grow(head)
    this.#varint(size)
    if (size > 0) this.bytes[this.at++] = (compactTypes[key]! << 4) | compactTypes[value]!
  }

  protected override opened(): void {
    this.#last = 0
    this.#boolId = noField
  }

  #header(type: number, id: number): void {
    if (this.at + head > this.bytes.length) this.grow(head)
    const delta = id - this.#last
    if (delta > 0 && delta < 16) this.bytes[this.at++] = (delta << 4) | type
    else {
      this.bytes[this.at++] = type
      this.#varint(((id << 1) ^ (id >> 31)) >>> 0)
    }
    this.#last = id
  }

  #varint(value: number): void {
    const { bytes } = this
    let at = this.at
    let rest = value
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    bytes[at] = rest
    this.at = at + 1
  }
}
brand(CompactWriter, ofThisVersion('CompactWriter'))
