/** volo-ts/web: clients in a browser, by gRPC-web and the Connect protocol. It reaches no `node:` module. */

export type { CallOptions, ClientOptions } from './runtime/core/client/call-options.ts'
export { createTransportClient as createClient } from './runtime/core/client/transport-client.ts'
export { type Context, type ContextKey, contextKey, type Peer } from './runtime/core/context/context.ts'
export type { Service } from './runtime/core/context/service.ts'
export {
  BizError,
  type ErrorDetail,
  isBizError,
  isRpcError,
  type RpcCode,
  RpcError,
  type RpcErrorOptions,
  rpcCodes,
} from './runtime/core/error.ts'
export { compose, type Layer } from './runtime/core/layer.ts'
export { Metadata, type MetadataInit, type MetadataValue } from './runtime/core/metadata.ts'
export { type CallObserver, type EndCode, observe } from './runtime/core/observe.ts'
export type { MethodType, ServiceType } from './runtime/core/service-type.ts'
export { type MapStreamOptions, mapStream } from './runtime/core/stream/map-stream.ts'
export type { Transport } from './runtime/core/transport.ts'
export { type MessageFormat, protoJson } from './runtime/grpc/message-format.ts'
export { type ConnectWebOptions, connect } from './runtime/grpc/web/connect-client.ts'
export type { FetchOptions } from './runtime/grpc/web/fetch-transport.ts'
export { type GrpcWebOptions, grpcWeb } from './runtime/grpc/web/web-client.ts'
export {
  BadRequest,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
} from './runtime/protobuf/gen/google/rpc/error_details.ts'
export {
  anyIs,
  anyPack,
  anyUnpack,
  durationFromMs,
  durationToMs,
  timestampFromDate,
  timestampNow,
  timestampToDate,
} from './runtime/protobuf/well-known.ts'
