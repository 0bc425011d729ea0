/** What a call of a gRPC client goes by: the options of its transport, of its method in the service config, and its own. */

import { type Context, type ContextKey, sharedKey } from '../../core/context/context.ts'
import { RpcError } from '../../core/error.ts'
import type { Http2ClientConnection, Http2Headers } from '../../http2/sink.ts'
import type { MethodCodec } from '../codec.ts'
import type { Compression, Compressor } from '../compressor.ts'
import { headerText } from '../metadata.ts'
import type { CallCredentials } from './call-credentials.ts'
import type { ChannelCall } from './channel.ts'
import type { Dialect } from './dialect.ts'

/** What one call may ask of gRPC, by {@link grpcCall}; everything is optional. */
export interface GrpcCallOptions {
  /** Waits for a connection instead of failing at once while none can be made; the deadline still holds. */
  readonly waitForReady?: boolean | undefined
  /** How to compress the requests; `identity`: not at all. */
  readonly compression?: Compression | 'identity' | undefined
  /** Largest message to take, in bytes. */
  readonly maxReceiveBytes?: number | undefined
  /** Largest message to send, in bytes. */
  readonly maxSendBytes?: number | undefined
  /** The `:authority` of the request. */
  readonly authority?: string | undefined
  /** Credentials of this call, after those of the transport. */
  readonly credentials?: CallCredentials | undefined
}

/** Where the context of a call holds them. */
export const callOptionsKey: ContextKey<GrpcCallOptions> = sharedKey('grpc.callOptions')

/** Where calls get their connections from. */
export interface CallChannel {
  /** A connection that takes a call now, if there is one. */
  readonly ready: Http2ClientConnection | undefined
  /** Gives the call a connection as soon as one takes it. */
  wait(call: ChannelCall): void
  /** The call wants no connection any more. */
  leave(call: ChannelCall): void
  /** Compressions that the server has said it does not take. */
  readonly refusedEncodings: Set<Compression>
}

/** What calls of a method go by. */
export interface CallSettings {
  readonly channel: CallChannel
  readonly compressor: Compressor
  /** Name of the calling service as it stands in the headers of every call; empty for none. */
  readonly caller: string
  readonly maxReceiveBytes: number
  readonly maxSendBytes: number
  readonly compression: Compression | undefined
  /** Messages of fewer bytes are not compressed. */
  readonly compressMinBytes: number
  readonly waitForReady: boolean
  readonly credentials: readonly CallCredentials[]
  /** Whether credentials may be sent: the connection is encrypted, or somebody said so. */
  readonly mayShowCredentials: boolean
  /** Header fields to use instead of those of the method. */
  readonly headers: Http2Headers | undefined
}

/** One method of a bound service: its codecs and the header fields that all its calls have. */
export interface BoundMethod extends MethodCodec {
  readonly settings: CallSettings
  /** With the caller of the settings as `source-service`. */
  readonly headers: Http2Headers
  /** Without. */
  readonly anonymous: Http2Headers
  /** What another protocol than gRPC makes of its streams. */
  readonly dialect: Dialect | undefined
}

/** The settings of one call. Throws RpcError for what cannot be. */
export function settingsOf(bound: BoundMethod, cx: Context): CallSettings {
  const options = cx.get(callOptionsKey)
  const { settings } = bound
  if (options === undefined)
    return settings.compression === undefined ? settings : adjusted(bound, cx, settings, undefined)
  if (options.credentials !== undefined && !settings.mayShowCredentials) throw insecureCredentials()
  const own: CallSettings = {
    ...settings,
    compression: compressionOf(options.compression, settings.compression),
    waitForReady: options.waitForReady ?? settings.waitForReady,
    maxReceiveBytes: options.maxReceiveBytes ?? settings.maxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? settings.maxSendBytes,
    credentials:
      options.credentials === undefined ? settings.credentials : [...settings.credentials, options.credentials],
  }
  return adjusted(bound, cx, own, options.authority)
}

function compressionOf(
  asked: Compression | 'identity' | undefined,
  usual: Compression | undefined,
): Compression | undefined {
  return asked === 'identity' ? undefined : (asked ?? usual)
}

/** The settings with the header fields that they ask for, and without a compression that the server does not take. */
function adjusted(
  bound: BoundMethod,
  cx: Context,
  settings: CallSettings,
  authority: string | undefined,
): CallSettings {
  const { compression: asked, channel } = settings
  const compression = asked !== undefined && channel.refusedEncodings.has(asked) ? undefined : asked
  if (compression === bound.settings.compression && authority === undefined) return settings
  const headers = changed(cx.caller === settings.caller ? bound.headers : bound.anonymous, compression, authority)
  return { ...settings, compression, headers }
}

function changed(headers: Http2Headers, compression: Compression | undefined, authority: string | undefined): string[] {
  const list: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    if (name === 'grpc-encoding') continue
    const value =
      name === ':authority' && authority !== undefined ? headerText(authority, 'authority') : headers[i + 1]!
    list.push(name, value)
    if (name === 'grpc-accept-encoding' && compression !== undefined) list.push('grpc-encoding', compression)
  }
  return list
}

/** RpcError INVALID_ARGUMENT for credentials on a connection that anybody can read. */
export function insecureCredentials(): RpcError {
  return new RpcError(
    'INVALID_ARGUMENT',
    'call credentials are sent over TLS only: set `tls`, or `allowInsecureCredentials: true` where the connection is protected otherwise',
  )
}
