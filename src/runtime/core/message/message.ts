/** The run-time handle of one message type: what generated code exports beside each interface. */

import type { MemoryHolder } from '../bytes/memory-account.ts'
import type { MessageSchema } from './schema.ts'

/**
 * A message type. `T` is the output type (every defaultable member present), `I` the input type (they may be left out).
 * Generated code makes one per struct, union, exception and protobuf message; the wires extend it with their codec.
 */
export interface MessageType<T = unknown, I = T> {
  /** It knows no message: its values are bytes, as wires carry them. */
  readonly isRaw?: true
  /** Full IDL name: `pkg.Outer.Inner` for protobuf, `file-stem.Name` for Thrift. */
  readonly typeName: string
  /** The run-time description, decoded on first use. */
  readonly schema: MessageSchema
  /** A new message with every default filled in. Throws RpcError INVALID_ARGUMENT when a required member is missing. */
  create(init?: I): T
  /**
   * The same object when it is complete, else a copy with the defaults filled in, nested messages included.
   * Throws RpcError INVALID_ARGUMENT when a required member is missing. In-process calls use it instead of a codec.
   */
  complete(input: I): T
  /**
   * The message in its wire form (Thrift: the binary protocol), for transports that carry bytes and know no codec. The
   * bytes are the caller's for good. Throws RpcError INVALID_ARGUMENT for a value that its type cannot hold. Absent on
   * types without a codec.
   */
  toBytes?(value: I): Uint8Array
  /**
   * The message that `bytes[start, end)` are, by default all of them; `holder` is charged what it takes in memory. Throws
   * RpcError INTERNAL when they are none, RESOURCE_EXHAUSTED when the holder's account has no room for it.
   */
  fromBytes?(bytes: Uint8Array, start?: number, end?: number, holder?: MemoryHolder): T
}
