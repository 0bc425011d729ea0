/** TTHeader: the header of CloudWeGo's RPC frames, read and written. */

import type { ByteWriter } from '../core/bytes/byte-writer.ts'
import { utf8Length, utf8Read } from '../core/bytes/utf8.ts'
import { RpcError } from '../core/error.ts'
import { malformed } from './protocol/error.ts'

/** Numbers of the integer keys (gopkg `metakey.go`) that this runtime reads or writes. */
export const TtheaderKey = {
  TRANSPORT_TYPE: 1,
  LOG_ID: 2,
  FROM_SERVICE: 3,
  TO_SERVICE: 6,
  TO_METHOD: 9,
  ENV: 10,
  RPC_TIMEOUT: 12,
  SPAN_CONTEXT: 18,
  STRESS_TAG: 21,
  MSG_TYPE: 22,
} as const

/** A decoded header. Keys come in pairs, key then value, in the order of the wire, duplicates kept. */
export interface Ttheader {
  readonly flags: number
  readonly sequence: number
  /** The payload's protocol as the peer names it: 0 binary, 2 compact. The payload's own first bytes decide. */
  readonly protocol: number
  readonly ints: readonly (readonly [key: number, value: string])[]
  readonly strings: readonly (readonly [key: string, value: string])[]
  readonly aclToken: string | undefined
  /** Where the payload begins. */
  readonly payload: number
}

/** What a header is made of. */
export interface TtheaderInit {
  readonly flags?: number
  readonly sequence: number
  readonly ints?: Iterable<readonly [key: number, value: string]>
  readonly strings?: Iterable<readonly [key: string, value: string]>
  readonly aclToken?: string | undefined
}

const magic = 0x1000
const maxHeaderBytes = 65_535 * 4
const transformNames: Readonly<Record<number, string>> = { 1: 'zlib', 3: 'snappy' }

/** The sequence id of a frame of at least 12 bytes, whatever else is in it. */
export function sequenceOf(bytes: Uint8Array, start: number): number {
  return (u16(bytes, start + 8) << 16) | u16(bytes, start + 10)
}

/**
 * Decodes the header of the frame `bytes[start, end)`, which begins with its LENGTH. Throws RpcError INTERNAL on
 * malformed bytes and UNIMPLEMENTED on a payload transform.
 */
export function decodeTtheader(bytes: Uint8Array, start: number, end: number): Ttheader {
  if (end - start < 16) throw malformed('invalid_data', `a TTHeader frame of ${end - start} bytes`)
  const flags = u16(bytes, start + 6)
  const sequence = sequenceOf(bytes, start)
  const payload = start + 14 + u16(bytes, start + 12) * 4
  if (payload > end)
    throw malformed('size_limit', `a TTHeader of ${payload - start} bytes in a frame of ${end - start}`)
  if (payload < start + 16) throw malformed('invalid_data', 'a TTHeader without protocol and transforms')
  const protocol = bytes[start + 14]!
  const transforms = bytes[start + 15]!
  let at = start + 16
  if (transforms > 0) refuseTransform(at < payload ? bytes[at]! : -1)

  const ints: [number, string][] = []
  const strings: [string, string][] = []
  let aclToken: string | undefined
  const text = (): string => {
    if (at + 2 > payload) throw short()
    const from = at + 2
    at = from + u16(bytes, at)
    if (at > payload) throw short()
    return utf8Read(bytes, from, at)
  }
  const number = (): number => {
    if (at + 2 > payload) throw short()
    at += 2
    return u16(bytes, at - 2)
  }
  while (at < payload) {
    const block = bytes[at++]!
    if (block === 0x01) {
      for (let count = number(); count > 0; count--) strings.push([text(), text()])
    } else if (block === 0x10) {
      for (let count = number(); count > 0; count--) ints.push([number(), text()])
    } else if (block === 0x11) {
      aclToken = text()
    } else if (block !== 0x00) {
      throw malformed('invalid_data', `unknown TTHeader info block 0x${block.toString(16)}`)
    }
  }
  return { flags, sequence, protocol, ints, strings, aclToken, payload }
}

/**
 * Writes a header; the payload goes behind it and {@link endTtheader} closes the frame. Returns the offset for that.
 * Nothing is truncated: a value longer than 65,535 bytes or a header longer than 262,140 throws RpcError INVALID_ARGUMENT
 * (truncate the writer to the offset it had before).
 */
export function beginTtheader(writer: ByteWriter, init: TtheaderInit): number {
  const begin = writer.reserve(16)
  writer.setU16(begin + 4, magic)
  writer.setU16(begin + 6, init.flags ?? 0)
  writer.setU32(begin + 8, init.sequence >>> 0)
  if (init.strings !== undefined) {
    const block = beginBlock(writer, 0x01)
    let count = 0
    for (const [key, value] of init.strings) {
      writeText(writer, key, key)
      writeText(writer, value, key)
      count++
    }
    endBlock(writer, block, count)
  }
  if (init.ints !== undefined) {
    const block = beginBlock(writer, 0x10)
    let count = 0
    for (const [key, value] of init.ints) {
      const at = writer.reserve(2)
      writer.setU16(at, key)
      writeText(writer, value, String(key))
      count++
    }
    endBlock(writer, block, count)
  }
  if (init.aclToken !== undefined) {
    const at = writer.reserve(1)
    writer.setU8(at, 0x11)
    writeText(writer, init.aclToken, 'ACL token')
  }
  padTtheader(writer, begin)
  return begin
}

/** Pads the header that began at `begin` and sets its size. */
export function padTtheader(writer: ByteWriter, begin: number): void {
  const spare = (writer.position - begin - 14) & 3
  if (spare !== 0) writer.reserve(4 - spare)
  const size = writer.position - begin - 14
  if (size > maxHeaderBytes) {
    throw new RpcError(
      'INVALID_ARGUMENT',
      `a TTHeader of ${size} bytes; its metadata may take ${maxHeaderBytes} bytes at most`,
    )
  }
  writer.setU16(begin + 12, size >> 2)
}

/** Sets the LENGTH of the frame that began at `begin`. */
export function endTtheader(writer: ByteWriter, begin: number): void {
  writer.setU32(begin, writer.position - begin - 4)
}

function beginBlock(writer: ByteWriter, id: number): number {
  const at = writer.reserve(3)
  writer.setU8(at, id)
  return at
}

/** An empty block is not written. */
function endBlock(writer: ByteWriter, at: number, count: number): void {
  if (count === 0) writer.truncate(at)
  else if (count > 0xffff) throw new RpcError('INVALID_ARGUMENT', `${count} TTHeader keys; 65535 is the most`)
  else writer.setU16(at + 1, count)
}

function writeText(writer: ByteWriter, value: string, key: string): void {
  const at = writer.reserve(2)
  // Checked before it is written, so that a huge value does not grow the connection's buffer for nothing.
  const size = value.length > 0xffff ? value.length : writer.utf8(value)
  if (size > 0xffff) {
    const shown = key.length > 40 ? `${key.slice(0, 40)}…` : key
    throw new RpcError('INVALID_ARGUMENT', `TTHeader key ${shown}: ${utf8Length(value)} bytes; 65535 is the most`)
  }
  writer.setU16(at, size)
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function short(): RpcError {
  return malformed('invalid_data', 'a TTHeader that ends too early')
}

function refuseTransform(id: number): never {
  const name = transformNames[id]
  const shown = name === undefined ? `${id}` : `${name} (${id})`
  throw new RpcError('UNIMPLEMENTED', `TTHeader transform ${shown} is not supported; send the payload untransformed`, {
    stack: false,
  })
}
