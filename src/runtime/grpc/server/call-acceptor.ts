/** CallAcceptor: takes the streams of one connection, and opens the calls that they ask for. */

import { ReceivedBytes } from '../../core/bytes/memory-account.ts'
import type { Peer } from '../../core/context/context.ts'
import { RpcError } from '../../core/error.ts'
import type { Route, Router } from '../../core/router.ts'
import { quoted } from '../../core/text/printable.ts'
import type { Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import type { ProtobufMessage } from '../../protobuf/message.ts'
import { methodCodec } from '../codec.ts'
import { httpFailure } from '../connect/connect-error.ts'
import type { JsonMethods } from '../connect/json-method.ts'
import { jsonCodec } from '../json-codec.ts'
import { rawService } from '../raw-service.ts'
import { codeOfHttpStatus } from '../status.ts'
import { AbandonedCalls } from './abandoned-calls.ts'
import { type GrpcRoute, GrpcServerCall, type ServerSettings } from './call.ts'
import type { ConnectionCounters } from './counters.ts'
import { type RequestHeaders, readRequestHeaders } from './request-headers.ts'
import { type CallStream, tellError } from './stream-adapter.ts'

/** What answers requests that are not gRPC: gRPC-web, JSON and what else HTTP is used for. */
export interface HttpAccept {
  /** Answers a request; gives the sink of the rest of it. */
  accept(
    acceptor: CallAcceptor,
    stream: Http2Stream,
    headers: Http2Headers,
    head: RequestHeaders,
    end: boolean,
    version: 1 | 2,
  ): Http2Sink
  /** What `google.protobuf.Any` may hold in JSON, besides the well-known types. */
  readonly jsonTypes: readonly ProtobufMessage[]
  /** Methods of other services than protobuf's that unary calls in JSON reach. */
  readonly jsonMethods: JsonMethods | undefined
}

/** The sink of a call, or of a stream that has had its answer. */
export interface CallSink extends Http2Sink {
  /** Ends a call whose request cannot be read. */
  refuse(error: unknown): void
}

/** What the connections of a wire share. */
export interface AcceptorShared {
  readonly router: Router
  readonly settings: ServerSettings
  /** Routes by path, filled as they are asked for. */
  readonly routes: Map<string, GrpcRoute>
  /** The same for messages in ProtoJSON. */
  readonly jsonRoutes: Map<string, GrpcRoute>
  readonly http: HttpAccept | undefined
  /** What `google.protobuf.Any` may hold in JSON, besides the well-known types. */
  readonly jsonTypes: readonly ProtobufMessage[]
}

const contentType = /^application\/grpc(?:\+(?:proto|(json)))?(?:\s*;|$)/
const methodPath = /^\/([^/]+)\/([^/?]+)(?:\?|$)/

/** Whether a content type is that of gRPC itself. */
export function isGrpc(type: string): boolean {
  return contentType.test(type)
}

/** One connection's way into the router. */
export class CallAcceptor {
  readonly shared: AcceptorShared
  readonly peer: Peer
  /** Calls that are over for the client and not for this side. */
  readonly abandoned: AbandonedCalls = new AbandonedCalls()
  /** What requests hold that are not whole. */
  readonly received: ReceivedBytes
  readonly #counters: ConnectionCounters | undefined
  /** The connection came to a port that is bound to loopback. */
  readonly onLoopback: boolean

  constructor(shared: AcceptorShared, peer: Peer, counters: ConnectionCounters | undefined, onLoopback = false) {
    this.shared = shared
    this.peer = peer
    this.onLoopback = onLoopback
    this.received = new ReceivedBytes(shared.router.memory)
    this.#counters = counters
  }

  /** Takes a stream; answers with the sink of the rest of it. `version`: of HTTP. */
  accept(stream: Http2Stream, headers: Http2Headers, end: boolean, version: 1 | 2 = 2): Http2Sink {
    const head = readRequestHeaders(headers, this.shared.settings.accepted)
    const type = contentType.exec(head.contentType)
    if (version === 1 || head.method !== 'POST' || type === null) {
      const { http } = this.shared
      if (http !== undefined) return http.accept(this, stream, headers, head, end, version)
      if (head.method !== 'POST') return this.refuseHttp(stream, head, 405, ['allow', 'POST'])
      return this.refuseHttp(stream, head, 415)
    }
    return this.open(stream, head, end, type[1] !== undefined)
  }

  /** Opens the gRPC call that a head asks for, on a stream whose body is gRPC's; `isJson`: its messages are ProtoJSON; `known`: its route, where that is known. */
  open(stream: CallStream, head: RequestHeaders, end: boolean, isJson: boolean, known?: GrpcRoute): CallSink {
    const { router, settings } = this.shared
    try {
      const route = known ?? (isJson ? this.#jsonRoute(head.path) : this.route(head.path))
      if (head.problem !== undefined) throw head.problem
      const call = router.open(route.route, this.callInit(head))
      const sink = new GrpcServerCall(settings, route, stream, call, head, this.received, this.#counters)
      sink.start(end)
      return sink
    } catch (error) {
      this.#counters?.refused()
      const list = [
        ':status',
        '200',
        'content-type',
        isJson ? 'application/grpc+json' : 'application/grpc',
        'grpc-accept-encoding',
        settings.accepted.header,
      ]
      tellError(stream, list, error)
      this.refused(head.path, RpcError.from(error))
      return answer(stream, list)
    }
  }

  /** Reports a request that no call was opened for. */
  refused(path: string, error: RpcError, httpStatus?: number): void {
    const [, service, method] = methodPath.exec(path) ?? []
    this.shared.router.refused({
      peer: this.peer,
      service,
      method,
      error,
      ...(httpStatus === undefined ? {} : { httpStatus }),
    })
  }

  /** Refuses the request in HTTP's terms, with an error of the Connect protocol; `fields`: beside the status. */
  refuseHttp(
    stream: Http2Stream,
    { method, path }: RequestHeaders,
    status: 404 | 405 | 415,
    fields: Http2Headers = [],
  ): CallSink {
    const error = httpRefusal(status)
    this.refused(path, error, status)
    const { json } = httpFailure(error)
    const body = new TextEncoder().encode(json)
    const type = ['content-type', 'application/json; charset=utf-8', 'content-length', String(body.length)]
    const isHead = method === 'HEAD'
    stream.headers([':status', String(status), ...type, ...fields], isHead)
    if (!isHead) stream.write(body, true)
    return ignoringSink
  }

  /** Answers 403 with the reason: the name in the request, or its page, may not call. */
  refuseHost(stream: Http2Stream, path: string, reason: string, fields: Http2Headers): CallSink {
    this.refused(path, new RpcError('PERMISSION_DENIED', reason, { stack: false }), 403)
    return answerText(stream, 403, `${reason}\n`, fields)
  }

  /** What the router is told of a call. */
  callInit(head: RequestHeaders): Parameters<Router['open']>[1] {
    return {
      peer: this.peer,
      admitted: true,
      counter: this.abandoned,
      deadline: head.timeoutMs === undefined ? undefined : performance.now() + head.timeoutMs,
      ...(head.caller === undefined ? undefined : { caller: head.caller }),
      ...(head.metadata === undefined ? undefined : { requestHeaders: head.metadata }),
      ...(head.persistent === undefined ? undefined : { persistent: head.persistent }),
      ...(head.transient === undefined ? undefined : { transient: head.transient }),
    }
  }

  /** The service and method of a path that a service of this server has; undefined for any other. */
  find(path: string): Route | undefined {
    const known = this.shared.routes.get(path)
    if (known !== undefined) return known.route
    const [, service, method] = /^\/([^/]+)\/([^/]+)$/.exec(path) ?? []
    return service === undefined ? undefined : this.shared.router.find('protobuf', service, method!)
  }

  #jsonRoute(path: string): GrpcRoute {
    const { jsonRoutes, jsonTypes } = this.shared
    let route = jsonRoutes.get(path)
    if (route === undefined) {
      const known = this.route(path)
      if (known.request.isRaw === true) {
        throw unimplemented('messages in JSON cannot be passed on here; use application/grpc or application/proto')
      }
      route = { route: known.route, ...jsonCodec(known, jsonTypes) }
      jsonRoutes.set(path, route)
    }
    return route
  }

  /** Refuses gRPC over HTTP/1.1, which carries no trailers to most clients: an answer would lack its status. */
  refuseHttp1(stream: Http2Stream, path: string, fields: Http2Headers): CallSink {
    this.refused(path, httpRefusal(505), 505)
    return answerText(stream, 505, needsHttp2, fields)
  }

  /** The route of a path. Throws RpcError UNIMPLEMENTED when there is none. */
  route(path: string): GrpcRoute {
    const { router, routes } = this.shared
    const known = routes.get(path)
    if (known !== undefined) return known
    const [, service, method] = /^\/([^/]+)\/([^/]+)$/.exec(path) ?? []
    if (service === undefined || method === undefined)
      throw unimplemented(`the path ${quoted(path)} is not /service/method`)
    const found = router.find('protobuf', service, method)
    if (found === undefined) {
      const unknown = router.findUnknown({ idl: 'protobuf', service, method, oneway: false }, rawService)
      // Not remembered: peers make up the names.
      if (unknown !== undefined) return { route: unknown, ...methodCodec(unknown.method) }
      throw unimplemented(whyUnknown(router, service, method))
    }
    const route: GrpcRoute = { route: found, ...methodCodec(found.method) }
    routes.set(path, route)
    return route
  }
}

function whyUnknown(router: Router, service: string, method: string): string {
  if (router.has('protobuf', service)) return `the service ${quoted(service)} has no method ${quoted(method)}`
  if (!router.has('thrift', service)) return `there is no service ${quoted(service)}`
  if (router.find('thrift', service, method) === undefined) {
    return `the Thrift service ${quoted(service)} has no method ${quoted(method)}`
  }
  return `${quoted(service)} is a Thrift service, and gRPC carries protobuf services; call it over Thrift on this port, or in JSON by POST where \`http\` is set`
}

function unimplemented(message: string): RpcError {
  return new RpcError('UNIMPLEMENTED', message, { stack: false })
}

const httpReasons = {
  404: 'there is nothing at this path',
  405: 'the HTTP method is not POST',
  415: 'nothing here takes the content type',
  505: 'gRPC came over HTTP/1.1; it needs HTTP/2',
} as const

/** What a status of HTTP means for a caller of gRPC. */
function httpRefusal(status: keyof typeof httpReasons): RpcError {
  return new RpcError(codeOfHttpStatus(String(status)), `HTTP status ${status}: ${httpReasons[status]}`, {
    stack: false,
  })
}

/** The sink of a stream that has had its answer. */
export const ignoringSink: CallSink = { headers() {}, data() {}, end() {}, reset() {}, drain() {}, refuse() {} }

const needsHttp2 = 'gRPC needs HTTP/2. Over HTTP/1.1 this server answers gRPC-web and JSON.\n'

function answerText(stream: Http2Stream, status: number, text: string, fields: Http2Headers): CallSink {
  const body = new TextEncoder().encode(text)
  const type = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(body.length)]
  stream.headers([':status', String(status), ...type, ...fields], false)
  stream.write(body, true)
  return ignoringSink
}

/** Answers with a head alone. */
export function answer(stream: Http2Stream, headers: Http2Headers): CallSink {
  stream.headers(headers, true)
  return ignoringSink
}
