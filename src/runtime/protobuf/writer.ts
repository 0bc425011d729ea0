/** ProtobufWriter: the protobuf wire format, written. */

import { ByteWriter } from '../core/bytes/byte-writer.ts'
import { toInt64, toUint64 } from '../core/bytes/int64.ts'
import { brand } from '../core/copies/brand.ts'
import { ofThisVersion } from '../core/copies/process-wide.ts'
import { invalidValue } from '../core/message/invalid-value.ts'

/** How deep messages may nest. Not the 64 of Thrift: what protobuf's C++ and Java write and read by default (100) must get through. */
export const maxDepth = 100

// Every method makes room for its tag (5 bytes) and a varint (10) at once.
const head = 16

/**
 * Writes the wire format (https://protobuf.dev/programming-guides/encoding). A `tag` is `number << 3 | wire type`;
 * `xField` writes tag and value, `packedX` a whole packed field. Values are range-checked: what does not fit throws
 * RpcError INVALID_ARGUMENT. See {@link ByteWriter} for how to take what was written.
 */
export class ProtobufWriter extends ByteWriter {
  /** Starts a group; `tag` is its start tag. */
  beginGroup(tag: number): void {
    if (++this.depth > maxDepth) throw invalidValue(`something nested deeper than ${maxDepth}`, 'protobuf')
    this.#tag(tag)
  }

  /** Ends a group; `tag` is its end tag. */
  endGroup(tag: number): void {
    this.depth--
    this.#tag(tag)
  }

  /** Starts a length-delimited field and returns what `end` needs. */
  begin(tag: number): number {
    if (++this.depth > maxDepth) throw invalidValue(`something nested deeper than ${maxDepth}`, 'protobuf')
    if (this.at + head > this.bytes.length) this.grow(head)
    if (tag < 128) this.bytes[this.at++] = tag
    else this.#varint(tag)
    this.at++
    return this.at - this.start
  }

  /** Ends a length-delimited field: sets its length, moving the content when that takes more than one byte. */
  end(begun: number): void {
    const from = this.start + begun
    const length = this.at - from
    if (length < 128) {
      this.depth--
      this.bytes[from - 1] = length
      return
    }
    const extra = length < 16384 ? 1 : length < 2097152 ? 2 : length < 268435456 ? 3 : 4
    if (this.at + extra > this.bytes.length) {
      this.grow(extra)
      this.end(begun)
      return
    }
    this.depth--
    this.bytes.copyWithin(from + extra, from, this.at)
    const end = this.at + extra
    this.at = from - 1
    this.#varint(length)
    this.at = end
  }

  boolField(tag: number, value: boolean): void {
    if (typeof value !== 'boolean') throw invalidValue(value, 'a boolean')
    this.#varintField(tag, value ? 1 : 0)
  }

  int32Field(tag: number, value: number): void {
    if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
    if (value >= 0) this.#varintField(tag, value)
    else {
      this.#tag(tag)
      this.#negative32(value)
    }
  }

  uint32Field(tag: number, value: number): void {
    if (value >>> 0 !== value) throw invalidValue(value, 'an unsigned 32-bit integer')
    this.#varintField(tag, value)
  }

  sint32Field(tag: number, value: number): void {
    if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
    this.#varintField(tag, ((value << 1) ^ (value >> 31)) >>> 0)
  }

  int64Field(tag: number, value: bigint | number | string): void {
    this.#tag(tag)
    this.#varint64(signed(value))
  }

  uint64Field(tag: number, value: bigint | number | string): void {
    this.#tag(tag)
    this.#varint64(unsigned(value))
  }

  sint64Field(tag: number, value: bigint | number | string): void {
    this.#tag(tag)
    this.#zigzag64(signed(value))
  }

  fixed32Field(tag: number, value: number): void {
    if (value >>> 0 !== value) throw invalidValue(value, 'an unsigned 32-bit integer')
    this.#tag(tag)
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  sfixed32Field(tag: number, value: number): void {
    if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
    this.#tag(tag)
    this.view.setInt32(this.at, value, true)
    this.at += 4
  }

  fixed64Field(tag: number, value: bigint | number | string): void {
    this.#tag(tag)
    this.view.setBigUint64(this.at, unsigned(value), true)
    this.at += 8
  }

  sfixed64Field(tag: number, value: bigint | number | string): void {
    this.#tag(tag)
    this.view.setBigInt64(this.at, signed(value), true)
    this.at += 8
  }

  floatField(tag: number, value: number): void {
    if (typeof value !== 'number') throw invalidValue(value, 'a number')
    this.#tag(tag)
    this.view.setFloat32(this.at, value, true)
    this.at += 4
  }

  doubleField(tag: number, value: number): void {
    if (typeof value !== 'number') throw invalidValue(value, 'a number')
    this.#tag(tag)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  stringField(tag: number, value: string): void {
    if (typeof value !== 'string') throw invalidValue(value, 'a string')
    if (this.at + head > this.bytes.length) this.grow(head)
    if (tag < 128) this.bytes[this.at++] = tag
    else this.#varint(tag)
    this.varintText(value)
  }

  bytesField(tag: number, value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw invalidValue(value, 'a Uint8Array')
    this.#tag(tag)
    this.#varint(value.length)
    this.raw(value)
  }

  packedBool(tag: number, values: readonly boolean[]): void {
    const begun = this.#beginPacked(tag, values.length)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (typeof value !== 'boolean') throw invalidValue(value, 'a boolean')
      this.bytes[this.at++] = value ? 1 : 0
    }
    this.end(begun)
  }

  packedInt32(tag: number, values: readonly number[]): void {
    const begun = this.#beginPacked(tag, values.length * 10)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
      if (value >= 0) this.#varint(value)
      else this.#negative32(value)
    }
    this.end(begun)
  }

  packedUint32(tag: number, values: readonly number[]): void {
    const begun = this.#beginPacked(tag, values.length * 5)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (value >>> 0 !== value) throw invalidValue(value, 'an unsigned 32-bit integer')
      this.#varint(value)
    }
    this.end(begun)
  }

  packedSint32(tag: number, values: readonly number[]): void {
    const begun = this.#beginPacked(tag, values.length * 5)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
      this.#varint(((value << 1) ^ (value >> 31)) >>> 0)
    }
    this.end(begun)
  }

  packedInt64(tag: number, values: readonly (bigint | number | string)[]): void {
    const begun = this.#beginPacked(tag, values.length * 10)
    for (let i = 0; i < values.length; i++) this.#varint64(signed(values[i]!))
    this.end(begun)
  }

  packedUint64(tag: number, values: readonly (bigint | number | string)[]): void {
    const begun = this.#beginPacked(tag, values.length * 10)
    for (let i = 0; i < values.length; i++) this.#varint64(unsigned(values[i]!))
    this.end(begun)
  }

  packedSint64(tag: number, values: readonly (bigint | number | string)[]): void {
    const begun = this.#beginPacked(tag, values.length * 10)
    for (let i = 0; i < values.length; i++) this.#zigzag64(signed(values[i]!))
    this.end(begun)
  }

  packedFixed32(tag: number, values: readonly number[]): void {
    this.#beginFixed(tag, values.length * 4)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (value >>> 0 !== value) throw invalidValue(value, 'an unsigned 32-bit integer')
      this.view.setUint32(this.at, value, true)
      this.at += 4
    }
  }

  packedSfixed32(tag: number, values: readonly number[]): void {
    this.#beginFixed(tag, values.length * 4)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if ((value | 0) !== value) throw invalidValue(value, 'a 32-bit integer')
      this.view.setInt32(this.at, value, true)
      this.at += 4
    }
  }

  packedFixed64(tag: number, values: readonly (bigint | number | string)[]): void {
    this.#beginFixed(tag, values.length * 8)
    for (let i = 0; i < values.length; i++) {
      this.view.setBigUint64(this.at, unsigned(values[i]!), true)
      this.at += 8
    }
  }

  packedSfixed64(tag: number, values: readonly (bigint | number | string)[]): void {
    this.#beginFixed(tag, values.length * 8)
    for (let i = 0; i < values.length; i++) {
      this.view.setBigInt64(this.at, signed(values[i]!), true)
      this.at += 8
    }
  }

  packedFloat(tag: number, values: readonly number[]): void {
    this.#beginFixed(tag, values.length * 4)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (typeof value !== 'number') throw invalidValue(value, 'a number')
      this.view.setFloat32(this.at, value, true)
      this.at += 4
    }
  }

  packedDouble(tag: number, values: readonly number[]): void {
    this.#beginFixed(tag, values.length * 8)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (typeof value !== 'number') throw invalidValue(value, 'a number')
      this.view.setFloat64(this.at, value, true)
      this.at += 8
    }
  }

  #beginPacked(tag: number, atMost: number): number {
    // The 20 are for the eight bytes a 64-bit value passes through and for the length when it grows.
    this.room(head + atMost + 20)
    return this.begin(tag)
  }

  #beginFixed(tag: number, size: number): void {
    this.room(head + size)
    this.#varint(tag)
    this.#varint(size)
  }

  #varintField(tag: number, value: number): void {
    if (this.at + head > this.bytes.length) this.grow(head)
    if (tag < 128) this.bytes[this.at++] = tag
    else this.#varint(tag)
    if (value < 128) this.bytes[this.at++] = value
    else this.#varint(value)
  }

  #tag(tag: number): void {
    if (this.at + head > this.bytes.length) this.grow(head)
    this.#varint(tag)
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

  #negative32(value: number): void {
    const { bytes, at } = this
    bytes[at] = (value & 127) | 128
    bytes[at + 1] = ((value >> 7) & 127) | 128
    bytes[at + 2] = ((value >> 14) & 127) | 128
    bytes[at + 3] = ((value >> 21) & 127) | 128
    bytes[at + 4] = ((value >> 28) & 127) | 128
    bytes[at + 5] = 255
    bytes[at + 6] = 255
    bytes[at + 7] = 255
    bytes[at + 8] = 255
    bytes[at + 9] = 1
    this.at = at + 10
  }

  #varint64(value: bigint): void {
    // Through the buffer itself: its next eight bytes are free and about to be overwritten.
    this.view.setBigInt64(this.at, value, true)
    this.#varintHalves(this.view.getUint32(this.at, true), this.view.getUint32(this.at + 4, true))
  }

  #zigzag64(value: bigint): void {
    this.view.setBigInt64(this.at, value, true)
    const low = this.view.getUint32(this.at, true)
    const high = this.view.getInt32(this.at + 4, true)
    const sign = high >> 31
    this.#varintHalves(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0)
  }

  #varintHalves(lowHalf: number, highHalf: number): void {
    const { bytes } = this
    let at = this.at
    let low = lowHalf
    let high = highHalf
    while (high !== 0) {
      bytes[at++] = (low & 127) | 128
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.at = at
    this.#varint(low)
  }
}
brand(ProtobufWriter, ofThisVersion('ProtobufWriter'))

function signed(value: bigint | number | string): bigint {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value
  const big = toInt64(value)
  if (big === undefined) throw invalidValue(value, 'a 64-bit integer')
  return big
}

function unsigned(value: bigint | number | string): bigint {
  if (typeof value === 'bigint' && BigInt.asUintN(64, value) === value) return value
  const big = toUint64(value)
  if (big === undefined) throw invalidValue(value, 'an unsigned 64-bit integer')
  return big
}
