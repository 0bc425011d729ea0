/** gRPC for people: the client transport, the options of the server's wire, and what belongs to gRPC alone. */

export type { GenericClient, GenericRequest, RawCallOptions } from './runtime/core/generic/generic-client.ts'
export type { JsonHandler } from './runtime/core/generic/generic-handler.ts'
export type {
  HedgingPolicyInit,
  MethodConfigInit,
  RetryPolicyInit,
  ServiceConfigInit,
} from './runtime/grpc/attempt/service-config.ts'
export type { CallCredentials, CredentialsRequest } from './runtime/grpc/client/call-credentials.ts'
export { grpcCall } from './runtime/grpc/client/call-options.ts'
export type { GrpcCallOptions } from './runtime/grpc/client/call-settings.ts'
export type { ConnectOptions } from './runtime/grpc/client/channel-connect.ts'
export type { ChannelConnectionStats, ChannelStats } from './runtime/grpc/client/channel-stats.ts'
export type { ConnectivityListener, ConnectivityState } from './runtime/grpc/client/connectivity.ts'
export type { GrpcOptions } from './runtime/grpc/client/grpc-options.ts'
export type { GrpcTransport } from './runtime/grpc/client/http-transport.ts'
export { grpc } from './runtime/grpc/client/transport.ts'
export { type Compression, uncompressed } from './runtime/grpc/compressor.ts'
export { type ConnectClientOptions, connect } from './runtime/grpc/connect/client/transport.ts'
/** The health service, for clients of it; `addHealth` answers it. */
export {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
  type HealthClient,
} from './runtime/grpc/gen/grpc/health/v1/health.ts'
export { createGenericClient, forward, genericHandler, interpretedService } from './runtime/grpc/generic.ts'
export { type MessageFormat, protoJson } from './runtime/grpc/message-format.ts'
export { compressResponse, sendHeaders } from './runtime/grpc/server/call.ts'
export { countCalls } from './runtime/grpc/server/counters.ts'
export { type GrpcWireOptions, grpcWire } from './runtime/grpc/server/wire.ts'
export { addChannelz, type ChannelzOptions } from './runtime/grpc/service/channelz.ts'
export { addHealth, type HealthControl } from './runtime/grpc/service/health.ts'
export type { HealthStatus } from './runtime/grpc/service/health-status.ts'
export { addReflection, type ReflectionOptions } from './runtime/grpc/service/reflection.ts'
export type { CorsOptions } from './runtime/grpc/web/cors.ts'
export type { HttpOptions } from './runtime/grpc/web/http-accept.ts'
export type { Http2Address, Http2ClientTls } from './runtime/http2/client/dialer.ts'
export type { Http2Keepalive, Http2PingPolicy } from './runtime/http2/sink.ts'
export { type HttpProxy, proxyFromEnv } from './runtime/net/connect-proxy.ts'
export { type FromBinaryOptions, fromBinary, toBinary } from './runtime/protobuf/bytes.ts'
export { ProtobufError } from './runtime/protobuf/error.ts'
export type { Extension } from './runtime/protobuf/extension.ts'
export { toFileDescriptor, toFileDescriptors } from './runtime/protobuf/file-descriptor.ts'
/** The codes of errors by number, as `google.rpc.Status` carries them. */
export { Code } from './runtime/protobuf/gen/google/rpc/code.ts'
/** The details of errors that Google has agreed on: `details: [anyPack(BadRequest, { … })]`, `anyUnpack(detail, BadRequest)`. */
export {
  BadRequest,
  type BadRequestInput,
  DebugInfo,
  type DebugInfoInput,
  ErrorInfo,
  type ErrorInfoInput,
  Help,
  type HelpInput,
  LocalizedMessage,
  type LocalizedMessageInput,
  PreconditionFailure,
  type PreconditionFailureInput,
  QuotaFailure,
  type QuotaFailureInput,
  RequestInfo,
  type RequestInfoInput,
  ResourceInfo,
  type ResourceInfoInput,
  RetryInfo,
  type RetryInfoInput,
} from './runtime/protobuf/gen/google/rpc/error_details.ts'
/** An error as data: code, message and details. */
export { Status, type StatusInput } from './runtime/protobuf/gen/google/rpc/status.ts'
export { interpretedProtobuf } from './runtime/protobuf/interpreting-codec.ts'
export { fromJson, type JsonTypes, toJson } from './runtime/protobuf/json.ts'
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
