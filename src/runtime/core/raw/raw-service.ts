/** rawServiceType: a service of which only the name of one method is known, so that its messages stay bytes. */

import { RpcError } from '../error.ts'
import type { MessageType } from '../message/message.ts'
import type { FileSchema, MethodKind } from '../message/schema.ts'
import type { ServiceType } from '../service-type.ts'

/** The one method of {@link rawServiceType}. */
export interface RawMethod {
  readonly idl: 'thrift' | 'protobuf'
  /** Empty: the service is not named. */
  readonly service: string
  readonly method: string
  readonly kind: MethodKind
}

/** A service of one method whose messages are of types that keep bytes. */
export function rawServiceType(
  { idl, service, method, kind }: RawMethod,
  request: MessageType,
  response: MessageType,
): ServiceType {
  return {
    name: service.slice(service.lastIndexOf('.') + 1),
    fullName: service,
    idl,
    methods: [{ name: method, localName: method, kind, request, response }],
    file: idl === 'thrift' ? thriftFile : protobufFile,
  }
}

/** The same with messages that no wire has to read: for calls inside a process. */
export function rawInProcess(method: RawMethod): ServiceType {
  return rawServiceType(method, bytesType, bytesType)
}

const bytesType: MessageType = {
  isRaw: true,
  typeName: 'bytes',
  schema: { kind: 'message', name: 'bytes', fields: [] },
  create: asBytes,
  complete: asBytes,
}

function asBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return value
  throw new RpcError('INVALID_ARGUMENT', 'a message in bytes is a Uint8Array')
}

function emptyFile(idl: 'thrift' | 'protobuf'): FileSchema {
  return { path: '', idl, syntax: '', package: '', imports: [], messages: [], enums: [], services: [] }
}

const thriftFile = emptyFile('thrift')
const protobufFile = emptyFile('protobuf')
