/** GrpcOptions: what a client's transport over HTTP can be told. */

import type { BackoffOptions } from '../../core/backoff.ts'
import { atLeast, isAnything, isFlag, isFunction, isText, type OptionTable } from '../../core/option-check.ts'
import type { Http2ClientTls, Http2Proxy } from '../../http2/client/dialer.ts'
import type { Http2Keepalive } from '../../http2/sink.ts'
import type { ServiceConfigInit } from '../attempt/service-config.ts'
import type { Compression } from '../compressor.ts'
import { keepaliveTable } from '../option-table.ts'
import type { CallCredentials } from './call-credentials.ts'

/** Options of {@link grpc}; everything is optional. */
export interface GrpcOptions {
  /** This service's own name, sent as `source-service`. */
  readonly caller?: string | undefined
  /** The called service's name, sent as `destination-service`. */
  readonly callee?: string | undefined
  /** TLS; `{}` trusts the system's authorities. Files are read again for each new connection. Default: plain text. */
  readonly tls?: Http2ClientTls | undefined
  /** An HTTP proxy to reach the server through, by CONNECT. Default: none, whatever the environment says. */
  readonly proxy?: Http2Proxy | undefined
  /** The `:authority` of requests. Default: host and port of the address, `localhost` for a Unix socket. */
  readonly authority?: string | undefined
  /** Put before this package's own name and version in `user-agent`. */
  readonly userAgent?: string | undefined
  /** Metadata made for each call, such as a token. Needs `tls`, or `allowInsecureCredentials`. */
  readonly credentials?: CallCredentials | undefined
  /** Sends credentials without TLS: where something else protects the connection. Default false. */
  readonly allowInsecureCredentials?: boolean | undefined
  /** Calls wait for a connection instead of failing at once while none can be made. Default false. */
  readonly waitForReady?: boolean | undefined
  /** Retries, hedging, timeouts and more by method: gRPC's service config, as an object or as JSON. */
  readonly serviceConfig?: ServiceConfigInit | undefined
  /** False ignores the retry and hedging policies of the service config. Default true. */
  readonly retries?: boolean | undefined
  /** Bytes that one call may keep for further attempts; beyond it none is made. Default 1 MiB. */
  readonly retryBufferBytes?: number | undefined
  /** The same for all calls of the transport together. Default 16 MiB. */
  readonly totalRetryBufferBytes?: number | undefined
  /** Milliseconds until a connection must be ready: name lookup, TLS and the server's SETTINGS included. Default 3,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Waits after a connection that could not be made. Default: 200 ms, 1.6 times longer each time, at most 30 s, a fifth left to chance. */
  readonly backoff?: BackoffOptions | undefined
  /** Milliseconds without a call until a connection is closed; 0: never. Default 30 minutes. */
  readonly idleTimeoutMs?: number | undefined
  /** Connections to have at once; another one is made when the server takes no more calls on those that there are. Default 8. */
  readonly maxConnections?: number | undefined
  /** Calls to have open at once on one connection, where the server takes as many. Default: what the server takes. */
  readonly maxCallsPerConnection?: number | undefined
  /** Largest message to take, in bytes, before and after decompression. Default 4 MiB. */
  readonly maxReceiveBytes?: number | undefined
  /** Largest message to send, in bytes. Default: no limit. */
  readonly maxSendBytes?: number | undefined
  /**
   * Compresses requests of `compressMinBytes` and more, until the server says that it does not take it. Default: none. Responses are
   * always decompressed.
   */
  readonly compression?: Compression | undefined
  /** Bytes from which requests are compressed: smaller ones would mostly grow. Default 1,024. */
  readonly compressMinBytes?: number | undefined
  /** PINGs while calls are open; servers may refuse frequent ones. Default: every 5 minutes, with 20 s for the answer. */
  readonly keepalive?: Http2Keepalive | undefined
  /** Bytes a server may send on one call before they are read. Default 1 MiB, growing to 16 MiB where that is too little. */
  readonly streamWindowBytes?: number | undefined
  /** Largest list of response headers, in bytes as HTTP/2 counts them. A call with more is RESOURCE_EXHAUSTED. Default 64 KiB. */
  readonly maxHeaderListBytes?: number | undefined
}

/** What the options may be. */
export const grpcOptionTable: OptionTable<GrpcOptions> = {
  caller: isText,
  callee: isText,
  tls: isAnything,
  proxy: isAnything,
  authority: isText,
  userAgent: isText,
  credentials: isFunction,
  allowInsecureCredentials: isFlag,
  waitForReady: isFlag,
  serviceConfig: isAnything,
  retries: isFlag,
  retryBufferBytes: atLeast(0),
  totalRetryBufferBytes: atLeast(0),
  connectTimeoutMs: atLeast(0),
  backoff: { initialMs: atLeast(0), maxMs: atLeast(0), factor: atLeast(1), jitter: atLeast(0) },
  idleTimeoutMs: atLeast(0),
  maxConnections: atLeast(1),
  maxCallsPerConnection: atLeast(1),
  maxReceiveBytes: atLeast(0),
  maxSendBytes: atLeast(0),
  compression: isAnything,
  compressMinBytes: atLeast(0),
  keepalive: keepaliveTable,
  streamWindowBytes: atLeast(1),
  maxHeaderListBytes: atLeast(1),
}
