/** HTTP/1.1 on a port: gRPC-web, JSON and health, and what else the server's owner answers. */

import type { Router } from '../core/router.ts'
import type { Wire, WireConnection } from '../core/wire.ts'
import { type AcceptorShared, CallAcceptor } from '../grpc/accept.ts'
import { ConnectionCounters, callTotals } from '../grpc/counters.ts'
import { answersHttp, type HttpOptions, httpAccept } from '../grpc/http-accept.ts'
import { acceptors, type GrpcWireOptions } from '../grpc/server.ts'
import { type Http1Host, type Http1Limits, type Http1Listener, type Http1Request, http1Host } from '../net/http1.ts'
import { peerOf } from '../net/peer.ts'
import type { ServerSocket } from '../net/server-socket.ts'
import type { Socket } from '../net/socket.ts'
import { matchHttp1 } from './http1-sniff.ts'
import { Http1Stream } from './http1-stream.ts'

/** What a server answers besides Thrift and gRPC. */
export interface ServerHttpOptions extends HttpOptions, Http1Limits {
  /** Gets the requests of HTTP/1.1 that are for no service of the server, such as a web page's. Default: 404. */
  readonly fallback?: Http1Listener | undefined
}

/** Answers HTTP/1.1 for one router. */
export interface Http1Answerer {
  /** Serves a connection whose first bytes have been read. */
  accept(socket: Socket, first: Uint8Array): WireConnection
  /** Whether a request is for a service, for the health check or for a preflight of either. */
  answers(request: Http1Request): boolean
  /** Answers one request. */
  readonly listener: Http1Listener
}

/** Makes the answerer of a router. */
export function http1Answerer(options: ServerHttpOptions, grpc: GrpcWireOptions, router: Router): Http1Answerer {
  const shared: AcceptorShared = acceptors(grpc, httpAccept(options))(router)
  const bySocket = new WeakMap<Socket, CallAcceptor>()
  const acceptorOf = (socket: Socket): CallAcceptor => {
    let acceptor = bySocket.get(socket)
    if (acceptor === undefined) {
      const totals = callTotals(router)
      const counters = totals === undefined ? undefined : new ConnectionCounters(totals)
      acceptor = new CallAcceptor(shared, peerOf(socket), counters)
      bySocket.set(socket, acceptor)
    }
    return acceptor
  }
  const answers = (request: Http1Request): boolean =>
    answersHttp(options, acceptorOf(request.socket), request.method ?? '', request.url ?? '')
  const listener: Http1Listener = (request, response) => {
    const stream = new Http1Stream(request, response)
    stream.feed(acceptorOf(request.socket).accept(stream, stream.requestHeaders, false))
  }
  const { fallback } = options
  const host: Http1Host = http1Host(
    fallback === undefined
      ? listener
      : (request, response) => (answers(request) ? listener : fallback)(request, response),
    options,
  )
  return {
    answers,
    listener,
    accept(socket, first) {
      const connection = host.accept(socket, first)
      return {
        drain: () => connection.drain(),
        destroy: () => connection.destroy(),
        figures: () => ({ openCalls: connection.openRequests }),
      }
    },
  }
}

/** The wire of a port that answers HTTP/1.1. */
export function http1Wire(options: ServerHttpOptions, grpc: GrpcWireOptions): Wire<ServerSocket> {
  const answerers = new WeakMap<Router, Http1Answerer>()
  return {
    name: 'http/1.1',
    alpn: ['http/1.1'],
    match: matchHttp1,
    accept({ socket }, first, router) {
      let answerer = answerers.get(router)
      if (answerer === undefined) {
        answerer = http1Answerer(options, grpc, router)
        answerers.set(router, answerer)
      }
      return answerer.accept(socket, first)
    },
  }
}
