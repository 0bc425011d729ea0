/** ProtobufReader: the protobuf wire format, read in place. */

import { copyBytes } from '../core/bytes/bytes.ts'
import {
  doubleFromHalves,
  int64FromHalves,
  int64ToNumber,
  uint64FromHalves,
  uint64ToNumber,
} from '../core/bytes/int64.ts'
import { bytesWeight, slotsWeight, textWeight } from '../core/bytes/memory-budget.ts'
import { ReadBudget } from '../core/bytes/read-budget.ts'
import { utf8Read, utf8ReadStrict } from '../core/bytes/utf8.ts'
import { brand } from '../core/copies/brand.ts'
import { ofThisVersion } from '../core/copies/process-wide.ts'
import type { UnknownFields } from '../core/message/unknown-fields.ts'
import { malformed, truncated } from './error.ts'
import { maxDepth } from './writer.ts'

/**
 * Reads the wire format (https://protobuf.dev/programming-guides/encoding) from bytes in place; `reset` makes it ready
 * for the next message. Bytes that are not protobuf throw RpcError INTERNAL with a {@link ProtobufError} as cause.
 */
export class ProtobufReader extends ReadBudget {
  /** Absolute place of the next byte. */
  position: number
  #source: Uint8Array
  #limit: number
  // Open messages, the outermost included.
  #depth = 1
  /** Where the latest length-delimited value begins. */
  #valueStart = 0
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array = new Uint8Array(0), start = 0, end: number = bytes.length) {
    super()
    this.#source = bytes
    this.position = start
    this.#limit = end
    this.grant(end - start)
  }

  /** Where the bytes end: what a decode of the whole message takes as its `end`. */
  get end(): number {
    return this.#limit
  }

  protected tooLarge(text: string): Error {
    return malformed(text)
  }

  /** Starts at `bytes[start, end)`, which must lie inside the array. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.#source = bytes
    this.position = start
    this.#limit = end
    this.grant(end - start)
    this.#depth = 1
  }

  /** The tag of the next field: `number << 3 | wire type`, unsigned. */
  tag(): number {
    const at = this.position
    if (at >= this.#limit) throw truncated()
    const first = this.#source[at]!
    if (first < 128) {
      if (first < 8) throw malformed('a field number of 0')
      this.position = at + 1
      return first
    }
    this.#varint64()
    if (this.#high !== 0) throw malformed('a tag beyond 32 bits')
    if (this.#low >>> 3 === 0) throw malformed('a field number of 0')
    return this.#low >>> 0
  }

  /** The end of a length-delimited field whose length comes next. */
  length(): number {
    const size = this.uint32()
    const end = this.position + size
    if (end > this.#limit) throw malformed(`a length of ${size} with ${this.#limit - this.position} bytes left`)
    this.#valueStart = this.position
    return end
  }

  /**
   * Enters a nested message and returns its end; its decode leaves with {@link leave}. `weight` is what the message
   * takes in memory before its fields are read, in units of 16 bytes.
   */
  enter(weight = 0): number {
    this.charge(weight)
    this.count(1)
    if (++this.#depth > maxDepth) throw malformed(`nested deeper than ${maxDepth}`)
    return this.length()
  }

  /** Enters a message of no bytes, which stands for one that is absent from a map entry; returns its end. */
  empty(weight = 0): number {
    this.charge(weight)
    this.count(1)
    this.#depth++
    return this.position
  }

  /** Ends the reading of a packed field: every byte of it must have been read. */
  at(end: number): void {
    this.#ends(end)
    const bytes = this.#source
    let count = 0
    // Each varint ends with a byte below 128; numbers of fixed size count for more than they are.
    for (let at = this.#valueStart; at < end; at++) count += 1 - (bytes[at]! >> 7)
    this.charge(slotsWeight(count))
  }

  /** Ends the reading of a message: every byte of it must have been read. */
  leave(end: number): void {
    if (this.position !== end) throw malformed('a field crosses the end of its message')
    this.#depth--
  }

  /** Enters a group, whose start tag has been read, and returns the place of its end tag. Close it with `leaveGroup`. */
  enterGroup(tag: number, weight = 0): number {
    this.charge(weight)
    if (++this.#depth > maxDepth) throw malformed(`nested deeper than ${maxDepth}`)
    const start = this.position
    const end = this.#skipGroup(tag)
    this.position = start
    return end
  }

  /** Reads over the end tag of a group. */
  leaveGroup(): void {
    this.tag()
  }

  bool(): boolean {
    const at = this.position
    if (at < this.#limit && this.#source[at]! < 128) {
      this.position = at + 1
      return this.#source[at] !== 0
    }
    this.#varint64()
    return (this.#low | this.#high) !== 0
  }

  int32(): number {
    const at = this.position
    if (at < this.#limit && this.#source[at]! < 128) {
      this.position = at + 1
      return this.#source[at]!
    }
    return this.#varint32()
  }

  uint32(): number {
    const at = this.position
    if (at < this.#limit && this.#source[at]! < 128) {
      this.position = at + 1
      return this.#source[at]!
    }
    return this.#varint32() >>> 0
  }

  sint32(): number {
    const value = this.uint32()
    return (value >>> 1) ^ -(value & 1)
  }

  int64(): bigint {
    this.#varint64()
    return int64FromHalves(this.#low, this.#high)
  }

  int64Number(): number {
    this.#varint64()
    return safe(int64ToNumber(this.#low, this.#high))
  }

  int64String(): string {
    return this.int64().toString()
  }

  uint64(): bigint {
    this.#varint64()
    return uint64FromHalves(this.#low, this.#high)
  }

  uint64Number(): number {
    this.#varint64()
    return safe(uint64ToNumber(this.#low, this.#high))
  }

  uint64String(): string {
    return this.uint64().toString()
  }

  sint64(): bigint {
    this.#zigzag64()
    return int64FromHalves(this.#low, this.#high)
  }

  sint64Number(): number {
    this.#zigzag64()
    return safe(int64ToNumber(this.#low, this.#high))
  }

  sint64String(): string {
    return this.sint64().toString()
  }

  fixed32(): number {
    return this.sfixed32() >>> 0
  }

  sfixed32(): number {
    const at = this.position
    const bytes = this.#source
    if (at + 4 > this.#limit) throw truncated()
    this.position = at + 4
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }

  fixed64(): bigint {
    const at = this.position
    const bytes = this.#source
    if (at + 8 > this.#limit) throw truncated()
    this.position = at + 8
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)
    return uint64FromHalves(low, high)
  }

  fixed64Number(): number {
    const low = this.sfixed32()
    return safe(uint64ToNumber(low, this.sfixed32()))
  }

  fixed64String(): string {
    return this.fixed64().toString()
  }

  sfixed64(): bigint {
    const at = this.position
    const bytes = this.#source
    if (at + 8 > this.#limit) throw truncated()
    this.position = at + 8
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)
    return int64FromHalves(low, high)
  }

  sfixed64Number(): number {
    const low = this.sfixed32()
    return safe(int64ToNumber(low, this.sfixed32()))
  }

  sfixed64String(): string {
    return this.sfixed64().toString()
  }

  float(): number {
    return floatFromBits(this.sfixed32())
  }

  double(): number {
    const at = this.position
    const bytes = this.#source
    if (at + 8 > this.#limit) throw truncated()
    this.position = at + 8
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)
    return doubleFromHalves(low, high)
  }

  /** Appends the values of a packed field. */
  packedBool(into: boolean[]): void {
    const end = this.length()
    while (this.position < end) into.push(this.bool())
    this.at(end)
  }

  packedInt32(into: number[]): void {
    const end = this.length()
    while (this.position < end) into.push(this.int32())
    this.at(end)
  }

  packedUint32(into: number[]): void {
    const end = this.length()
    while (this.position < end) into.push(this.uint32())
    this.at(end)
  }

  packedSint32(into: number[]): void {
    const end = this.length()
    while (this.position < end) into.push(this.sint32())
    this.at(end)
  }

  packedFixed32(into: number[]): void {
    const end = this.length()
    while (this.position < end) into.push(this.fixed32())
    this.at(end)
  }

  packedSfixed32(into: number[]): void {
    const end = this.length()
    while (this.position < end) into.push(this.sfixed32())
    this.at(end)
  }

  packedFloat(into: number[]): void {
    const end = this.length()
    const start = this.position
    const view = new DataView(this.#source.buffer, this.#source.byteOffset + start, end - start)
    const size = end - start - 3
    for (let at = 0; at < size; at += 4) into.push(view.getFloat32(at, true))
    this.position = end - ((end - start) & 3)
    this.#ends(end)
    this.charge(slotsWeight((end - start) >> 2))
  }

  packedDouble(into: number[]): void {
    const end = this.length()
    const start = this.position
    const view = new DataView(this.#source.buffer, this.#source.byteOffset + start, end - start)
    const size = end - start - 7
    for (let at = 0; at < size; at += 8) into.push(view.getFloat64(at, true))
    this.position = end - ((end - start) & 7)
    this.#ends(end)
    this.charge(slotsWeight((end - start) >> 3))
  }

  /** Text that must be UTF-8, as proto3 asks; the error names no more than that. */
  string(): string {
    const end = this.length()
    const start = this.position
    // Shorter ones are shared.
    if (end - start > 1) this.charge(textWeight)
    this.position = end
    const text = utf8ReadStrict(this.#source, start, end)
    if (text === undefined) throw malformed('a string that is not UTF-8')
    return text
  }

  /** Text that proto2 does not validate: what is not UTF-8 becomes U+FFFD. */
  stringLossy(): string {
    const end = this.length()
    const start = this.position
    this.position = end
    return utf8Read(this.#source, start, end)
  }

  /** Everything up to `end`, copied: a message as it came. */
  rest(end: number): Uint8Array {
    const start = this.position
    this.position = end
    return copyBytes(this.#source, start, end)
  }

  /** Everything up to `end`, as a view. */
  restView(end: number): Uint8Array {
    const start = this.position
    this.position = end
    return this.#source.subarray(start, end)
  }

  /** Bytes copied out of the message. */
  bytes(): Uint8Array {
    this.charge(bytesWeight)
    const end = this.length()
    const start = this.position
    this.position = end
    return copyBytes(this.#source, start, end)
  }

  /** Bytes that share the message's memory. */
  bytesView(): Uint8Array {
    this.charge(bytesWeight)
    const end = this.length()
    const start = this.position
    this.position = end
    return this.#source.subarray(start, end)
  }

  /** Reads over a field whose tag has been read. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#varint64()
        return
      case 1:
        this.#advance(8)
        return
      case 2:
        this.position = this.length()
        return
      case 3:
        if (++this.#depth > maxDepth) throw malformed(`nested deeper than ${maxDepth}`)
        this.#skipGroup(tag)
        this.#depth--
        return
      case 5:
        this.#advance(4)
        return
      default:
        throw malformed((tag & 7) === 4 ? 'a group that ends without a start' : `unknown wire type ${tag & 7}`)
    }
  }

  /** Reads over an unknown field whose tag has been read, and adds a copy of it, tag included, to what is kept. */
  keep(tag: number, kept: UnknownFields): UnknownFields {
    this.charge(bytesWeight)
    const start = this.position
    this.skip(tag)
    const size = varintSize(tag)
    const copy = new Uint8Array(size + this.position - start)
    for (let i = 0, rest = tag; i < size; i++, rest >>>= 7) copy[i] = (rest & 127) | (i < size - 1 ? 128 : 0)
    copy.set(this.#source.subarray(start, this.position), size)
    ;(kept as Uint8Array[]).push(copy)
    return kept
  }

  /** Adds a number that a closed enum does not list to what is kept; `tag` is that of a single value. */
  keepEnum(tag: number, value: number, kept: UnknownFields): UnknownFields {
    this.charge(bytesWeight)
    const bytes: number[] = []
    for (let rest = BigInt(tag); ; rest >>= 7n) {
      bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0))
      if (rest <= 127n) break
    }
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
      bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0))
      if (rest <= 127n) break
    }
    const copy = Uint8Array.from(bytes)
    ;(kept as Uint8Array[]).push(copy)
    return kept
  }

  /** Reads over the fields of a group and its end tag; returns the place of that tag. */
  #skipGroup(start: number): number {
    for (;;) {
      const at = this.position
      const tag = this.tag()
      if ((tag & 7) === 4) {
        if (tag >>> 3 !== start >>> 3) throw malformed('a group that ends with another number')
        return at
      }
      this.skip(tag)
    }
  }

  #ends(end: number): void {
    if (this.position !== end) throw malformed('a value crosses the end of its packed field')
  }

  #advance(size: number): void {
    if (size > this.#limit - this.position) throw truncated()
    this.position += size
  }

  /** The low half of a varint. */
  #varint32(): number {
    const bytes = this.#source
    let at = this.position
    if (at + 10 > this.#limit) {
      this.#varint64()
      return this.#low
    }
    let byte = bytes[at++]!
    let value = byte & 127
    if (byte > 127) {
      byte = bytes[at++]!
      value |= (byte & 127) << 7
      if (byte > 127) {
        byte = bytes[at++]!
        value |= (byte & 127) << 14
        if (byte > 127) {
          byte = bytes[at++]!
          value |= (byte & 127) << 21
          if (byte > 127) {
            byte = bytes[at++]!
            value |= byte << 28
            // The high half is read over: 32-bit fields take the low one.
            for (let more = 5; byte > 127; more--) {
              if (more === 0) throw malformed('a varint of more than 10 bytes')
              byte = bytes[at++]!
            }
          }
        }
      }
    }
    this.position = at
    return value
  }

  #varint64(): void {
    const bytes = this.#source
    const end = this.#limit
    let at = this.position
    let low = 0
    let high = 0
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
    high = (byte & 127) >> 4
    for (let shift = 3; byte > 127; shift += 7) {
      if (shift > 31) throw malformed('a varint of more than 10 bytes')
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
brand(ProtobufReader, ofThisVersion('ProtobufReader'))

const bits = new Int32Array(1)
const floats = new Float32Array(bits.buffer)

function floatFromBits(value: number): number {
  bits[0] = value
  return floats[0]!
}

function varintSize(value: number): number {
  return value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : value < 268435456 ? 4 : 5
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw malformed(`the 64-bit integer ${value} is not a safe integer`)
  return value
}
