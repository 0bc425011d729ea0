/** volo-ts: clients, servers and the words they share, for every protocol. */

export { currentContext, enableAmbient } from './runtime/ambient/ambient.ts'
export type { BackoffOptions } from './runtime/core/backoff.ts'
export type { CallOptions, ClientOptions, MethodOptions } from './runtime/core/call-options.ts'
export { callAddress, callTags } from './runtime/core/call-target.ts'
export { createClient } from './runtime/core/client.ts'
export { type Context, type ContextKey, contextKey, type Peer } from './runtime/core/context.ts'
export { type EnumNumbers, type EnumObject, enumName, isEnumName, isEnumValue } from './runtime/core/enum-name.ts'
export {
  BizError,
  DeclaredException,
  type ErrorDetail,
  isBizError,
  isDeclaredException,
  isRpcError,
  type RpcCode,
  RpcError,
  type RpcErrorOptions,
  rpcCodes,
} from './runtime/core/error.ts'
export { applyFieldMask, type FieldPaths, fieldMaskFromPaths, mergeFieldMask } from './runtime/core/field-mask.ts'
export type { FromJsonOptions } from './runtime/core/json-read.ts'
export type { JsonObject, JsonValue } from './runtime/core/json-value.ts'
export type { ToJsonOptions } from './runtime/core/json-write.ts'
export { compose, type Layer } from './runtime/core/layer.ts'
export type { MessageType } from './runtime/core/message.ts'
export { clone, create, equals } from './runtime/core/message-value.ts'
export { Metadata, type MetadataInit, type MetadataValue } from './runtime/core/metadata.ts'
export type { Metainfo } from './runtime/core/metainfo.ts'
export { withDeadline } from './runtime/core/narrowed-context.ts'
export type { RetryEvent, RetryOptions } from './runtime/core/retry-option.ts'
export type { Router, UnknownCall } from './runtime/core/router.ts'
export type { FileSchema, MethodKind } from './runtime/core/schema.ts'
export type { ConnectionStats, ServerStats } from './runtime/core/server-figures.ts'
export { createRouter, type RouterOptions, type ServerRouter, type ServiceEntry } from './runtime/core/server-router.ts'
export type { Service } from './runtime/core/service.ts'
export type { MethodType, ServiceType } from './runtime/core/service-type.ts'
export type { Transport } from './runtime/core/transport.ts'
export type { UnknownHandler, UnknownService } from './runtime/core/unknown-service.ts'
export type { CallCounts } from './runtime/core/wire.ts'
export { type AccessLogEntry, type AccessLogOptions, accessLog } from './runtime/middleware/access-log.ts'
export { type ConcurrencyLimitOptions, concurrencyLimit } from './runtime/middleware/concurrency-limit.ts'
export { type RateLimitOptions, rateLimit } from './runtime/middleware/rate-limit.ts'
export { retry, retryAttempt } from './runtime/middleware/retry.ts'
export { timeout } from './runtime/middleware/timeout.ts'
export { type TraceEvent, type TraceListener, trace } from './runtime/middleware/trace.ts'
export type { AddressInit } from './runtime/net/address.ts'
export type { Http1Limits, Http1Listener, Http1Server } from './runtime/net/http1.ts'
export type { BoundAddress } from './runtime/net/listen.ts'
export type { Pem, ServerTlsOptions } from './runtime/net/tls.ts'
export type { ServerHttpOptions } from './runtime/serve/http1.ts'
export type { PortLimits } from './runtime/serve/port.ts'
export {
  type CloseOptions,
  type Listening,
  Server,
  type ServerLimits,
  type ServerOptions,
} from './runtime/serve/server.ts'
export type { WorkerEvent } from './runtime/serve/worker-group.ts'
export type { WorkerService } from './runtime/serve/worker-process.ts'
export { runWorkers, type WorkersOptions } from './runtime/serve/workers.ts'
