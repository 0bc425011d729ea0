/** volo-ts: clients, servers and the words they share, for every protocol. */

export { currentContext, enableAmbient } from './runtime/ambient/ambient.ts'
export type { BackoffOptions } from './runtime/core/backoff.ts'
export type { CallOptions, ClientOptions, MethodOptions } from './runtime/core/client/call-options.ts'
export { createClient } from './runtime/core/client/client.ts'
export type { RetryEvent, RetryOptions } from './runtime/core/client/retry-option.ts'
export { callAddress, callTags } from './runtime/core/context/call-target.ts'
export { type Context, type ContextKey, contextKey, type Peer } from './runtime/core/context/context.ts'
export { withDeadline } from './runtime/core/context/deadline-context.ts'
export type { Service } from './runtime/core/context/service.ts'
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
export type { JsonObject, JsonValue } from './runtime/core/json/json-value.ts'
export type { FromJsonOptions } from './runtime/core/json/read-json.ts'
export type { ToJsonOptions } from './runtime/core/json/write-json.ts'
export { compose, type Layer } from './runtime/core/layer.ts'
export {
  type EnumNumbers,
  type EnumObject,
  enumName,
  isEnumName,
  isEnumValue,
} from './runtime/core/message/enum-name.ts'
export {
  applyFieldMask,
  type FieldPaths,
  fieldMaskFromPaths,
  mergeFieldMask,
} from './runtime/core/message/field-mask.ts'
export type { MessageType } from './runtime/core/message/message.ts'
export { clone, create, equals } from './runtime/core/message/message-value.ts'
export type { FileSchema, MethodKind } from './runtime/core/message/schema.ts'
export { Metadata, type MetadataInit, type MetadataValue } from './runtime/core/metadata.ts'
export type { Metainfo } from './runtime/core/metainfo.ts'
export { type CallObserver, type EndCode, observe } from './runtime/core/observe.ts'
export type { Refusal, RefusalListener } from './runtime/core/refusal.ts'
export type { Router, UnknownCall } from './runtime/core/router.ts'
export { createRouter, type RouterOptions, type ServerRouter, type ServiceEntry } from './runtime/core/server/router.ts'
export type { ConnectionStats, ServerStats } from './runtime/core/server/server-stats.ts'
export type { UnknownHandler, UnknownService } from './runtime/core/server/unknown-service.ts'
export type { MethodType, ServiceType } from './runtime/core/service-type.ts'
export { type MapStreamOptions, mapStream } from './runtime/core/stream/map-stream.ts'
export type { Transport } from './runtime/core/transport.ts'
export type { CallCounts } from './runtime/core/wire.ts'
export {
  type AccessLogEntry,
  type AccessLogOptions,
  accessLog,
  type LeveledLogger,
} from './runtime/middleware/access-log.ts'
export { type AdaptiveLimitOptions, adaptiveLimit } from './runtime/middleware/adaptive-limit.ts'
export {
  type BreakerEvent,
  type BreakerState,
  type CircuitBreakerOptions,
  circuitBreaker,
} from './runtime/middleware/circuit-breaker.ts'
export { type ConcurrencyLimitOptions, concurrencyLimit } from './runtime/middleware/concurrency-limit.ts'
export { type FallbackAnswer, type FallbackOptions, fallback } from './runtime/middleware/fallback.ts'
export { type RateLimitOptions, rateLimit } from './runtime/middleware/rate-limit.ts'
export { retry, retryAttempt } from './runtime/middleware/retry.ts'
export { timeout } from './runtime/middleware/timeout.ts'
export { type TraceEvent, type TraceListener, trace } from './runtime/middleware/trace.ts'
export type { AddressInit } from './runtime/net/address.ts'
export type { Http1Limits, Http1Listener, Http1Server } from './runtime/net/http1.ts'
export type { BoundAddress } from './runtime/net/listen.ts'
export type { Pem, ServerTlsOptions } from './runtime/net/tls.ts'
export type { AdvertiseOptions } from './runtime/serve/advertise.ts'
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
