/** gRPC for people: the client transport, the options of the server's wire, and what belongs to gRPC alone. */

export type { GenericClient, GenericRequest, RawCallOptions } from './runtime/core/generic-client.ts'
export type { JsonHandler } from './runtime/core/generic-handler.ts'
export { type GrpcOptions, grpc } from './runtime/grpc/client.ts'
export type { Compression } from './runtime/grpc/compression.ts'
export { createGenericClient, genericHandler, interpretedService } from './runtime/grpc/generic.ts'
export { type GrpcWireOptions, grpcWire } from './runtime/grpc/server.ts'
export { sendHeaders } from './runtime/grpc/server-call.ts'
export type { Http2Address, Http2ClientTls } from './runtime/http2/dialer.ts'
export type { Http2Keepalive } from './runtime/http2/sink.ts'
export { fromBinary, toBinary } from './runtime/protobuf/bytes.ts'
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
