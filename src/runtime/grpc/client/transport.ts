/** grpc(): the Transport of a client whose server speaks gRPC. */

import { checkOptions } from '../../core/option-check.ts'
import { type Http2Address, Http2Dialer } from '../../http2/client/dialer.ts'
import { methodCodec } from '../codec.ts'
import { type GrpcOptions, grpcOptionTable } from './grpc-options.ts'
import { type GrpcTransport, httpTransport } from './http-transport.ts'

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
  return httpTransport(
    {
      name: 'gRPC',
      agent: 'grpc-node-volo-ts',
      dialer: http2Dialer(address, options),
      maxConnections: 8,
      method: (_service, method) => ({ codec: methodCodec(method), dialect: undefined }),
    },
    options,
  )
}

/** Dials HTTP/2 as options say. Throws RpcError INVALID_ARGUMENT for an address or a proxy that is none. */
export function http2Dialer(address: Http2Address, options: GrpcOptions): Http2Dialer {
  const { tls, proxy, connectTimeoutMs, streamWindowBytes, maxHeaderListBytes } = options
  const maxConcurrentStreams = options.maxCallsPerConnection
  return new Http2Dialer(address, {
    ...{ tls, proxy, connectTimeoutMs },
    ...{ streamWindowBytes, maxHeaderListBytes, maxConcurrentStreams },
  })
}
