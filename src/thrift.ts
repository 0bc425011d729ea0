/** volo-ts/thrift: the Thrift transport of clients, and what is special to Thrift on both sides. */

export type { GenericClient, GenericRequest, RawCallOptions } from './runtime/core/generic/generic-client.ts'
export type { JsonHandler } from './runtime/core/generic/generic-handler.ts'
export { describeFile, type FileDescription } from './runtime/core/message/describe-file.ts'
export type { AddressInit } from './runtime/net/address.ts'
export type { PoolOptions, PoolStats } from './runtime/net/pool.ts'
export type { ClientTlsOptions, Pem } from './runtime/net/tls.ts'
export type { HealthCheckOptions } from './runtime/thrift/client/connection-maintenance.ts'
export {
  type ThriftOptions,
  type ThriftStats,
  type ThriftTransport,
  thrift,
} from './runtime/thrift/client/transport.ts'
export { ApplicationException, ApplicationExceptionType } from './runtime/thrift/exception.ts'
export { createGenericClient, forward, genericHandler, interpretedService } from './runtime/thrift/generic.ts'
export { fromJson, toJson } from './runtime/thrift/json.ts'
export { fromBinary, type ThriftProtocolName, toBinary } from './runtime/thrift/protocol/bytes.ts'
export { ThriftProtocolError, type ThriftProtocolErrorKind } from './runtime/thrift/protocol/error.ts'
export { interpretedThrift } from './runtime/thrift/protocol/interpreting-codec.ts'
export { addReflection, type ReflectionOptions, reflectServices } from './runtime/thrift/reflection.ts'
export type { ThriftWireOptions } from './runtime/thrift/server/options.ts'
export { type RequestInfo, requestInfo } from './runtime/thrift/server/request-info.ts'
export type { ThriftFraming } from './runtime/thrift/sniff.ts'
