/** grpc(): the Transport of a client whose server speaks gRPC. */

import { type BackoffOptions, connectBackoff, exponentialBackoff } from '../../core/backoff.ts'
import type { Service } from '../../core/context/service.ts'
import { defaultDrainMs } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import {
  atLeast,
  checkOptions,
  isAnything,
  isFlag,
  isFunction,
  isText,
  type OptionTable,
} from '../../core/option-check.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { Transport } from '../../core/transport.ts'
import { packageVersion } from '../../core/version.ts'
import { type Http2Address, type Http2ClientTls, Http2Dialer, type Http2Proxy } from '../../http2/client/dialer.ts'
import { clientKeepalive } from '../../http2/keepalive.ts'
import type { Http2Headers, Http2Keepalive } from '../../http2/sink.ts'
import { attemptsOf } from '../attempt/attempts.ts'
import { ReplayBudget } from '../attempt/replay.ts'
import { RetryThrottle } from '../attempt/retry-throttle.ts'
import {
  type MethodConfig,
  readServiceConfig,
  type ServiceConfig,
  type ServiceConfigInit,
} from '../attempt/service-config.ts'
import { methodCodec } from '../codec.ts'
import { acceptedEncodings, type Compression, checkCompression } from '../compression.ts'
import { defaultMaxReceiveBytes } from '../framing.ts'
import { headerText } from '../metadata.ts'
import { keepaliveTable } from '../option-table.ts'
import { GrpcClientCall } from './call.ts'
import type { CallCredentials } from './call-credentials.ts'
import { type BoundMethod, type CallSettings, insecureCredentials } from './call-settings.ts'
import { Channel } from './channel.ts'
import { type ConnectOptions, connectChannel } from './channel-connect.ts'
import type { ChannelStats } from './channel-stats.ts'
import type { ConnectivityListener, ConnectivityState } from './connectivity.ts'

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
   * Compresses requests of 1 KiB and more, until the server says that it does not take it. Default: none. Responses are
   * always decompressed.
   */
  readonly compression?: Compression | undefined
  /** PINGs while calls are open; servers may refuse frequent ones. Default: every 5 minutes, with 20 s for the answer. */
  readonly keepalive?: Http2Keepalive | undefined
  /** Bytes a server may send on one call before they are read. Default 1 MiB, growing to 16 MiB where that is too little. */
  readonly streamWindowBytes?: number | undefined
  /** Largest list of response headers, in bytes as HTTP/2 counts them. A call with more is RESOURCE_EXHAUSTED. Default 64 KiB. */
  readonly maxHeaderListBytes?: number | undefined
}

const grpcOptionTable: OptionTable<GrpcOptions> = {
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
  keepalive: keepaliveTable,
  streamWindowBytes: atLeast(1),
  maxHeaderListBytes: atLeast(1),
}

/** The transport that {@link grpc} makes: one server, its connections, and their state. */
export interface GrpcTransport extends Transport {
  /** What the connections are doing. */
  readonly state: ConnectivityState
  /** Hears of every change of the state. Returns its removal. */
  watch(listener: ConnectivityListener): () => void
  /**
   * Makes a connection before the first call. Without `timeoutMs` one attempt, whose failure rejects it (UNAVAILABLE);
   * with it attempts until then (DEADLINE_EXCEEDED, the last failure as cause).
   */
  connect(options?: ConnectOptions): Promise<void>
  /** The transport as it is now: its connections and how many calls they carry and have carried. */
  stats(): ChannelStats
}

const ownAgent = `grpc-node-volo-ts/${packageVersion}`
const defaultIdleTimeoutMs = 30 * 60_000

/**
 * A transport over shared HTTP/2 connections: one at the first call, more while the server takes no more calls on it, a
 * new one when it is lost. Throws RpcError INVALID_ARGUMENT for an address or a service config that is none, TypeError for
 * an option that there is not, RangeError for a value that it cannot have. Calls that find
 * no server fail as UNAVAILABLE with `bytesSent: false`, at once while the transport waits before its next attempt at a
 * connection, unless they wait for it; those whose connection is lost fail at once as UNAVAILABLE. A call that the server
 * says it has not seen is sent again.
 */
export function grpc(address: Http2Address, options: GrpcOptions = {}): GrpcTransport {
  checkOptions('grpc()', options, grpcOptionTable)
  const { tls, connectTimeoutMs, streamWindowBytes, maxHeaderListBytes, callee, compression, proxy, credentials } =
    options
  const maxConcurrentStreams = options.maxCallsPerConnection
  const dialer = new Http2Dialer(address, {
    ...{ tls, proxy, connectTimeoutMs },
    ...{ streamWindowBytes, maxHeaderListBytes, maxConcurrentStreams },
  })
  const channel = new Channel(dialer, {
    maxConnections: options.maxConnections ?? 8,
    idleTimeoutMs: options.idleTimeoutMs ?? defaultIdleTimeoutMs,
    backoff: exponentialBackoff({ ...connectBackoff, ...options.backoff }),
    keepalive: options.keepalive ?? clientKeepalive,
  })
  const mayShowCredentials = tls !== undefined || options.allowInsecureCredentials === true
  if (credentials !== undefined && !mayShowCredentials) throw insecureCredentials()
  const settings: CallSettings = {
    channel,
    caller: headerText(options.caller ?? '', 'caller'),
    maxReceiveBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? Number.POSITIVE_INFINITY,
    compression: checkCompression(compression),
    waitForReady: options.waitForReady ?? false,
    credentials: credentials === undefined ? [] : [credentials],
    mayShowCredentials,
    headers: undefined,
  }
  const config = readServiceConfig(options.serviceConfig)
  const throttle = config.retryThrottling === undefined ? undefined : new RetryThrottle(config.retryThrottling)
  const budget = new ReplayBudget(options.retryBufferBytes ?? 1 << 20, options.totalRetryBufferBytes ?? 1 << 24)
  const agent = options.userAgent ? `${options.userAgent} ${ownAgent}` : ownAgent
  const head: readonly string[] = [
    ...[':scheme', dialer.scheme],
    ...[':authority', headerText(options.authority ?? dialer.authority, 'authority')],
    ...['te', 'trailers'],
    ...['content-type', 'application/grpc'],
    ...['user-agent', headerText(agent, 'userAgent')],
    ...['grpc-accept-encoding', acceptedEncodings],
    ...(compression === undefined ? [] : ['grpc-encoding', compression]),
    ...(callee === undefined ? [] : ['destination-service', headerText(callee, 'callee')]),
  ]
  return {
    bind(service: ServiceType): Service {
      if (service.idl !== 'protobuf') {
        throw new RpcError(
          'INVALID_ARGUMENT',
          `${service.fullName} is a Thrift service, and gRPC carries protobuf; use thrift() for it, or inProcess()`,
        )
      }
      const methods = new Map<MethodType, BoundMethod>()
      for (const method of service.methods) {
        methods.set(method, bindMethod(service, method, head, configured(settings, config, service, method)))
      }
      return (cx, request) => new GrpcClientCall(methods.get(cx.method)!, cx).run(request)
    },
    attempts(service: ServiceType, attempt: Service): Service {
      const retries = options.retries ?? true
      return attemptsOf(service, attempt, {
        methodConfig: (method) => config.of(service, method),
        throttle,
        budget,
        retries,
      })
    },
    get state() {
      return channel.connectivity.state
    },
    watch(listener) {
      return channel.connectivity.watch(listener)
    },
    stats() {
      return channel.stats()
    },
    connect(connectOptions) {
      return connectChannel(channel, connectOptions)
    },
    close({ drainMs = defaultDrainMs } = {}): Promise<void> {
      return channel.close(drainMs)
    },
  }
}

/** The settings of a method, with what the service config says of it. */
function configured(
  settings: CallSettings,
  config: ServiceConfig,
  service: ServiceType,
  method: MethodType,
): CallSettings {
  const own: MethodConfig | undefined = config.of(service, method)
  if (own === undefined) return settings
  return {
    ...settings,
    waitForReady: own.waitForReady ?? settings.waitForReady,
    maxSendBytes: Math.min(settings.maxSendBytes, own.maxRequestMessageBytes ?? Number.POSITIVE_INFINITY),
    maxReceiveBytes: Math.min(settings.maxReceiveBytes, own.maxResponseMessageBytes ?? Number.POSITIVE_INFINITY),
  }
}

function bindMethod(
  service: ServiceType,
  method: MethodType,
  head: readonly string[],
  settings: CallSettings,
): BoundMethod {
  const anonymous: Http2Headers = [':method', 'POST', ':path', `/${service.fullName}/${method.name}`, ...head]
  const headers = settings.caller === '' ? anonymous : [...anonymous, 'source-service', settings.caller]
  return { ...methodCodec(method), settings, headers, anonymous }
}
