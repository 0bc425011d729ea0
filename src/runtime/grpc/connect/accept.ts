/** acceptConnect(): opens the gRPC call that a request of the Connect protocol asks for (https://connectrpc.com/docs/protocol). */

import { RpcError } from '../../core/error.ts'
import { Metadata } from '../../core/metadata.ts'
import type { MethodType } from '../../core/service-type.ts'
import type { Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { decodeBase64 } from '../base64.ts'
import { headerOf } from '../metadata.ts'
import { type CallAcceptor, ignoringSink } from '../server/call-acceptor.ts'
import { type RequestHeaders, readEncoding } from '../server/request-headers.ts'
import type { CorsHeaders } from '../web/cors.ts'
import { type JsonMethod, pathParts } from './json-method.ts'
import { hasNoSideEffects } from './side-effects.ts'
import { ConnectStream } from './streaming.ts'
import { UnarySink, UnaryStream } from './unary.ts'

const contentType = /^application\/(?:(connect)\+)?(proto|json)(?:\s*;\s*charset=utf-8)?\s*$/i
/** Names that belong to the Connect protocol and to HTTP, and are no metadata. */
const protocolName = /^(?:connect-|content-|accept$|accept-encoding$|origin$)/
const timeoutText = /^\d{1,10}$/

/** A request: its stream, its fields, and what the port answers to the page behind it. */
export interface HttpRequest {
  readonly acceptor: CallAcceptor
  readonly stream: Http2Stream
  readonly headers: Http2Headers
  readonly head: RequestHeaders
  readonly end: boolean
  readonly cors: CorsHeaders
}

/** Takes a request with one of the protocol's content types, or by GET; undefined for any other. */
export function acceptConnect(request: HttpRequest): Http2Sink | undefined {
  if (request.head.method === 'GET') return acceptGet(request)
  const [, streams, format] = contentType.exec(request.head.contentType) ?? []
  if (format === undefined) return undefined
  const isJson = format.toLowerCase() === 'json'
  return streams === undefined ? acceptUnary(request, isJson) : acceptStreaming(request, isJson)
}

function acceptStreaming({ acceptor, stream, headers, head, end, cors }: HttpRequest, isJson: boolean): Http2Sink {
  if (jsonMethodOf(acceptor, head.path) !== undefined) {
    return wrongType(acceptor, stream, head, cors, 'application/json')
  }
  const method = methodOf(acceptor, head.path)
  if (method !== undefined && (method.kind === 'unary' || method.kind === 'oneway')) {
    return wrongType(acceptor, stream, head, cors, `application/${isJson ? 'json' : 'proto'}`)
  }
  const { accepted } = acceptor.shared.settings
  readHead(head, headers, acceptor, 'connect-content-encoding', 'connect-accept-encoding')
  const type = `application/connect+${isJson ? 'json' : 'proto'}`
  return acceptor.open(new ConnectStream(stream, type, accepted.names, cors), head, end, isJson)
}

function acceptUnary(request: HttpRequest, isJson: boolean): Http2Sink {
  const { acceptor, stream, headers, head, end, cors } = request
  const other = jsonMethodOf(acceptor, head.path)
  if (other !== undefined && !isJson) return wrongType(acceptor, stream, head, cors, 'application/json')
  const method = methodOf(acceptor, head.path)
  if (method !== undefined && method.kind !== 'unary') {
    return wrongType(acceptor, stream, head, cors, `application/connect+${isJson ? 'json' : 'proto'}`)
  }
  readHead(head, headers, acceptor, 'content-encoding', 'accept-encoding')
  const sink = openUnary(acceptor, stream, head, cors, isJson, other)
  if (end) sink.end()
  return sink
}

/** The method of a path that is for unary calls in JSON alone. */
function jsonMethodOf(acceptor: CallAcceptor, path: string): JsonMethod | undefined {
  const { http, router } = acceptor.shared
  const parts = pathParts(path)
  return parts === undefined ? undefined : http?.jsonMethods?.find(router, ...parts)
}

/** A GET of a method without side effects, the message among the parameters of the query. */
function acceptGet({ acceptor, stream, headers, head, cors }: HttpRequest): Http2Sink | undefined {
  const [path = '', query] = head.path.split('?', 2)
  const found = acceptor.find(path)
  if (found === undefined) return undefined
  if (!hasNoSideEffects(found.service, found.method))
    return acceptor.refuseHttp(stream, head, 405, ['allow', 'POST', ...cors])
  const parameters = new URLSearchParams(query)
  const isJson = parameters.get('encoding') === 'json'
  if (!isJson && parameters.get('encoding') !== 'proto') {
    return acceptor.refuseHttp(stream, head, 415, cors)
  }
  head.path = path
  readHead(head, headers, acceptor, '', 'accept-encoding')
  const compression = parameters.get('compression')
  if (compression !== null) readEncoding(head, compression, acceptor.shared.settings.accepted)
  const version = parameters.get('connect')
  if (version !== null && version !== 'v1') head.problem ??= badRequest(`connect=${version.slice(0, 32)} is not v1`)
  const text = parameters.get('message')
  let message: Uint8Array | undefined
  if (text === null) head.problem ??= badRequest('the parameter "message" is missing')
  else message = parameters.get('base64') === '1' ? decodeBase64(urlSafe(text)) : new TextEncoder().encode(text)
  if (message === undefined) head.problem ??= badRequest('the parameter "message" is not base64')
  const sink = openUnary(acceptor, stream, head, cors, isJson)
  if (message !== undefined && message.length > 0) sink.data(message, true)
  sink.end()
  // The body of a GET, if there is one, means nothing (RFC 9110 section 9.3.1).
  return { ...ignoringSink, reset: (reason) => sink.reset(reason), drain: () => sink.drain() }
}

function openUnary(
  acceptor: CallAcceptor,
  stream: Http2Stream,
  head: RequestHeaders,
  cors: CorsHeaders,
  isJson: boolean,
  other?: JsonMethod,
): UnarySink {
  const { accepted, maxReceiveBytes } = acceptor.shared.settings
  const type = `application/${isJson ? 'json' : 'proto'}`
  const isKnown = other !== undefined || acceptor.find(head.path) !== undefined
  const failure = other?.failure
  const adapter = new UnaryStream(stream, { contentType: type, accepted: accepted.names, cors, isKnown, failure })
  const call = acceptor.open(adapter, head, false, isJson, other)
  return new UnarySink(call, head.compression !== undefined, maxReceiveBytes, acceptor.received)
}

/** Reads the protocol's own fields; what is wrong with them becomes the head's problem. */
function readHead(
  head: RequestHeaders,
  headers: Http2Headers,
  acceptor: CallAcceptor,
  contentEncoding: string,
  acceptEncoding: string,
): void {
  const version = headerOf(headers, 'connect-protocol-version')
  if (version !== undefined && version !== '1') {
    head.problem ??= badRequest(`connect-protocol-version must be "1", not "${version.slice(0, 32)}"`)
  }
  const timeout = headerOf(headers, 'connect-timeout-ms')
  if (timeout !== undefined) {
    if (timeoutText.test(timeout)) head.timeoutMs = Number(timeout)
    else head.problem ??= badRequest('connect-timeout-ms is not a number of milliseconds')
  }
  const encoding = headerOf(headers, contentEncoding)
  if (encoding !== undefined) readEncoding(head, encoding, acceptor.shared.settings.accepted)
  head.acceptEncoding = headerOf(headers, acceptEncoding)
  if (head.metadata !== undefined) {
    head.metadata = new Metadata([...head.metadata].filter(([name]) => !protocolName.test(name)))
  }
}

function methodOf(acceptor: CallAcceptor, path: string): MethodType | undefined {
  return acceptor.find(path)?.method
}

function wrongType(
  acceptor: CallAcceptor,
  stream: Http2Stream,
  head: RequestHeaders,
  cors: CorsHeaders,
  wanted: string,
): Http2Sink {
  return acceptor.refuseHttp(stream, head, 415, ['accept-post', wanted, ...cors])
}

function urlSafe(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
}

function badRequest(message: string): RpcError {
  return new RpcError('INVALID_ARGUMENT', message, { stack: false })
}
