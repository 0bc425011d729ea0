/** A protobuf message to bytes and back, outside of any call. */

import type { MemoryHolder } from '../core/bytes/memory-account.ts'
import { messagePlan } from '../core/message/message-plan.ts'
import type { Extension } from './extension.ts'
import { type AnyExtension, readExtensions } from './extension-plan.ts'
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

/** How bytes are read. */
export interface FromBinaryOptions {
  /**
   * Extensions that are read at once, wherever they stand in the message, so that malformed ones are refused here. Those that are not
   * listed are read by their `get`. Default none.
   */
  readonly extensions?: readonly Extension<never, unknown, never>[] | undefined
  /** A call of a server, which is charged what the message takes. Default none. */
  readonly holder?: MemoryHolder | undefined
}

/** The message that all of the bytes are. Throws RpcError INTERNAL when they are none. */
export function fromBinary<T>(
  type: ProtobufMessage<T, never>,
  bytes: Uint8Array,
  { extensions = [], holder }: FromBinaryOptions = {},
): T {
  reader.reset(bytes)
  if (holder !== undefined) reader.limitTo(holder.memory)
  const message = type.decode(reader, bytes.length)
  holder?.holdMemory(reader.memoryTaken)
  reader.reset(nothing)
  if (extensions.length > 0) {
    const listed = extensions as unknown as readonly AnyExtension[]
    readExtensions(messagePlan(type.schema), message as object, listed)
  }
  return message
}
