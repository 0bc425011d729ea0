/** Raw Thrift services: methods whose arguments and results stay bytes. */

import { RpcError } from '../core/error.ts'
import type { MessageSchema } from '../core/message/schema.ts'
import type { UnknownFields } from '../core/message/unknown-fields.ts'
import { rawServiceType } from '../core/raw/raw-service.ts'
import type { ServiceType } from '../core/service-type.ts'
import { BinaryReader } from './protocol/binary-reader.ts'
import { BinaryWriter } from './protocol/binary-writer.ts'
import { highestMaxDepth, type ThriftReader, type ThriftStruct, type ThriftWriter } from './protocol/protocol.ts'
import { keepUnknownField, writeUnknownFields } from './protocol/unknown-fields.ts'

/** Which method of which service. */
export interface RawThriftMethod {
  readonly service: string
  readonly method: string
  readonly oneway: boolean
}

/**
 * A service of one method: the request is the argument struct, the response the whole result struct, both as bytes in
 * the binary protocol. A connection that speaks compact gets them rewritten, which needs no IDL.
 */
export function rawService({ service, method, oneway }: RawThriftMethod): ServiceType {
  return rawServiceType({ idl: 'thrift', service, method, kind: oneway ? 'oneway' : 'unary' }, rawStruct, rawResult)
}

// Encoding and decoding are synchronous, so one of each serves every struct.
const checker = new BinaryReader()
const rewriter = new BinaryWriter()
// What is bytes on both sides has been, or will be, held against the connection's own limit.
checker.maxDepth = highestMaxDepth
rewriter.maxDepth = highestMaxDepth
const nothing = new Uint8Array(0)

const schema: MessageSchema = { kind: 'struct', name: 'bytes', fields: [] }

/** A struct as its bytes in the binary protocol. */
const rawStruct: ThriftStruct<Uint8Array> = {
  isRaw: true,
  typeName: schema.name,
  schema,
  create: (bytes) => checked(bytes),
  complete: (bytes) => checked(bytes),
  encode(writer: ThriftWriter, bytes: Uint8Array): void {
    const whole = checked(bytes)
    if (writer instanceof BinaryWriter) writer.raw(whole)
    else rewrite(fieldsOf(whole), writer)
  },
  decode(reader: ThriftReader): Uint8Array {
    if (reader instanceof BinaryReader) return reader.struct()
    const fields = readFields(reader)
    rewriter.reset()
    rewrite(fields, rewriter)
    const { buffer, byteOffset, length } = rewriter.take()
    return new Uint8Array(buffer, byteOffset, length)
  },
  toBytes: (bytes) => checked(bytes),
  fromBytes: (bytes, start = 0, end = bytes.length) => checked(bytes.slice(start, end)),
}

/** The envelope of a result as wires see it: the bytes of the whole struct stand where the value would. */
const rawResult: ThriftStruct<{ readonly success: Uint8Array }> = {
  isRaw: true,
  typeName: schema.name,
  schema,
  create: (result) => ({ success: checked(result?.success) }),
  complete: ({ success }) => ({ success: checked(success) }),
  encode: (writer, { success }) => rawStruct.encode(writer, success),
  decode: (reader) => ({ success: rawStruct.decode(reader) }),
  toBytes: ({ success }) => checked(success),
  fromBytes: (bytes, start = 0, end = bytes.length) => ({ success: checked(bytes.slice(start, end)) }),
}

/** The bytes, when they are one whole struct: anything else would put the connection out of step. */
function checked(bytes: unknown): Uint8Array {
  let left = -1
  if (bytes instanceof Uint8Array) {
    checker.reset(bytes)
    try {
      checker.skip(12)
      left = checker.remaining
    } catch {
      left = -1
    }
    checker.reset(nothing)
    if (left === 0) return bytes
  }
  const what = !(bytes instanceof Uint8Array)
    ? 'it is no Uint8Array'
    : left < 0
      ? 'it is cut off or malformed'
      : `${left} bytes follow it`
  throw new RpcError('INVALID_ARGUMENT', `not a struct in the binary protocol: ${what}`)
}

function fieldsOf(bytes: Uint8Array): UnknownFields {
  checker.reset(bytes)
  const fields = readFields(checker)
  checker.reset(nothing)
  return fields
}

function readFields(reader: ThriftReader): UnknownFields {
  let fields: UnknownFields | undefined
  reader.structBegin()
  for (let type = reader.fieldBegin(); type !== 0; type = reader.fieldBegin()) {
    fields = keepUnknownField(reader, type, fields)
  }
  reader.structEnd()
  return fields ?? []
}

function rewrite(fields: UnknownFields, writer: ThriftWriter): void {
  writer.structBegin()
  writeUnknownFields(writer, fields)
  writer.structEnd()
}
