/** Raw gRPC services: methods whose messages stay bytes. */

import { RpcError } from '../core/error.ts'
import type { MessageSchema, MethodKind } from '../core/message/schema.ts'
import { rawServiceType } from '../core/raw/raw-service.ts'
import type { ServiceType } from '../core/service-type.ts'
import type { ProtobufMessage } from '../protobuf/message.ts'

/** Which method of which service. */
export interface RawGrpcMethod {
  readonly service: string
  readonly method: string
  /** Default `bidi_streaming`, which on the wire is every kind of call. */
  readonly kind?: MethodKind
}

/** A service of one method whose requests and responses are bytes. */
export function rawService({ service, method, kind = 'bidi_streaming' }: RawGrpcMethod): ServiceType {
  return rawServiceType({ idl: 'protobuf', service, method, kind }, rawMessage, rawMessage)
}

const schema: MessageSchema = { kind: 'message', name: 'bytes', fields: [] }

const rawMessage: ProtobufMessage<Uint8Array> = {
  isRaw: true,
  typeName: schema.name,
  schema,
  create: (bytes) => checked(bytes),
  complete: (bytes) => checked(bytes),
  encode: (writer, bytes) => writer.raw(checked(bytes)),
  decode: (reader, end) => reader.rest(end),
  toBytes: (bytes) => checked(bytes),
  fromBytes: (bytes, start = 0, end = bytes.length) => bytes.slice(start, end),
}

function checked(bytes: unknown): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes
  throw new RpcError(
    'INVALID_ARGUMENT',
    `a message in bytes is a Uint8Array, not ${bytes === null ? 'null' : typeof bytes}`,
  )
}
