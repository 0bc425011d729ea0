/** volo-ts/thrift: the Thrift transport of clients, and what is special to Thrift on both sides. */

export type { AddressInit } from './runtime/net/address.ts'
export type { PoolOptions } from './runtime/net/pool.ts'
export type { ClientTlsOptions, Pem } from './runtime/net/tls.ts'
export { type ThriftOptions, type ThriftStats, type ThriftTransport, thrift } from './runtime/thrift/client.ts'
export { ApplicationException, ApplicationExceptionType } from './runtime/thrift/exception.ts'
export { fromBinary, type ThriftProtocolName, toBinary } from './runtime/thrift/protocol/bytes.ts'
export { ThriftProtocolError, type ThriftProtocolErrorKind } from './runtime/thrift/protocol/error.ts'
export { type RequestInfo, requestInfo } from './runtime/thrift/request-info.ts'
export type { ThriftWireOptions } from './runtime/thrift/server-options.ts'
export type { ThriftFraming } from './runtime/thrift/sniff.ts'
