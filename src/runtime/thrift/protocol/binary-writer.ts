/** BinaryWriter: the Thrift binary protocol, written strict. */

import { ByteWriter } from '../../core/bytes/byte-writer.ts'
import { toInt64 } from '../../core/bytes/int64.ts'
import { utf8Length, utf8Write } from '../../core/bytes/utf8.ts'
import { brand } from '../../core/copies/brand.ts'
import { ofThisVersion } from '../../core/copies/process-wide.ts'
import { invalidValue } from '../../core/message/invalid-value.ts'
import { tooDeepToWrite } from './error.ts'
import { defaultMaxDepth, type ThriftMessageKind, type ThriftTypeCode, type ThriftWriter } from './protocol.ts'
import { writeUuid } from './uuid.ts'

// Beyond this the exact size of a string is asked for before room is made.
const guessLimit = 8192

/**
 * Writes the binary protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md) with
 * strict message headers. See {@link ByteWriter} for how to take what was written.
 */
export class BinaryWriter extends ByteWriter implements ThriftWriter {
  /** How deep structs may nest. */
  maxDepth: number = defaultMaxDepth

  messageBegin(name: string, kind: ThriftMessageKind, sequence: number): void {
    this.room(4)
    this.view.setUint32(this.at, 0x80010000 | kind)
    this.at += 4
    this.string(name)
    this.i32(sequence | 0)
  }

  messageEnd(): void {}

  structBegin(): void {
    if (++this.depth > this.maxDepth) throw tooDeepToWrite(this.maxDepth)
  }

  structEnd(): void {
    this.depth--
    if (this.at >= this.bytes.length) this.grow(1)
    this.bytes[this.at++] = 0
  }

  fieldBegin(type: ThriftTypeCode, id: number): void {
    if (this.at + 3 > this.bytes.length) this.grow(3)
    const { bytes, at } = this
    bytes[at] = type
    bytes[at + 1] = id >> 8
    bytes[at + 2] = id
    this.at = at + 3
  }

  boolField(id: number, value: boolean): void {
    this.fieldBegin(2, id)
    this.bool(value)
  }

  i8Field(id: number, value: number): void {
    this.fieldBegin(3, id)
    this.i8(value)
  }

  i16Field(id: number, value: number): void {
    this.fieldBegin(6, id)
    this.i16(value)
  }

  i32Field(id: number, value: number): void {
    if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
    if (this.at + 7 > this.bytes.length) this.grow(7)
    const { bytes, at } = this
    bytes[at] = 8
    bytes[at + 1] = id >> 8
    bytes[at + 2] = id
    bytes[at + 3] = value >> 24
    bytes[at + 4] = value >> 16
    bytes[at + 5] = value >> 8
    bytes[at + 6] = value
    this.at = at + 7
  }

  i64Field(id: number, value: bigint | number | string): void {
    this.fieldBegin(10, id)
    this.i64(value)
  }

  doubleField(id: number, value: number): void {
    this.fieldBegin(4, id)
    this.double(value)
  }

  stringField(id: number, value: string): void {
    this.fieldBegin(11, id)
    this.string(value)
  }

  binaryField(id: number, value: Uint8Array): void {
    this.fieldBegin(11, id)
    this.binary(value)
  }

  bool(value: boolean): void {
    if (typeof value !== 'boolean') throw invalidValue(value, 'a boolean')
    if (this.at >= this.bytes.length) this.grow(1)
    this.bytes[this.at++] = value ? 1 : 0
  }

  i8(value: number): void {
    if ((value << 24) >> 24 !== value) throw invalidValue(value, 'an 8-bit integer')
    if (this.at >= this.bytes.length) this.grow(1)
    this.bytes[this.at++] = value
  }

  i16(value: number): void {
    if ((value << 16) >> 16 !== value) throw invalidValue(value, 'a 16-bit integer')
    if (this.at + 2 > this.bytes.length) this.grow(2)
    const { bytes, at } = this
    bytes[at] = value >> 8
    bytes[at + 1] = value
    this.at = at + 2
  }

  i32(value: number): void {
    if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
    if (this.at + 4 > this.bytes.length) this.grow(4)
    const { bytes, at } = this
    bytes[at] = value >> 24
    bytes[at + 1] = value >> 16
    bytes[at + 2] = value >> 8
    bytes[at + 3] = value
    this.at = at + 4
  }

  i64(value: bigint | number | string): void {
    if (this.at + 8 > this.bytes.length) this.grow(8)
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(64, value) !== value) throw invalidValue(value, 'a 64-bit integer')
      this.view.setBigInt64(this.at, value)
    } else if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) throw invalidValue(value, 'a safe integer')
      this.view.setInt32(this.at, Math.floor(value / 4294967296))
      this.view.setInt32(this.at + 4, value | 0)
    } else {
      const big = toInt64(value)
      if (big === undefined) throw invalidValue(value, 'a 64-bit integer')
      this.view.setBigInt64(this.at, big)
    }
    this.at += 8
  }

  double(value: number): void {
    if (typeof value !== 'number') throw invalidValue(value, 'a number')
    if (this.at + 8 > this.bytes.length) this.grow(8)
    this.view.setFloat64(this.at, value)
    this.at += 8
  }

  string(value: string): void {
    if (typeof value !== 'string') throw invalidValue(value, 'a string')
    this.room(4 + (value.length < guessLimit ? value.length * 3 : utf8Length(value)))
    const { bytes, at } = this
    const size = utf8Write(bytes, value, at + 4)
    bytes[at] = size >> 24
    bytes[at + 1] = size >> 16
    bytes[at + 2] = size >> 8
    bytes[at + 3] = size
    this.at = at + 4 + size
  }

  binary(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw invalidValue(value, 'a Uint8Array')
    this.i32(value.length)
    this.raw(value)
  }

  uuid(value: string): void {
    this.room(16)
    writeUuid(this.bytes, this.at, value)
    this.at += 16
  }

  listBegin(element: ThriftTypeCode, size: number): void {
    if (this.at + 5 > this.bytes.length) this.grow(5)
    this.bytes[this.at++] = element
    this.i32(size)
  }

  setBegin(element: ThriftTypeCode, size: number): void {
    this.listBegin(element, size)
  }

  mapBegin(key: ThriftTypeCode, value: ThriftTypeCode, size: number): void {
    if (this.at + 6 > this.bytes.length) this.grow(6)
    this.bytes[this.at++] = key
    this.bytes[this.at++] = value
    this.i32(size)
  }
}
brand(BinaryWriter, ofThisVersion('BinaryWriter'))
