/** httpAccept(): what a port answers to HTTP that is not gRPC: gRPC-web, JSON, a health check, and preflights of browsers. */

import type { Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import type { ProtobufMessage } from '../../protobuf/message.ts'
import { acceptConnect } from '../connect/accept.ts'
import { type JsonMethods, pathParts } from '../connect/json-method.ts'
import { headerOf } from '../metadata.ts'
import { answer, type CallAcceptor, type HttpAccept, ignoringSink, isGrpc } from '../server/call-acceptor.ts'
import type { RequestHeaders } from '../server/request-headers.ts'
import { healthStatus } from '../service/health-status.ts'
import { type Cors, type CorsHeaders, type CorsOptions, cors } from './cors.ts'
import { HostCheck } from './host-check.ts'
import { answerIndex } from './index-page.ts'
import { WebStream, WebTextSink } from './web-stream.ts'

/** What a port answers besides Thrift and gRPC, over HTTP/1.1 and HTTP/2 alike. */
export interface HttpOptions {
  /** gRPC-web, binary and text: unary and server streaming calls of browsers. Default true. */
  readonly grpcWeb?: boolean | undefined
  /**
   * The Connect protocol: every kind of call, in protobuf and ProtoJSON, GET for methods without side effects
   * (https://connectrpc.com/docs/protocol). A unary call is `POST /package.Service/Method` with
   * `content-type: application/json`; so is one of a Thrift service, `POST /Service/method`, in its natural JSON.
   * Default true.
   */
  readonly connect?: boolean | undefined
  /**
   * Lists services, methods and example bodies at `GET /`: JSON, or a page for browsers. It tells everybody what there is,
   * so it is for development and for ports that only friends reach. Default false.
   */
  readonly index?: boolean | undefined
  /** What `google.protobuf.Any` may hold in JSON, besides the well-known types. Default none. */
  readonly types?: readonly ProtobufMessage[] | undefined
  /** The path whose GET answers 200 while the server serves and 503 while it does not. Default `/healthz`; false: none. */
  readonly health?: string | false | undefined
  /** Which pages of other sites may call. Default: none. */
  readonly cors?: CorsOptions | undefined
  /**
   * Names, with or without a port, by which this server is called: `shop.example`, `10.0.0.7:8080`. Where they are given, a
   * request with another `Host` is refused with 403, and pages of these hosts may call. A port that is bound to loopback is
   * always checked, and `localhost`, `127.0.0.1` and `[::1]` are among its names. The health check is exempt. A page that
   * calls from any other origin must be in `cors`.
   */
  readonly allowedHosts?: readonly string[] | undefined
}

const webType = /^application\/grpc-web(-text)?(?:\+(?:proto|(json)))?(?:\s*;|$)/

/** Makes the answerer; `jsonMethods`: methods of other services than protobuf's. Throws TypeError for options that contradict each other. */
export function httpAccept(options: HttpOptions, jsonMethods: JsonMethods): HttpAccept {
  const { grpcWeb = true, connect = true, health = '/healthz', index = false } = options
  const policy = cors(options.cors)
  const hosts = new HostCheck(options.allowedHosts, policy.allows)
  const accept: HttpAccept['accept'] = (acceptor, stream, headers, head, end, version) => {
    const path = head.path.split('?', 1)[0]!
    if (path === health && head.method !== 'OPTIONS') return answerHealth(acceptor, stream, headers, head, policy)
    const fields = policy.answer(headers)
    const refusal = hosts.refusal(headers, acceptor.onLoopback)
    if (refusal !== undefined) return acceptor.refuseHost(stream, head.path, refusal, fields)
    if (head.method === 'OPTIONS') return answer(stream, preflightAnswer(policy, headers))
    // Of gRPC only what came over HTTP/1.1 comes here.
    if (version === 1 && isGrpc(head.contentType)) return acceptor.refuseHttp1(stream, head.path, fields)
    if (index && path === '/' && (head.method === 'GET' || head.method === 'HEAD')) {
      return answerIndex(acceptor, stream, headers, head, fields)
    }
    if (head.method === 'POST') {
      const web = grpcWeb ? webType.exec(head.contentType.toLowerCase()) : null
      if (web !== null) return acceptWeb(acceptor, stream, headers, head, end, web, fields)
    }
    if (connect && (head.method === 'POST' || head.method === 'GET')) {
      const sink = acceptConnect({ acceptor, stream, headers, head, end, cors: fields })
      if (sink !== undefined) return sink
    }
    if (!isMethod(acceptor, path)) return acceptor.refuseHttp(stream, head, 404, fields)
    if (head.method !== 'POST') return acceptor.refuseHttp(stream, head, 405, ['allow', 'POST, OPTIONS', ...fields])
    return acceptor.refuseHttp(stream, head, 415, fields)
  }
  return { accept, jsonTypes: options.types ?? [], jsonMethods: connect ? jsonMethods : undefined }
}

/** Whether this package answers a request of HTTP/1.1, or leaves it to somebody else. */
export function answersHttp(options: HttpOptions, acceptor: CallAcceptor, method: string, url: string): boolean {
  const path = url.split('?', 1)[0] ?? ''
  if (options.index === true && path === '/') return method === 'GET' || method === 'HEAD'
  if (path === (options.health ?? '/healthz')) return method === 'GET' || method === 'HEAD'
  return (method === 'POST' || method === 'GET' || method === 'OPTIONS') && isMethod(acceptor, path)
}

function isMethod(acceptor: CallAcceptor, path: string): boolean {
  const { router, http } = acceptor.shared
  const [service] = pathParts(path) ?? []
  if (service === undefined) return false
  return router.has('protobuf', service) || http?.jsonMethods?.has(router, service) === true
}

function preflightAnswer(policy: Cors, headers: Http2Headers): Http2Headers {
  if (headerOf(headers, 'access-control-request-method') !== undefined) return policy.preflight(headers)
  return [':status', '204', 'allow', 'POST, GET, OPTIONS', ...policy.answer(headers)]
}

function acceptWeb(
  acceptor: CallAcceptor,
  stream: Http2Stream,
  headers: Http2Headers,
  head: RequestHeaders,
  end: boolean,
  [, textRequest, json]: RegExpExecArray,
  fields: CorsHeaders,
): Http2Sink {
  const accept = headerOf(headers, 'accept') ?? ''
  const isTextRequest = textRequest !== undefined
  const isText = accept.includes('application/grpc-web-text') || (isTextRequest && !accept.includes('grpc-web'))
  const isJson = json !== undefined
  const call = acceptor.open(new WebStream(stream, isText, isJson, fields), head, end, isJson)
  return isTextRequest && call !== ignoringSink ? new WebTextSink(call) : call
}

function answerHealth(
  acceptor: CallAcceptor,
  stream: Http2Stream,
  headers: Http2Headers,
  head: RequestHeaders,
  policy: Cors,
): Http2Sink {
  const { method } = head
  if (method !== 'GET' && method !== 'HEAD') {
    return acceptor.refuseHttp(stream, head, 405, ['allow', 'GET, HEAD', ...policy.answer(headers)])
  }
  const status = healthStatus(acceptor.shared.router, '')
  const body = new TextEncoder().encode(`{"status":"${status}"}\n`)
  stream.headers(
    [
      ...[':status', status === 'SERVING' ? '200' : '503'],
      ...['content-type', 'application/json', 'content-length', String(body.length), 'cache-control', 'no-store'],
      ...policy.answer(headers),
    ],
    method === 'HEAD',
  )
  if (method === 'GET') stream.write(body, true)
  return ignoringSink
}
