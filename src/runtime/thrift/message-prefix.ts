/** What an incomplete or oversized message was about, as far as its first bytes tell. */

import { readerOf } from './connection-codec.ts'
import { openMessage, type ThriftMessage } from './message.ts'
import type { ThriftEnvelope } from './protocol/protocol.ts'

/** A message of which the envelope is known and the rest may be missing. */
export interface MessagePrefix extends ThriftMessage {
  readonly envelope: ThriftEnvelope
}

/** Reads the envelope of a message that begins with `bytes`; undefined when it cannot be found. */
export function openPrefix(bytes: Uint8Array): MessagePrefix | undefined {
  try {
    if (bytes[4] === 0x10 || bytes[4] === 0x80 || bytes[4] === 0x82) {
      const message = openMessage(bytes[4] === 0x10 ? 'ttheader' : 'framed', bytes, 0, bytes.length)
      // The payload's length does not fit an incomplete message, so `openMessage` does not recognize it.
      const start = message.framing === 'ttheader' && bytes[message.start]! < 0x40 ? message.start + 4 : message.start
      const protocol = bytes[start] === 0x82 ? 'compact' : 'binary'
      const envelope = readerOf(protocol, bytes, start, bytes.length).messageBegin()
      return { ...message, protocol, framed: true, envelope }
    }
    if (bytes[0] === 0x80 || bytes[0] === 0x82) {
      const message = openMessage('buffered', bytes, 0, bytes.length)
      return { ...message, envelope: readerOf(message.protocol, bytes, 0, bytes.length).messageBegin() }
    }
  } catch {
    return undefined
  }
  return undefined
}
