/** thriftStruct: the constant that generated code exports beside each struct and union. */

import { type MessageDefaults, withDefaults } from '../../core/message/defaults.ts'
import { messageMaker } from '../../core/message/message-maker.ts'
import type { FileSchema } from '../../core/message/schema.ts'
import { BinaryReader } from './binary-reader.ts'
import { BinaryWriter } from './binary-writer.ts'
import { malformed } from './error.ts'
import type { ThriftReader, ThriftStruct, ThriftWriter } from './protocol.ts'

const bytesReader = new BinaryReader()
const make = messageMaker<ThriftWriter, ThriftReader>(new BinaryWriter(), bytesReader, (decode, end) => {
  const value = decode(bytesReader, end)
  if (bytesReader.remaining > 0) throw malformed('invalid_data', `${bytesReader.remaining} bytes follow the struct`)
  return value
})

/** Makes a {@link ThriftStruct} of printed functions. Generated code calls it. */
export function thriftStruct<T, I>(
  typeName: string,
  file: () => FileSchema,
  complete: (input: I) => T,
  encode: (writer: ThriftWriter, value: I) => void,
  decode: (reader: ThriftReader) => T,
): ThriftStruct<T, I> {
  return make(typeName, file, complete, encode, decode)
}

/** A struct or exception for whose members the IDL writes defaults. */
export interface DefaultedStruct<T, I, D> extends ThriftStruct<T, I>, MessageDefaults<I, D> {}

/** Makes a {@link DefaultedStruct}; `defaults` gives what the IDL writes. Generated code calls it. */
export function defaultedStruct<T, I, D extends object>(
  typeName: string,
  file: () => FileSchema,
  complete: (input: I) => T,
  encode: (writer: ThriftWriter, value: I) => void,
  decode: (reader: ThriftReader) => T,
  defaults: () => D,
): DefaultedStruct<T, I, D> {
  return withDefaults(thriftStruct(typeName, file, complete, encode, decode), defaults)
}

/** RpcError INTERNAL for a required field that the bytes do not hold; `path` is `shop.Cart.lines`. */
export function missingField(path: string): Error {
  return malformed('invalid_data', `${path} is required and missing`)
}

/** RpcError INTERNAL for a union of which the bytes hold two fields. */
export function doubleCase(typeName: string): Error {
  return malformed('invalid_data', `the union ${typeName} holds two fields`)
}
