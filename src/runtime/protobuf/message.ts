/** The protobuf message type: a MessageType with its printed binary codec. */

import { type MessageDefaults, withDefaults } from '../core/message/defaults.ts'
import type { MessageType } from '../core/message/message.ts'
import { messageMaker } from '../core/message/message-maker.ts'
import type { FileSchema } from '../core/message/schema.ts'
import type { UnknownFields } from '../core/message/unknown-fields.ts'
import { malformed } from './error.ts'
import { ProtobufReader } from './reader.ts'
import { ProtobufWriter } from './writer.ts'

/** A protobuf message with its printed codec. */
export interface ProtobufMessage<T = unknown, I = T> extends MessageType<T, I> {
  /** Appends the fields of the message, without a length. */
  encode(writer: ProtobufWriter, value: I): void
  /**
   * Reads fields up to `end` (an absolute position of the reader), merging repeated singular messages. Given a `base`,
   * an earlier occurrence of the same field, it merges into that one's members and the result replaces it.
   */
  decode(reader: ProtobufReader, end: number, base?: T): T
}

const bytesReader = new ProtobufReader()
const make = messageMaker(new ProtobufWriter(), bytesReader, (decode, end) => decode(bytesReader, end))

/** Makes a {@link ProtobufMessage} of printed functions. Generated code calls it. */
export function protobufMessage<T, I>(
  typeName: string,
  file: () => FileSchema,
  complete: (input: I) => T,
  encode: (writer: ProtobufWriter, value: I) => void,
  decode: (reader: ProtobufReader, end: number, base?: T) => T,
): ProtobufMessage<T, I> {
  return make(typeName, file, complete, encode, decode)
}

/** A message for whose members the IDL writes defaults. */
export interface DefaultedMessage<T, I, D> extends ProtobufMessage<T, I>, MessageDefaults<I, D> {}

/** Makes a {@link DefaultedMessage}; `defaults` gives what the IDL writes. Generated code calls it. */
export function defaultedMessage<T, I, D extends object>(
  typeName: string,
  file: () => FileSchema,
  complete: (input: I) => T,
  encode: (writer: ProtobufWriter, value: I) => void,
  decode: (reader: ProtobufReader, end: number, base?: T) => T,
  defaults: () => D,
): DefaultedMessage<T, I, D> {
  return withDefaults(protobufMessage(typeName, file, complete, encode, decode), defaults)
}

/** RpcError INTERNAL for a required field that the bytes do not hold; `path` is `shop.Cart.lines`. */
export function missingProtobufField(path: string): Error {
  return malformed(`${path} is required and missing`)
}

/** Writes kept fields as they came. */
export function writeUnknownProtobufFields(writer: ProtobufWriter, kept: UnknownFields): void {
  for (let i = 1; i < kept.length; i++) writer.raw(kept[i] as Uint8Array)
}
