/** httpTransport(): the Transport of a client whose calls go over connections of HTTP, in gRPC or what is written like it. */

import { connectBackoff, exponentialBackoff } from '../../core/backoff.ts'
import type { Service } from '../../core/context/service.ts'
import { defaultDrainMs } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { Transport } from '../../core/transport.ts'
import { packageVersion } from '../../core/version.ts'
import { clientKeepalive } from '../../http2/keepalive.ts'
import type { Http2Headers } from '../../http2/sink.ts'
import { attemptsOf } from '../attempt/attempts.ts'
import { ReplayBudget } from '../attempt/replay.ts'
import { RetryThrottle } from '../attempt/retry-throttle.ts'
import { type MethodConfig, readServiceConfig, type ServiceConfig } from '../attempt/service-config.ts'
import type { MethodCodec } from '../codec.ts'
import { acceptedEncodings, checkCompression, nodeCompressor } from '../compression.ts'
import { compressFromBytes } from '../compressor.ts'
import { defaultMaxReceiveBytes } from '../framing.ts'
import { headerText } from '../metadata.ts'
import { GrpcClientCall } from './call.ts'
import { type BoundMethod, type CallSettings, insecureCredentials } from './call-settings.ts'
import { Channel, type ChannelDialer } from './channel.ts'
import { type ConnectOptions, connectChannel } from './channel-connect.ts'
import type { ChannelStats } from './channel-stats.ts'
import type { ConnectivityListener, ConnectivityState } from './connectivity.ts'
import type { Dialect } from './dialect.ts'
import type { GrpcOptions } from './grpc-options.ts'

/** The transport that {@link grpc} and {@link connect} make: one server, its connections, and their state. */
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

/** What a protocol has of its own. */
export interface ClientProtocol {
  /** As messages call it. */
  readonly name: 'gRPC' | 'Connect'
  /** What makes the transport. */
  readonly agent: string
  readonly dialer: ChannelDialer
  /** Connections to have at once, when nobody says otherwise. */
  readonly maxConnections: number
  /** The codec of a method, and what the protocol makes of its streams. */
  method(
    service: ServiceType,
    method: MethodType,
    settings: CallSettings,
  ): { codec: MethodCodec; dialect: Dialect | undefined }
}

const defaultIdleTimeoutMs = 30 * 60_000

/** Makes the transport. Throws RpcError INVALID_ARGUMENT for options that contradict each other. */
export function httpTransport(protocol: ClientProtocol, options: GrpcOptions): GrpcTransport {
  const { tls, callee, compression, credentials } = options
  const { dialer } = protocol
  const channel = new Channel(dialer, {
    maxConnections: options.maxConnections ?? protocol.maxConnections,
    idleTimeoutMs: options.idleTimeoutMs ?? defaultIdleTimeoutMs,
    backoff: exponentialBackoff({ ...connectBackoff, ...options.backoff }),
    keepalive: options.keepalive ?? clientKeepalive,
  })
  const mayShowCredentials = tls !== undefined || options.allowInsecureCredentials === true
  if (credentials !== undefined && !mayShowCredentials) throw insecureCredentials()
  const settings: CallSettings = {
    channel,
    compressor: nodeCompressor,
    caller: headerText(options.caller ?? '', 'caller'),
    maxReceiveBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? Number.POSITIVE_INFINITY,
    compression: checkCompression(compression),
    compressMinBytes: options.compressMinBytes ?? compressFromBytes,
    waitForReady: options.waitForReady ?? false,
    credentials: credentials === undefined ? [] : [credentials],
    mayShowCredentials,
    headers: undefined,
  }
  const config = readServiceConfig(options.serviceConfig)
  const throttle = config.retryThrottling === undefined ? undefined : new RetryThrottle(config.retryThrottling)
  const budget = new ReplayBudget(options.retryBufferBytes ?? 1 << 20, options.totalRetryBufferBytes ?? 1 << 24)
  const ownAgent = `${protocol.agent}/${packageVersion}`
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
          `${service.fullName} is a Thrift service, and ${protocol.name} carries protobuf; use thrift() for it, or inProcess()`,
        )
      }
      const methods = new Map<MethodType, BoundMethod>()
      for (const method of service.methods) {
        methods.set(method, bindMethod(protocol, service, method, head, configured(settings, config, service, method)))
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
  protocol: ClientProtocol,
  service: ServiceType,
  method: MethodType,
  head: readonly string[],
  settings: CallSettings,
): BoundMethod {
  const anonymous: Http2Headers = [':method', 'POST', ':path', `/${service.fullName}/${method.name}`, ...head]
  const headers = settings.caller === '' ? anonymous : [...anonymous, 'source-service', settings.caller]
  const { codec, dialect } = protocol.method(service, method, settings)
  return { request: codec.request, response: codec.response, settings, headers, anonymous, dialect }
}
