/** grpcWire(): the Wire of a port that answers gRPC. */

import type { Peer } from '../core/context.ts'
import { RpcError } from '../core/error.ts'
import type { Router } from '../core/router.ts'
import type { Wire, WireConnection, WireMatch } from '../core/wire.ts'
import { http2Server } from '../http2/engine.ts'
import type { Http2Headers, Http2Keepalive, Http2Sink, Http2Socket, Http2Stream } from '../http2/sink.ts'
import { methodCodec } from './codec.ts'
import { acceptedEncodings, type Compression } from './compression.ts'
import { defaultMaxReceiveBytes } from './framing.ts'
import { type RequestHead, readRequestHead } from './request-head.ts'
import { type GrpcRoute, GrpcServerCall, type ServerSettings } from './server-call.ts'
import { appendError } from './status.ts'

/** Options of {@link grpcWire}; everything is optional. */
export interface GrpcWireOptions {
  /** Largest message to take, in bytes, before and after decompression. Default 4 MiB. */
  readonly maxReceiveBytes?: number | undefined
  /** Largest message to send, in bytes. Default: no limit. */
  readonly maxSendBytes?: number | undefined
  /** Compresses responses of 1 KiB and more where the caller takes it. Default: none. Requests are always decompressed. */
  readonly compression?: Compression | undefined
  /** Calls that one connection may have open at once. Default 1,000. */
  readonly maxConcurrentStreams?: number | undefined
  /** Bytes a caller may send on one call before they are read. Default 1 MiB. */
  readonly streamWindowBytes?: number | undefined
  /** Largest list of request headers, in bytes. Default 16 KiB. */
  readonly maxHeaderListBytes?: number | undefined
  /** PINGs. Default: every 30 s, with 10 s for the answer. */
  readonly keepalive?: Http2Keepalive | undefined
}

const preface = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
export function grpcWire(options: GrpcWireOptions = {}): Wire<Http2Socket> {
  const settings: ServerSettings = {
    maxReceiveBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? Number.POSITIVE_INFINITY,
    compression: options.compression,
  }
  const tables = new WeakMap<Router, Map<string, GrpcRoute>>()
  return {
    name: 'grpc',
    alpn: ['h2'],
    match: matchPreface,
    accept(socket: Http2Socket, first: Uint8Array, router: Router): WireConnection {
      let table = tables.get(router)
      if (table === undefined) {
        table = new Map()
        tables.set(router, table)
      }
      const routes = table
      return http2Server(
        socket,
        first,
        (stream, headers, end) => acceptCall(stream, headers, end, socket.peer, router, routes, settings),
        options,
      )
    },
  }
}

function matchPreface(first: Uint8Array): WireMatch {
  const size = Math.min(first.length, preface.length)
  for (let i = 0; i < size; i++) if (first[i] !== preface[i]) return 'no'
  return size === preface.length ? 'yes' : 'more'
}

function acceptCall(
  stream: Http2Stream,
  headers: Http2Headers,
  end: boolean,
  peer: Peer,
  router: Router,
  routes: Map<string, GrpcRoute>,
  settings: ServerSettings,
): Http2Sink {
  const head = readRequestHead(headers)
  if (head.method !== 'POST') return reject(stream, [':status', '405', 'allow', 'POST'])
  if (!/^application\/grpc(?:\+proto)?(?:\s*;|$)/.test(head.contentType)) return reject(stream, [':status', '415'])
  try {
    const route = routeOf(head, router, routes)
    if (head.problem !== undefined) throw head.problem
    const call = router.open(route.route, {
      peer,
      deadline: head.timeoutMs === undefined ? undefined : performance.now() + head.timeoutMs,
      ...(head.caller === undefined ? undefined : { caller: head.caller }),
      ...(head.metadata === undefined ? undefined : { requestHeaders: head.metadata }),
      ...(head.persistent === undefined ? undefined : { persistent: head.persistent }),
      ...(head.transient === undefined ? undefined : { transient: head.transient }),
    })
    const sink = new GrpcServerCall(settings, route, stream, call, head)
    sink.start(end)
    return sink
  } catch (error) {
    const answer = [':status', '200', 'content-type', 'application/grpc', 'grpc-accept-encoding', acceptedEncodings]
    appendError(answer, error)
    return reject(stream, answer)
  }
}

function routeOf(head: RequestHead, router: Router, routes: Map<string, GrpcRoute>): GrpcRoute {
  const known = routes.get(head.path)
  if (known !== undefined) return known
  const [, service, method] = /^\/([^/]+)\/([^/]+)$/.exec(head.path) ?? []
  if (service === undefined || method === undefined)
    throw unimplemented(`the path ${shown(head.path)} is not /service/method`)
  const found = router.find('protobuf', service, method)
  if (found === undefined) {
    throw unimplemented(
      router.has('protobuf', service)
        ? `the service ${shown(service)} has no method ${shown(method)}`
        : `there is no service ${shown(service)}`,
    )
  }
  const route: GrpcRoute = { route: found, ...methodCodec(found.method) }
  routes.set(head.path, route)
  return route
}

function unimplemented(message: string): RpcError {
  return new RpcError('UNIMPLEMENTED', message, { stack: false })
}

/** A peer's own words, kept short. */
function shown(text: string): string {
  return `"${text.length > 128 ? `${text.slice(0, 128)}...` : text}"`
}

const deaf: Http2Sink = { headers() {}, data() {}, end() {}, reset() {}, drain() {} }

function reject(stream: Http2Stream, headers: Http2Headers): Http2Sink {
  stream.headers(headers, true)
  return deaf
}
