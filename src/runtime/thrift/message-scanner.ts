/** Finds the end of a Thrift message that has no frame around it, as its bytes arrive. */

import type { ThriftProtocolName } from './protocol/bytes.ts'
import { malformed, tooDeepToRead } from './protocol/error.ts'
import { containersPerStruct, defaultMaxDepth } from './protocol/protocol.ts'

// Bytes of a fixed-size value by binary type code; 0: not fixed.
const binarySize = new Uint8Array([0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 0, 0, 0, 0, 0, 16])
// By compact type code, inside containers: 1 and 2 bool, 3 byte, 7 double, 13 uuid.
const compactSize = new Uint8Array([0, 1, 1, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 16])

/** A struct (`left` -1), or a list, set or map with values still to come. */
interface Level {
  left: number
  readonly even: number
  readonly odd: number
}

/**
 * A resumable walk over one message: each byte is looked at once however the stream is cut. `scan` is given all bytes
 * of the message that are there.
 */
export class MessageScanner {
  /** Where the walk stands, counted from the start of the message; beyond the bytes while a long value is under way. */
  #at = 0
  #started = false
  readonly #levels: Level[] = []
  readonly #maxDepth: number
  #structs = 0
  #compact = false

  constructor(maxDepth: number = defaultMaxDepth) {
    this.#maxDepth = maxDepth
  }

  /** Forgets the message; the next scan starts one. */
  reset(protocol: ThriftProtocolName): void {
    this.#at = 0
    this.#started = false
    this.#levels.length = 0
    this.#structs = 0
    this.#compact = protocol === 'compact'
  }

  /** The length of the message that begins at `start`, or -1 while its end has not arrived. Throws on bytes that are no Thrift. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    const size = end - start
    if (!this.#started) {
      const body = this.#compact ? compactEnvelope(bytes, start, end) : binaryEnvelope(bytes, start, end)
      if (body < 0) return -1
      this.#started = true
      this.#at = body
      this.#push(-1, 0, 0)
    }
    while (this.#at <= size) {
      const level = this.#levels[this.#levels.length - 1]
      if (level === undefined) return this.#at
      if (level.left === 0) this.#levels.pop()
      else if (level.left > 0) {
        if (!this.#value(level.left & 1 ? level.odd : level.even, bytes, start, end)) return -1
        level.left--
      } else if (!this.#field(bytes, start, end)) return -1
    }
    return -1
  }

  /** How far the walk has claimed bytes: no message of that start is shorter. */
  get claimed(): number {
    return this.#at
  }

  #field(bytes: Uint8Array, start: number, end: number): boolean {
    const at = start + this.#at
    if (at >= end) return false
    const head = bytes[at]!
    if (head === 0) {
      this.#at++
      this.#levels.pop()
      this.#structs--
      return true
    }
    if (!this.#compact) {
      if (at + 3 > end) return false
      return this.#valueAfter(3, head, bytes, start, end)
    }
    let width = 1
    if (head >> 4 === 0) {
      const id = varintWidth(bytes, at + 1, end)
      if (id < 0) return false
      width += id
    }
    const type = head & 15
    // A bool field is all header.
    if (type === 1 || type === 2) {
      this.#at += width
      return true
    }
    return this.#valueAfter(width, type, bytes, start, end)
  }

  /** A value behind a header; the header counts as read only when the value's own header is there. */
  #valueAfter(width: number, type: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#at += width
    if (this.#value(type, bytes, start, end)) return true
    this.#at -= width
    return false
  }

  #value(type: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#compact ? this.#compactValue(type, bytes, start, end) : this.#binaryValue(type, bytes, start, end)
  }

  #binaryValue(type: number, bytes: Uint8Array, start: number, end: number): boolean {
    const fixed = binarySize[type] ?? 0
    const at = start + this.#at
    if (fixed > 0) {
      this.#at += fixed
      return true
    }
    switch (type) {
      case 11: {
        if (at + 4 > end) return false
        this.#at += 4 + length(bytes, at)
        return true
      }
      case 12:
        this.#push(-1, 0, 0)
        return true
      case 13: {
        if (at + 6 > end) return false
        this.#at += 6
        this.#container(length(bytes, at + 2), bytes[at]!, bytes[at + 1]!, true)
        return true
      }
      case 14:
      case 15: {
        if (at + 5 > end) return false
        this.#at += 5
        this.#container(length(bytes, at + 1), bytes[at]!, bytes[at]!, false)
        return true
      }
      default:
        throw malformed('invalid_data', `unknown type ${type}`)
    }
  }

  #compactValue(type: number, bytes: Uint8Array, start: number, end: number): boolean {
    const at = start + this.#at
    const fixed = compactSize[type] ?? 0
    if (fixed > 0) {
      this.#at += fixed
      return true
    }
    switch (type) {
      case 4:
      case 5:
      case 6: {
        const width = varintWidth(bytes, at, end)
        if (width < 0) return false
        this.#at += width
        return true
      }
      case 8: {
        const width = varintWidth(bytes, at, end)
        if (width < 0) return false
        this.#at += width + varint(bytes, at, width)
        return true
      }
      case 9:
      case 10: {
        if (at >= end) return false
        const element = bytes[at]! & 15
        const size = bytes[at]! >> 4
        if (size !== 15) {
          this.#at += 1
          this.#container(size, element, element, false)
          return true
        }
        const width = varintWidth(bytes, at + 1, end)
        if (width < 0) return false
        this.#at += 1 + width
        this.#container(varint(bytes, at + 1, width), element, element, false)
        return true
      }
      case 11: {
        const width = varintWidth(bytes, at, end)
        if (width < 0) return false
        const size = varint(bytes, at, width)
        if (size === 0) {
          this.#at += width
          return true
        }
        if (at + width >= end) return false
        this.#at += width + 1
        this.#container(size, bytes[at + width]! >> 4, bytes[at + width]! & 15, true)
        return true
      }
      case 12:
        this.#push(-1, 0, 0)
        return true
      default:
        throw malformed('invalid_data', `unknown compact type ${type}`)
    }
  }

  #container(size: number, key: number, value: number, map: boolean): void {
    if (size === 0) return
    const table = this.#compact ? compactSize : binarySize
    const keySize = table[key] ?? 0
    const valueSize = table[value] ?? 0
    if (keySize > 0 && valueSize > 0) this.#at += size * (map ? keySize + valueSize : valueSize)
    // Keys stand first: with an even count left a key is due.
    else this.#push(map ? size * 2 : size, map ? key : value, value)
  }

  #push(left: number, even: number, odd: number): void {
    if (left < 0) this.#structs++
    const containers = this.#levels.length + 1 - this.#structs
    if (this.#structs > this.#maxDepth || containers > this.#maxDepth * containersPerStruct) {
      throw tooDeepToRead(this.#maxDepth)
    }
    this.#levels.push({ left, even, odd })
  }
}

/** Where the body begins behind a binary envelope, strict or old; -1 while it is incomplete. */
function binaryEnvelope(bytes: Uint8Array, start: number, end: number): number {
  const strict = bytes[start]! >= 0x80
  const at = strict ? start + 4 : start
  if (at + 4 > end) return -1
  const size = 4 + length(bytes, at)
  return strict ? 4 + size + 4 : size + 1 + 4
}

function compactEnvelope(bytes: Uint8Array, start: number, end: number): number {
  const sequence = varintWidth(bytes, start + 2, end)
  if (sequence < 0) return -1
  const at = start + 2 + sequence
  const width = varintWidth(bytes, at, end)
  if (width < 0) return -1
  return 2 + sequence + width + varint(bytes, at, width)
}

function length(bytes: Uint8Array, at: number): number {
  const size = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  if (size < 0) throw malformed('negative_size', `a length of ${size}`)
  return size
}

/** How many bytes a varint takes; -1 while its end has not arrived. */
function varintWidth(bytes: Uint8Array, at: number, end: number): number {
  for (let width = 1; width <= 10; width++) {
    if (at + width > end) return -1
    if (bytes[at + width - 1]! < 0x80) return width
  }
  throw malformed('invalid_data', 'a varint longer than 10 bytes')
}

function varint(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 128 + (bytes[at + i]! & 0x7f)
  if (value > 0x7fff_ffff) throw malformed('negative_size', `a length of ${value}`)
  return value
}
