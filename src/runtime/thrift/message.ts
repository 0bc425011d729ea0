/** One Thrift message out of a stream: its TTHeader, and where its payload is and how it is encoded. */

import type { ThriftProtocolName } from './protocol/bytes.ts'
import { malformed } from './protocol/error.ts'
import { sniffProtocol, type ThriftFraming } from './sniff.ts'
import { decodeTtheader, type Ttheader } from './ttheader.ts'

/** How a message came, so that the answer can go the same way. */
export interface ThriftMessage {
  readonly framing: ThriftFraming
  /** Inside TTHeader: whether the payload has a length in front as well. */
  readonly framed: boolean
  readonly protocol: ThriftProtocolName
  readonly header: Ttheader | undefined
  /** The payload is `bytes[start, end)`: envelope and struct. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Takes what is around a message apart. Throws RpcError INTERNAL or UNIMPLEMENTED like {@link decodeTtheader}. */
export function openMessage(framing: ThriftFraming, bytes: Uint8Array, from: number, end: number): ThriftMessage {
  if (framing !== 'ttheader') {
    const start = framing === 'framed' ? from + 4 : from
    return {
      framing,
      framed: framing === 'framed',
      protocol: protocolAt(bytes, start, end),
      header: undefined,
      bytes,
      start,
      end,
    }
  }
  const header = decodeTtheader(bytes, from, end)
  const framed = hasLength(bytes, header.payload, end)
  const start = framed ? header.payload + 4 : header.payload
  return {
    framing,
    framed,
    protocol: start < end ? protocolAt(bytes, start, end) : 'binary',
    header,
    bytes,
    start,
    end,
  }
}

function protocolAt(bytes: Uint8Array, start: number, end: number): ThriftProtocolName {
  if (start >= end) throw malformed('invalid_data', 'an empty frame')
  return sniffProtocol(bytes[start]!)
}

/** A payload begins with its own length unless it begins with a message; the length says which. */
function hasLength(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 4) return false
  const length =
    ((bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!) >>> 0
  return length === end - start - 4
}
