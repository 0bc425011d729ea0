/** A Thrift struct to bytes and back, outside of any call: no message header, no frame. */

import type { MemoryHolder } from '../../core/bytes/memory-account.ts'
import { BinaryReader } from './binary-reader.ts'
import { BinaryWriter } from './binary-writer.ts'
import { CompactReader } from './compact-reader.ts'
import { CompactWriter } from './compact-writer.ts'
import { malformed } from './error.ts'
import type { ThriftStruct } from './protocol.ts'

/** The encodings of Thrift that there are. */
export type ThriftProtocolName = 'binary' | 'compact'

const writers = { binary: new BinaryWriter(), compact: new CompactWriter() }
const readers = { binary: new BinaryReader(), compact: new CompactReader() }
const nothing = new Uint8Array(0)

/** The bytes of a struct, by default in the binary protocol. Throws RpcError INVALID_ARGUMENT for a value that its type cannot hold. */
export function toBinary<I>(
  type: ThriftStruct<unknown, I>,
  value: I,
  protocol: ThriftProtocolName = 'binary',
): Uint8Array {
  const writer = writers[protocol]
  writer.reset()
  type.encode(writer, value)
  return writer.take()
}

/**
 * The struct that all of the bytes are; `holder`, a call of a server, is charged what it takes. Throws RpcError INTERNAL when they are
 * none.
 */
export function fromBinary<T>(
  type: ThriftStruct<T, never>,
  bytes: Uint8Array,
  protocol: ThriftProtocolName = 'binary',
  holder?: MemoryHolder,
): T {
  const reader = readers[protocol]
  reader.reset(bytes)
  if (holder !== undefined) reader.limitTo(holder.memory)
  const value = type.decode(reader)
  if (reader.remaining > 0) throw malformed('invalid_data', `${reader.remaining} bytes follow the struct`)
  holder?.holdMemory(reader.memoryTaken)
  reader.reset(nothing)
  return value
}
