/** grpcWire(): the Wire of a port that answers gRPC. */

import type { Router } from '../../core/router.ts'
import type { ConnectionFigures, Wire, WireConnection, WireMatch } from '../../core/wire.ts'
import { type Http2Socket, http2Server, refuseConnection } from '../../http2/engine.ts'
import { Http2ErrorCode } from '../../http2/error-code.ts'
import type { Http2Headers, Http2Keepalive, Http2PingPolicy } from '../../http2/sink.ts'
import { acceptedCompression } from '../compression.ts'
import type { Compression } from '../compressor.ts'
import { defaultMaxReceiveBytes } from '../framing.ts'
import { headersTooLarge } from '../metadata.ts'
import { appendError } from '../status.ts'
import { type AcceptorShared, CallAcceptor, type HttpAccept } from './call-acceptor.ts'
import { ConnectionCounters, callTotals } from './counters.ts'

/** Options of {@link grpcWire}; everything is optional. */
export interface GrpcWireOptions {
  /** Largest message to take, in bytes, before and after decompression. Default 4 MiB. */
  readonly maxReceiveBytes?: number | undefined
  /** Largest message to send, in bytes. Default: no limit. */
  readonly maxSendBytes?: number | undefined
  /** Compresses responses of 1 KiB and more where the caller takes it. Default: none. */
  readonly compression?: Compression | undefined
  /**
   * How requests may be compressed; others are UNIMPLEMENTED. Default `['gzip']`: a message of 25 bytes of brotli inflates
   * to 4 MiB.
   */
  readonly acceptCompression?: readonly Compression[] | undefined
  /** How many times its compressed size a message may have, once it is larger than 1 MiB. Default 100. */
  readonly maxCompressionRatio?: number | undefined
  /**
   * Calls that one connection may have open at once, with those that were reset and whose handlers still run. Default
   * 1,000.
   */
  readonly maxConcurrentStreams?: number | undefined
  /** Bytes a caller may send on one call before they are read. Default 1 MiB. */
  readonly streamWindowBytes?: number | undefined
  /** Largest list of request headers, in bytes as HTTP/2 counts them. A call with more is RESOURCE_EXHAUSTED. Default 64 KiB. */
  readonly maxHeaderListBytes?: number | undefined
  /**
   * Milliseconds in which a client must take at least one byte of a complete response while some wait for it; then the
   * call is reset. 0: any time. Default 30,000.
   */
  readonly writeTimeoutMs?: number | undefined
  /** The same for a stream whose handler is still sending. Default 0: the handler waits for its reader. */
  readonly streamStallTimeoutMs?: number | undefined
  /** PINGs. Default: every 30 s, with 10 s for the answer. */
  readonly keepalive?: Http2Keepalive | undefined
  /**
   * Which PINGs a client may send; the third that comes too early costs it the connection. Default, as everywhere in
   * gRPC: every 5 minutes while calls are open, every 2 hours while none is. `false`: all but floods.
   */
  readonly pingPolicy?: Http2PingPolicy | false | undefined
  /**
   * Milliseconds, give or take a tenth, after which a connection is sent away, so that clients spread over servers
   * again. Default: never.
   */
  readonly maxAgeMs?: number | undefined
  /** Milliseconds that its calls then have. Default: as long as they take. */
  readonly maxAgeGraceMs?: number | undefined
  /** Milliseconds without a call after which a connection is sent away. Default: never. */
  readonly maxIdleMs?: number | undefined
}

const preface = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/**
 * gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). `http` answers what is not gRPC;
 * without it, such requests are refused with 405 or 415.
 */
export function grpcWire(options: GrpcWireOptions = {}, http?: HttpAccept): Wire<Http2Socket> {
  const { pingPolicy = {} } = options
  const http2 = { ...options, pingPolicy: pingPolicy === false ? undefined : pingPolicy }
  const shared = acceptors(options, http)
  return {
    name: 'grpc',
    alpn: ['h2'],
    match: matchPreface,
    accept(socket: Http2Socket, first: Uint8Array, router: Router): WireConnection {
      const totals = callTotals(router)
      const calls = totals === undefined ? undefined : new ConnectionCounters(totals)
      const acceptor = new CallAcceptor(shared(router), socket.peer, calls, socket.onLoopback)
      const connection = http2Server(socket, first, (stream, headers, end) => acceptor.accept(stream, headers, end), {
        ...http2,
        tooLarge: (bytes, limit) => {
          const error = headersTooLarge('request', bytes, limit)
          router.refused({ peer: socket.peer, service: undefined, method: undefined, error })
          return trailersOnly(error)
        },
        memory: router.memory,
        busyClosedStreams: () => acceptor.abandoned.count,
      })
      return {
        drain: () => connection.drain(),
        destroy: () => connection.destroy(),
        figures: (): ConnectionFigures => ({ openCalls: connection.openStreams, calls }),
      }
    },
    refuse: ({ socket }, _first, _router, { message }) => {
      refuseConnection(socket, Http2ErrorCode.INADEQUATE_SECURITY, message)
    },
  }
}

/** What the connections of each router share, made when its first one comes. */
export function acceptors(options: GrpcWireOptions, http: HttpAccept | undefined): (router: Router) => AcceptorShared {
  const settings = {
    maxReceiveBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? Number.POSITIVE_INFINITY,
    compression: options.compression,
    accepted: acceptedCompression(options.acceptCompression ?? ['gzip']),
    inflate: {
      maxBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
      maxRatio: options.maxCompressionRatio ?? 100,
    },
  }
  const byRouter = new WeakMap<Router, AcceptorShared>()
  return (router) => {
    let shared = byRouter.get(router)
    if (shared === undefined) {
      const jsonTypes = http?.jsonTypes ?? []
      shared = { router, settings, routes: new Map(), jsonRoutes: new Map(), jsonTypes, http }
      byRouter.set(router, shared)
    }
    return shared
  }
}

/** Trailers-Only for a request whose metadata is larger than this side takes. */
function trailersOnly(error: unknown): Http2Headers {
  const headers = [':status', '200', 'content-type', 'application/grpc']
  appendError(headers, error)
  return headers
}

function matchPreface(first: Uint8Array): WireMatch {
  const size = Math.min(first.length, preface.length)
  for (let i = 0; i < size; i++) if (first[i] !== preface[i]) return 'no'
  return size === preface.length ? 'yes' : 'more'
}
