/** decodeGuarded(): the messages of peers that may mean harm, within the bounds of a server's memory. */

import type { MemoryHolder } from '../../core/bytes/memory-account.ts'
import type { ProtobufMessage } from '../../protobuf/message.ts'
import { ProtobufReader } from '../../protobuf/reader.ts'
import { named } from '../codec.ts'
import type { Compression } from '../compressor.ts'
import type { Frame } from '../framing.ts'
import { type InflateLimits, inflate } from '../inflate.ts'

// Decoding is synchronous, so one serves every call.
const reader = new ProtobufReader()

/**
 * The message of a frame (see {@link inflate}): a promise where inflating takes its time. What the message takes in memory
 * is held by `call`, and refused with RESOURCE_EXHAUSTED where its server has no room for it. Throws RpcError for one that
 * is compressed as nobody said, too large, or not protobuf.
 */
export function decodeGuarded(
  type: ProtobufMessage,
  frame: Frame,
  limits: InflateLimits,
  compression: Compression | undefined,
  call: MemoryHolder,
): unknown {
  if (!frame.compressed) return decodeHeld(type, frame.payload, call)
  const inflated = inflate(named(compression), frame.payload, limits, call.memory)
  return inflated instanceof Promise
    ? inflated.then((payload) => decodeHeld(type, payload, call))
    : decodeHeld(type, inflated, call)
}

function decodeHeld(type: ProtobufMessage, payload: Uint8Array, call: MemoryHolder): unknown {
  reader.reset(payload)
  reader.limitTo(call.memory)
  const message = type.decode(reader, payload.length)
  call.holdMemory(reader.memoryTaken)
  return message
}
