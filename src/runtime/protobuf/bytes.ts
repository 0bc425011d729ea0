/** A protobuf message to bytes and back, outside of any call. */

import type { MemoryHolder } from '../core/bytes/memory-account.ts'
import type { ProtobufMessage } from './message.ts'
import { ProtobufReader } from './reader.ts'
import { ProtobufWriter } from './writer.ts'

const writer = new ProtobufWriter()
const reader = new ProtobufReader()
const nothing = new Uint8Array(0)

/** The bytes of a message. Throws RpcError INVALID_ARGUMENT for a value that its type cannot hold. */
export function toBinary<I>(type: ProtobufMessage<unknown, I>, value: I): Uint8Array {
  writer.reset()
  type.encode(writer, value)
  return writer.take()
}

/**
 * The message that all of the bytes are; `holder`, a call of a server, is charged what it takes. Throws RpcError INTERNAL when they are
 * none.
 */
export function fromBinary<T>(type: ProtobufMessage<T, never>, bytes: Uint8Array, holder?: MemoryHolder): T {
  reader.reset(bytes)
  if (holder !== undefined) reader.limitTo(holder.memory)
  const message = type.decode(reader, bytes.length)
  holder?.holdMemory(reader.memoryTaken)
  reader.reset(nothing)
  return message
}
