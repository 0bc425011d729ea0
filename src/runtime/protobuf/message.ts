/** The protobuf message type: a MessageType with its printed binary codec. */

import type { MessageType } from '../core/message.ts'
import type { ProtobufReader } from './reader.ts'
import type { ProtobufWriter } from './writer.ts'

/** A protobuf message with its printed codec. */
export interface ProtobufMessage<T = unknown, I = T> extends MessageType<T, I> {
  /** Appends the fields of the message, without a length. */
  encode(writer: ProtobufWriter, value: I): void
  /** Reads fields up to `end` (an absolute position of the reader), merging repeated singular messages. */
  decode(reader: ProtobufReader, end: number): T
}
