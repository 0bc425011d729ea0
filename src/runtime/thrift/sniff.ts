/** Which Thrift a peer speaks, from the first bytes of a message. */

import type { WireMatch } from '../core/wire.ts'
import type { ThriftProtocolName } from './protocol/bytes.ts'

/** What is around a message: a TTHeader frame, a length, or nothing. */
export type ThriftFraming = 'ttheader' | 'framed' | 'buffered'

/** How many bytes {@link sniffFraming} needs. */
export const sniffBytes = 6

/** Whether the first bytes of a connection are Thrift in any of its forms. */
export function matchThrift(first: Uint8Array): WireMatch {
  const head = first[0]
  if (head === undefined) return 'more'
  if (head === 0x82) return 'yes'
  if (head === 0x80) return first.length < 2 ? 'more' : first[1] === 0x01 ? 'yes' : 'no'
  // A length begins with a small byte; a TLS record and every letter of HTTP is larger.
  if (head >= 0x16) return 'no'
  if (first.length < sniffBytes) return 'more'
  return sniffFraming(first, 0) === undefined ? 'no' : 'yes'
}

/** The framing of the message that begins at `start`, from its first 6 bytes; undefined when it is no Thrift. */
export function sniffFraming(bytes: Uint8Array, start: number): ThriftFraming | undefined {
  const head = bytes[start]!
  if (head === 0x82 || (head === 0x80 && bytes[start + 1] === 0x01)) return 'buffered'
  if (head >= 0x40) return undefined
  const fourth = bytes[start + 4]!
  if (fourth === 0x10) return bytes[start + 5] === 0x00 ? 'ttheader' : undefined
  // Behind a length stands a message: strict binary, compact, or the old binary form, which begins with a length.
  if (fourth === 0x80 || fourth === 0x82 || fourth === 0x00) return 'framed'
  // The old binary form with nothing around it: a length, then the method's name, or the kind of the message behind a name
  // of one letter.
  const fifth = bytes[start + 5]!
  const isShort = bytes[start + 3] === 1
  if (isNameByte(fourth) && (isShort ? fifth <= 4 : isNameByte(fifth) || isInnerNameByte(fifth))) return 'buffered'
  return undefined
}

/** The protocol of a message whose first byte is `first`. */
export function sniffProtocol(first: number): ThriftProtocolName {
  return first === 0x82 ? 'compact' : 'binary'
}

/** What stands behind the first letter of a name: a digit, or what joins a service and a method. */
function isInnerNameByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x3a) || byte === 0x2d || byte === 0x2e || byte === 0x24
}

function isNameByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f
}
