/** grpc(): the Transport of a client whose server speaks gRPC. */

import type { Service } from '../core/service.ts'
import type { MethodType, ServiceType } from '../core/service-type.ts'
import type { Transport } from '../core/transport.ts'
import { type Http2Address, type Http2ClientTls, Http2Dialer } from '../http2/dialer.ts'
import type { Http2Headers, Http2Keepalive } from '../http2/sink.ts'
import { Channel } from './channel.ts'
import { type BoundMethod, type ClientSettings, GrpcClientCall } from './client-call.ts'
import { methodCodec } from './codec.ts'
import { acceptedEncodings, type Compression } from './compression.ts'
import { defaultMaxReceiveBytes } from './framing.ts'
import { headerText } from './metadata.ts'

/** Options of {@link grpc}; everything is optional. */
export interface GrpcOptions {
  /** This service's own name, sent as `source-service`. */
  readonly caller?: string | undefined
  /** The called service's name, sent as `destination-service`. */
  readonly callee?: string | undefined
  /** TLS; `{}` trusts the system's authorities. Default: plain text. */
  readonly tls?: Http2ClientTls | undefined
  /** The `:authority` of requests. Default: host and port of the address, `localhost` for a Unix socket. */
  readonly authority?: string | undefined
  /** Put before this package's own name in `user-agent`. */
  readonly userAgent?: string | undefined
  /** Milliseconds until a connection must stand, TLS included. Default 3,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Largest message to take, in bytes, before and after decompression. Default 4 MiB. */
  readonly maxReceiveBytes?: number | undefined
  /** Largest message to send, in bytes. Default: no limit. */
  readonly maxSendBytes?: number | undefined
  /** Compresses requests of 1 KiB and more; the server must know it. Default: none. Responses are always decompressed. */
  readonly compression?: Compression | undefined
  /** PINGs while calls are open; servers may refuse frequent ones. Default: every 5 minutes, with 20 s for the answer. */
  readonly keepalive?: Http2Keepalive | undefined
  /** Bytes a server may send on one call before they are read. Default 1 MiB. */
  readonly streamWindowBytes?: number | undefined
}

const userAgent = 'grpc-node-volo-ts/0.1'

/**
 * A transport over one shared HTTP/2 connection, made at the first call and again when it is lost. Throws RpcError
 * INVALID_ARGUMENT for an address that is none. Calls that find no server fail as UNAVAILABLE with `bytesSent: false`;
 * those whose connection is lost fail at once as UNAVAILABLE. A call with one request that the server says it has not
 * seen is sent once more.
 */
export function grpc(address: Http2Address, options: GrpcOptions = {}): Transport {
  const { tls, connectTimeoutMs, keepalive, streamWindowBytes, callee } = options
  const dialer = new Http2Dialer(address, { tls, connectTimeoutMs, keepalive, streamWindowBytes })
  const channel = new Channel(dialer)
  const settings: ClientSettings = {
    channel,
    caller: headerText(options.caller ?? '', 'caller'),
    maxReceiveBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? Number.POSITIVE_INFINITY,
    compression: options.compression,
  }
  const head: readonly string[] = [
    ...[':scheme', dialer.scheme],
    ...[':authority', headerText(options.authority ?? dialer.authority, 'authority')],
    ...['te', 'trailers'],
    ...['content-type', 'application/grpc'],
    ...['user-agent', headerText(options.userAgent ? `${options.userAgent} ${userAgent}` : userAgent, 'userAgent')],
    ...['grpc-accept-encoding', acceptedEncodings],
    ...(options.compression === undefined ? [] : ['grpc-encoding', options.compression]),
    ...(callee === undefined ? [] : ['destination-service', headerText(callee, 'callee')]),
  ]
  return {
    bind(service: ServiceType): Service {
      if (service.idl !== 'protobuf') {
        throw new TypeError(
          `${service.fullName} is a Thrift service, and gRPC carries protobuf; use thrift() for it, or inProcess()`,
        )
      }
      const methods = new Map<MethodType, BoundMethod>()
      for (const method of service.methods) methods.set(method, bindMethod(service, method, head, settings.caller))
      return (cx, request) => new GrpcClientCall(settings, methods.get(cx.method)!, cx).run(request)
    },
    close({ drainMs = 0 } = {}): Promise<void> {
      return channel.close(drainMs)
    },
  }
}

function bindMethod(service: ServiceType, method: MethodType, head: readonly string[], caller: string): BoundMethod {
  const anonymous: Http2Headers = [':method', 'POST', ':path', `/${service.fullName}/${method.name}`, ...head]
  const headers = caller === '' ? anonymous : [...anonymous, 'source-service', caller]
  return { ...methodCodec(method), headers, anonymous }
}
