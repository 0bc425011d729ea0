/** httpAccept(): what a port answers to HTTP that is not gRPC: gRPC-web, JSON, a health check, and preflights of browsers. */

import type { Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { headerOf } from '../metadata.ts'
import { answer, type CallAcceptor, type HttpAccept, ignoringSink } from '../server/call-acceptor.ts'
import type { RequestHeaders } from '../server/request-headers.ts'
import { healthStatus } from '../service/health-status.ts'
import { type Cors, type CorsOptions, cors } from './cors.ts'
import { JsonCall } from './json-call.ts'
import { WebStream, WebTextSink } from './web-stream.ts'

/** What a port answers besides Thrift and gRPC, over HTTP/1.1 and HTTP/2 alike. */
export interface HttpOptions {
  /** gRPC-web, binary and text: unary and server streaming calls of browsers. Default true. */
  readonly grpcWeb?: boolean | undefined
  /**
   * Unary methods by `POST /package.Service/Method` with `content-type: application/json`: ProtoJSON in and out, errors
   * as the Connect protocol has them (https://connectrpc.com/docs/protocol#unary-request). Default true.
   */
  readonly json?: boolean | undefined
  /** The path whose GET answers 200 while the server serves and 503 while it does not. Default `/healthz`; false: none. */
  readonly health?: string | false | undefined
  /** Which pages of other sites may call. Default: none. */
  readonly cors?: CorsOptions | undefined
}

const webType = /^application\/grpc-web(-text)?(?:\+proto)?(?:\s*;|$)/
const jsonType = /^application\/json(?:\s*;|$)/

/** Makes the answerer. Throws TypeError for options that contradict each other. */
export function httpAccept(options: HttpOptions): HttpAccept {
  const { grpcWeb = true, json = true, health = '/healthz' } = options
  const policy = cors(options.cors)
  return (acceptor, stream, headers, head, end) => {
    if (head.method === 'OPTIONS') return answer(stream, preflightAnswer(policy, headers))
    const path = head.path.split('?', 1)[0]
    if (path === health) return answerHealth(acceptor, stream, headers, head, policy)
    if (head.method !== 'POST') {
      const known = isMethod(acceptor, head.path)
      return answer(stream, known ? [':status', '405', 'allow', 'POST, OPTIONS'] : [':status', '404'])
    }
    const type = head.contentType.toLowerCase()
    const web = grpcWeb ? webType.exec(type) : null
    if (web !== null) return acceptWeb(acceptor, stream, headers, head, end, web[1] !== undefined, policy)
    if (json && jsonType.test(type)) {
      const call = new JsonCall(acceptor, stream, head, headers, policy.answer(headers))
      if (end) call.end()
      return call
    }
    return answer(stream, isMethod(acceptor, head.path) ? [':status', '415'] : [':status', '404'])
  }
}

/** Whether this package answers a request of HTTP/1.1, or leaves it to somebody else. */
export function answersHttp(options: HttpOptions, acceptor: CallAcceptor, method: string, url: string): boolean {
  const path = url.split('?', 1)[0] ?? ''
  if (path === (options.health ?? '/healthz')) return method === 'GET' || method === 'HEAD'
  return (method === 'POST' || method === 'OPTIONS') && isMethod(acceptor, path)
}

function isMethod(acceptor: CallAcceptor, path: string): boolean {
  const [, service] = /^\/([^/]+)\/[^/]+$/.exec(path) ?? []
  return service !== undefined && acceptor.shared.router.has('protobuf', service)
}

function preflightAnswer(policy: Cors, headers: Http2Headers): Http2Headers {
  if (headerOf(headers, 'access-control-request-method') !== undefined) return policy.preflight(headers)
  return [':status', '204', 'allow', 'POST, GET, OPTIONS']
}

function acceptWeb(
  acceptor: CallAcceptor,
  stream: Http2Stream,
  headers: Http2Headers,
  head: RequestHeaders,
  end: boolean,
  isTextRequest: boolean,
  policy: Cors,
): Http2Sink {
  const accept = headerOf(headers, 'accept') ?? ''
  const isText = accept.includes('application/grpc-web-text') || (isTextRequest && !accept.includes('grpc-web'))
  const call = acceptor.open(new WebStream(stream, isText, policy.answer(headers)), head, end)
  return isTextRequest && call !== ignoringSink ? new WebTextSink(call) : call
}

function answerHealth(
  acceptor: CallAcceptor,
  stream: Http2Stream,
  headers: Http2Headers,
  { method }: RequestHeaders,
  policy: Cors,
): Http2Sink {
  if (method !== 'GET' && method !== 'HEAD') return answer(stream, [':status', '405', 'allow', 'GET, HEAD'])
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
