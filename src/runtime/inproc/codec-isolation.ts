/** MessageTransfer through the wire: bytes are really made and read, in one process. */

import { invalidRequest, type MessageTransfer } from '../core/direct/message-transfer.ts'
import { isBizError, isRpcError, RpcError } from '../core/error.ts'
import type { MethodType, ServiceType } from '../core/service-type.ts'
import { appendError, errorOfTrailers } from '../grpc/status.ts'
import * as protobuf from '../protobuf/bytes.ts'
import type { ProtobufMessage } from '../protobuf/message.ts'
import {
  bizErrorOf,
  bizErrorPairs,
  fromApplicationException,
  readApplicationException,
  toApplicationException,
  writeApplicationException,
} from '../thrift/exception.ts'
import { BinaryReader } from '../thrift/protocol/binary-reader.ts'
import { BinaryWriter } from '../thrift/protocol/binary-writer.ts'
import * as thrift from '../thrift/protocol/bytes.ts'
import type { ThriftStruct } from '../thrift/protocol/protocol.ts'

/**
 * Messages and errors go through the codec and the error mapping of the service's IDL, both ways: binary protocol and
 * TTHeader's keys for Thrift, protobuf and gRPC's trailers for the other. What a wire would lose is lost: the identity
 * of objects, unknown members, causes and stacks. Metadata and metainfo cross as they are.
 */
export function codecIsolation(service: ServiceType, method: MethodType): MessageTransfer {
  return service.idl === 'thrift' ? thriftCrossing(service, method) : protobufCrossing(service, method)
}

function protobufCrossing(service: ServiceType, method: MethodType): MessageTransfer {
  const request = method.request as ProtobufMessage
  const response = method.response as ProtobufMessage
  return {
    request(message, call) {
      try {
        return protobuf.fromBinary(request, protobuf.toBinary(request, message), { holder: call })
      } catch (error) {
        throw invalidRequest(service, method, error)
      }
    },
    response: (message) => protobuf.fromBinary(response, protobuf.toBinary(response, message)),
    error(error) {
      const trailers: string[] = []
      appendError(trailers, error)
      return errorOfTrailers(trailers)
    },
  }
}

function thriftCrossing(service: ServiceType, method: MethodType): MessageTransfer {
  const request = method.request as ThriftStruct
  const result = method.response as ThriftStruct
  const throughResult = (value: object): Readonly<Record<string, unknown>> =>
    thrift.fromBinary(result, thrift.toBinary(result, value)) as Readonly<Record<string, unknown>>
  return {
    request(message, call) {
      try {
        return thrift.fromBinary(request, thrift.toBinary(request, message), 'binary', call)
      } catch (error) {
        throw invalidRequest(service, method, error)
      }
    },
    response:
      method.kind === 'oneway' || method.isVoid === true
        ? undefined
        : (success) => throughResult({ success })['success'],
    error(error) {
      const declared = method.throws?.find(({ type }) => error instanceof type)
      if (declared !== undefined) return throughResult({ [declared.member]: error })[declared.member]
      if (isBizError(error)) {
        const pairs = new Map(bizErrorPairs(error))
        return bizErrorOf(pairs.get('biz-status') ?? '', pairs.get('biz-message'), pairs.get('biz-extra')) ?? error
      }
      return throughApplicationException(RpcError.from(error))
    },
  }
}

function throughApplicationException(error: RpcError): RpcError {
  const sent = toApplicationException(error)
  const writer = new BinaryWriter()
  writeApplicationException(writer, sent.type, sent.message)
  const reader = new BinaryReader()
  reader.reset(writer.take())
  const { type, message } = readApplicationException(reader)
  return fromApplicationException(type, message, isRpcError(error) ? error.code : undefined)
}
