/** HTTP/1.1 on a port: gRPC-web, JSON and health, and what else the server's owner answers. */

import type { Peer } from '../core/context/context.ts'
import type { Router } from '../core/router.ts'
import type { Wire, WireConnection } from '../core/wire.ts'
import { type AcceptorShared, CallAcceptor } from '../grpc/server/call-acceptor.ts'
import { ConnectionCounters, callTotals } from '../grpc/server/counters.ts'
import { acceptors, type GrpcWireOptions } from '../grpc/server/wire.ts'
import { answersHttp, type HttpOptions, httpAccept } from '../grpc/web/http-accept.ts'
import { type Http1Host, type Http1Limits, type Http1Listener, type Http1Request, http1Host } from '../net/http1.ts'
import { peerOf } from '../net/peer.ts'
import type { ServerSocket } from '../net/server-socket.ts'
import type { Socket } from '../net/socket.ts'
import { matchHttp1 } from './http1-sniff.ts'
import { Http1Stream } from './http1-stream.ts'
import { thriftJson } from './thrift-json.ts'

/** What a server answers besides Thrift and gRPC. */
export interface ServerHttpOptions extends HttpOptions, Http1Limits {
  /** Gets the requests of HTTP/1.1 that are for no service of the server, such as a web page's. Default: 404. */
  readonly fallback?: Http1Listener | undefined
}

/** Answers HTTP/1.1 for one router. */
export interface Http1Answerer {
  /** Serves a connection whose first bytes have been read. */
  accept(socket: Socket, first: Uint8Array, peer: Peer, onLoopback?: boolean): WireConnection
  /** Whether a request is for a service, for the health check or for a preflight of either. */
  answers(request: Http1Request): boolean
  /** Answers one request. */
  readonly listener: Http1Listener
}

/** What is known of a socket. */
interface HttpSocket {
  readonly acceptor: CallAcceptor
  /** The requests that wait for the end of their answers. */
  readonly streams: Set<Http1Stream>
}

/** Requests that a connection may send ahead of their answers; browsers send one. */
const mostPipelined = 100

/** Makes the answerer of a router. */
export function http1Answerer(
  options: ServerHttpOptions,
  grpc: GrpcWireOptions,
  router: Router,
  onError: (error: unknown) => void,
): Http1Answerer {
  const shared: AcceptorShared = acceptors(grpc, httpAccept(options, thriftJson))(router)
  const bySocket = new WeakMap<Socket, HttpSocket>()
  const known = (socket: Socket, peer?: Peer, onLoopback = false): HttpSocket => {
    let one = bySocket.get(socket)
    if (one === undefined) {
      const totals = callTotals(router)
      const counters = totals === undefined ? undefined : new ConnectionCounters(totals)
      const streams = new Set<Http1Stream>()
      one = { acceptor: new CallAcceptor(shared, peer ?? peerOf(socket), counters, onLoopback), streams }
      bySocket.set(socket, one)
      // Of requests that stand in line behind another, Node tells nothing.
      socket.once('close', () => {
        for (const stream of streams) stream.lost()
      })
    }
    return one
  }
  const answers = (request: Http1Request): boolean =>
    answersHttp(options, known(request.socket).acceptor, request.method ?? '', request.url ?? '')
  const listener: Http1Listener = (request, response) => {
    const { socket } = request
    const { acceptor, streams } = known(socket)
    if (streams.size >= mostPipelined) socket.destroy()
    if (socket.destroyed) return
    const stream = new Http1Stream(request, response, router.memory)
    try {
      stream.feed(acceptor.accept(stream, stream.requestHeaders, false, 1))
      streams.add(stream)
      response.once('close', () => streams.delete(stream))
    } catch (error) {
      // A function among the options threw: that costs the request, not the process.
      onError(error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    }
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
    accept(socket, first, peer, onLoopback) {
      known(socket, peer, onLoopback)
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
export function http1Wire(
  options: ServerHttpOptions,
  grpc: GrpcWireOptions,
  onError: (error: unknown) => void,
): Wire<ServerSocket> {
  const answerers = new WeakMap<Router, Http1Answerer>()
  return {
    name: 'http/1.1',
    alpn: ['http/1.1'],
    match: matchHttp1,
    accept({ socket, peer, onLoopback }, first, router) {
      let answerer = answerers.get(router)
      if (answerer === undefined) {
        answerer = http1Answerer(options, grpc, router, onError)
        answerers.set(router, answerer)
      }
      return answerer.accept(socket, first, peer, onLoopback)
    },
  }
}
