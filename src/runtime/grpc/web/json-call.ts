/** JsonCall: a unary call whose messages are ProtoJSON, as the Connect protocol has it (https://connectrpc.com/docs/protocol#unary-request). */

import { unsentExhausted } from '../../core/bytes/memory-account.ts'
import { lazyParts } from '../../core/context/call-context.ts'
import { delayOf } from '../../core/context/delay.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import { JsonBudget, parseWithin } from '../../core/json/json-budget.ts'
import type { JsonValue } from '../../core/json/json-value.ts'
import { Metadata } from '../../core/metadata.ts'
import type { ServerCall } from '../../core/router.ts'
import type { Http2Headers, Http2Reset, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { fromJson, toJson } from '../../protobuf/json.ts'
import { tooLarge } from '../framing.ts'
import { appendMetadata, headerOf } from '../metadata.ts'
import { type GrpcRoute, holdUntilSent } from '../server/call.ts'
import type { CallAcceptor } from '../server/call-acceptor.ts'
import type { RequestHeaders } from '../server/request-headers.ts'
import { httpFailure } from './connect-error.ts'
import { type CorsHeaders, exposed } from './cors.ts'

const jsonType = 'application/json'
/** The value of `connect-timeout-ms`. */
const timeoutText = /^\d{1,10}$/
const nothing = new Uint8Array(0)
/** Names that belong to the Connect protocol and to HTTP, and are no metadata. */
const protocolName = /^(?:connect-|content-|accept$|accept-encoding$|origin$)/

/** A call and the sink of its stream in one object. */
export class JsonCall implements Http2Sink {
  readonly #acceptor: CallAcceptor
  readonly #stream: Http2Stream
  readonly #head: RequestHeaders
  readonly #cors: CorsHeaders
  readonly #timeout: string | undefined
  readonly #encoding: string | undefined
  readonly #arrivedAt: number = performance.now()
  /** The body as far as it has come, in the first `#size` bytes. */
  #body: Uint8Array = nothing
  #size = 0
  /** Bytes of it that are charged. */
  #held = 0
  /** Runs while the body is on its way. */
  #timer: NodeJS.Timeout | undefined
  #call: ServerCall | undefined
  #isOver = false

  constructor(
    acceptor: CallAcceptor,
    stream: Http2Stream,
    head: RequestHeaders,
    headers: Http2Headers,
    cors: CorsHeaders,
  ) {
    this.#acceptor = acceptor
    this.#stream = stream
    this.#head = head
    this.#cors = cors
    this.#timeout = headerOf(headers, 'connect-timeout-ms')
    this.#encoding = headerOf(headers, 'content-encoding')
    if (this.#timeout !== undefined && timeoutText.test(this.#timeout)) {
      this.#timer = setTimeout(() => this.#fail(tooLate()), delayOf(Number(this.#timeout))).unref()
    }
  }

  headers(): void {}

  data(chunk: Uint8Array, last = false): void {
    if (this.#isOver) return
    const before = this.#size
    this.#size += chunk.length
    const { maxReceiveBytes } = this.#acceptor.shared.settings
    try {
      if (!last) this.#hold(chunk.length)
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#size > maxReceiveBytes) this.#fail(tooLarge('received', undefined, maxReceiveBytes))
    else if (before === 0) this.#body = chunk
    else {
      // One piece, for a list of tiny chunks would cost far more than their bytes.
      if (this.#size > this.#body.length) {
        const grown = new Uint8Array(this.#size * 2)
        grown.set(this.#body.subarray(0, before))
        this.#body = grown
      }
      this.#body.set(chunk, before)
    }
  }

  end(): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    let call: ServerCall
    let route: GrpcRoute
    let request: unknown
    try {
      route = this.#route()
      const text = this.#body.subarray(0, this.#size)
      this.#drop()
      const budget = new JsonBudget(text.length)
      budget.limitTo(this.#acceptor.shared.router.memory)
      request = parseWithin(text, budget, (json) => fromJson(route.request, json, {}, budget))
      call = this.#open(route)
      call.holdMemory(budget.memoryTaken)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#call = call
    call.handle(request).then(
      (response) => this.#succeed(call, route, response),
      (error) => this.#fail(error),
    )
  }

  reset(reason: Http2Reset): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#drop()
    const message =
      reason.code === undefined ? 'the connection of the caller was lost' : 'the caller cancelled the call'
    this.#call?.cancel(new RpcError('CANCELLED', message, { stack: false }))
  }

  drain(): void {}

  #hold(bytes: number): void {
    this.#acceptor.received.hold(bytes)
    this.#held += bytes
  }

  /** Forgets the body. */
  #drop(): void {
    this.#body = nothing
    this.#acceptor.received.release(this.#held)
    this.#held = 0
  }

  #route(): GrpcRoute {
    const head = this.#head
    const route = this.#acceptor.route(head.path)
    const { kind, name } = route.route.method
    if (kind !== 'unary') {
      throw new RpcError('UNIMPLEMENTED', `${name} streams; JSON is for methods that do not`, { stack: false })
    }
    if (head.problem !== undefined) throw head.problem
    if (this.#encoding !== undefined && this.#encoding !== 'identity') {
      throw new RpcError('UNIMPLEMENTED', 'a JSON body cannot be compressed here', { stack: false })
    }
    return route
  }

  #open(route: GrpcRoute): ServerCall {
    const head = this.#head
    if (this.#timeout !== undefined) {
      if (!timeoutText.test(this.#timeout)) {
        throw new RpcError('INVALID_ARGUMENT', 'connect-timeout-ms is not a number of milliseconds', { stack: false })
      }
      head.timeoutMs = Number(this.#timeout) - (performance.now() - this.#arrivedAt)
    }
    if (head.metadata !== undefined) {
      head.metadata = new Metadata([...head.metadata].filter(([name]) => !protocolName.test(name)))
    }
    return this.#acceptor.shared.router.open(route.route, this.#acceptor.callInit(head))
  }

  #succeed(call: ServerCall, route: GrpcRoute, response: unknown): void {
    if (this.#isOver) return
    try {
      const { responseHeadersIfAny, responseTrailersIfAny } = lazyParts(call.cx)
      const body = encodeJson(toJson(route.response, response))
      const { maxSendBytes } = this.#acceptor.shared.settings
      if (body.length > maxSendBytes) throw tooLarge('sent', body.length, maxSendBytes)
      const list = [':status', '200', 'content-type', jsonType]
      if (responseHeadersIfAny !== undefined) appendMetadata(list, responseHeadersIfAny, 'INTERNAL')
      appendTrailers(list, responseTrailersIfAny)
      if (this.#stream.accepts(body.length)) this.#answer(list, body)
      else this.#fail(unsentExhausted(body.length, call.memory))
    } catch (error) {
      this.#fail(call.unexpected(error))
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    const { status, body } = this.#failure(error)
    const list = [':status', String(status), 'content-type', jsonType]
    try {
      if (isRpcError(error)) appendTrailers(list, error.metadata)
      if (this.#call !== undefined) {
        const { responseHeadersIfAny, responseTrailersIfAny } = lazyParts(this.#call.cx)
        if (responseHeadersIfAny !== undefined) appendMetadata(list, responseHeadersIfAny, 'INTERNAL')
        appendTrailers(list, responseTrailersIfAny)
      }
    } catch (problem) {
      // What no header can carry is reported, and must not hide the error it came with.
      this.#call?.unexpected(problem)
    }
    this.#answer(list, body)
  }

  /** An error whose parts are no JSON is the handler's fault. */
  #failure(error: unknown): { readonly status: number; readonly body: Uint8Array } {
    try {
      const { status, body } = httpFailure(error)
      return { status, body: encodeJson(body) }
    } catch (second) {
      const { status, body } = httpFailure(this.#call?.unexpected(second) ?? RpcError.from(second))
      return { status, body: encodeJson(body) }
    }
  }

  #answer(list: string[], body: Uint8Array): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#drop()
    list.push('content-length', String(body.length))
    this.#stream.headers([...list, ...exposed(this.#cors, list)], false)
    this.#stream.write(body, true)
    if (this.#call !== undefined) holdUntilSent(this.#call, this.#stream)
  }
}

function tooLate(): RpcError {
  return new RpcError('DEADLINE_EXCEEDED', 'the deadline passed before the request was there', { stack: false })
}

function appendTrailers(list: string[], trailers: Metadata | undefined): void {
  if (trailers === undefined) return
  const fields: string[] = []
  appendMetadata(fields, trailers, 'INTERNAL')
  for (let i = 0; i < fields.length; i += 2) list.push(`trailer-${fields[i]}`, fields[i + 1]!)
}

function encodeJson(value: JsonValue): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
