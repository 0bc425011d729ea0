/** thriftStruct: the constant that generated code exports beside each struct and union. */

import { locateValue } from '../../core/message/encode-error.ts'
import { messageSchema } from '../../core/message/file-schema.ts'
import type { FileSchema, MessageSchema } from '../../core/message/schema.ts'
import { BinaryReader } from './binary-reader.ts'
import { BinaryWriter } from './binary-writer.ts'
import { malformed } from './error.ts'
import type { ThriftReader, ThriftStruct, ThriftWriter } from './protocol.ts'

// Encoding and decoding are synchronous, so one of each serves every struct.
const bytesWriter = new BinaryWriter()
const bytesReader = new BinaryReader()
const nothing = new Uint8Array(0)

/** Makes a {@link ThriftStruct} of printed functions. Generated code calls it. */
export function thriftStruct<T, I>(
  typeName: string,
  file: () => FileSchema,
  complete: (input: I) => T,
  encode: (writer: ThriftWriter, value: I) => void,
  decode: (reader: ThriftReader) => T,
): ThriftStruct<T, I> {
  const struct: ThriftStruct<T, I> = {
    typeName,
    get schema(): MessageSchema {
      return messageSchema(file(), typeName)
    },
    create(init?: I): T {
      return complete({ ...init } as I)
    },
    complete,
    encode(writer: ThriftWriter, value: I): void {
      try {
        encode(writer, value)
      } catch (error) {
        throw locateValue(error, file(), typeName, value)
      }
    },
    decode,
    toBytes(value: I): Uint8Array {
      bytesWriter.reset()
      struct.encode(bytesWriter, value)
      return bytesWriter.take()
    },
    fromBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): T {
      bytesReader.reset(bytes, start, end)
      const value = decode(bytesReader)
      if (bytesReader.remaining > 0) throw malformed('invalid_data', `${bytesReader.remaining} bytes follow the struct`)
      bytesReader.reset(nothing)
      return value
    },
  }
  return struct
}

/** RpcError INTERNAL for a required field that the bytes do not hold; `path` is `shop.Cart.lines`. */
export function missingField(path: string): Error {
  return malformed('invalid_data', `${path} is required and missing`)
}

/** RpcError INTERNAL for a union of which the bytes hold no field that the IDL knows. */
export function noCase(typeName: string): Error {
  return malformed('invalid_data', `the union ${typeName} holds no field that is known`)
}

/** RpcError INTERNAL for a union of which the bytes hold two fields. */
export function doubleCase(typeName: string): Error {
  return malformed('invalid_data', `the union ${typeName} holds two fields`)
}
