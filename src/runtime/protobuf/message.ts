/** The protobuf message type: a MessageType with its printed binary codec. */

import { locateValue } from '../core/message/encode-error.ts'
import { messageSchema } from '../core/message/file-schema.ts'
import type { MessageType } from '../core/message/message.ts'
import type { FileSchema, MessageSchema } from '../core/message/schema.ts'
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

// Encoding and decoding are synchronous, so one of each serves every message.
const bytesWriter = new ProtobufWriter()
const bytesReader = new ProtobufReader()
const nothing = new Uint8Array(0)

/** Makes a {@link ProtobufMessage} of printed functions. Generated code calls it. */
export function protobufMessage<T, I>(
  typeName: string,
  file: () => FileSchema,
  complete: (input: I) => T,
  encode: (writer: ProtobufWriter, value: I) => void,
  decode: (reader: ProtobufReader, end: number, base?: T) => T,
): ProtobufMessage<T, I> {
  const message: ProtobufMessage<T, I> = {
    typeName,
    get schema(): MessageSchema {
      return messageSchema(file(), typeName)
    },
    create(init?: I): T {
      return complete({ ...init } as I)
    },
    complete,
    encode(writer: ProtobufWriter, value: I): void {
      try {
        encode(writer, value)
      } catch (error) {
        throw locateValue(error, file(), typeName, value)
      }
    },
    decode,
    toBytes(value: I): Uint8Array {
      bytesWriter.reset()
      message.encode(bytesWriter, value)
      return bytesWriter.take()
    },
    fromBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): T {
      bytesReader.reset(bytes, start, end)
      const value = decode(bytesReader, end)
      bytesReader.reset(nothing)
      return value
    },
  }
  return message
}

/** RpcError INTERNAL for a required field that the bytes do not hold; `path` is `shop.Cart.lines`. */
export function missingProtobufField(path: string): Error {
  return malformed(`${path} is required and missing`)
}

/** Writes kept fields as they came. */
export function writeUnknownProtobufFields(writer: ProtobufWriter, kept: UnknownFields): void {
  for (const bytes of kept as readonly Uint8Array[]) writer.raw(bytes)
}
