/** GrpcWebCall: one call of a gRPC-web client, from its request to its status. */

import { toBase64 } from '../../core/bytes/base64.ts'
import { lazyParts } from '../../core/context/call-context.ts'
import type { Context } from '../../core/context/context.ts'
import { lateFailure } from '../../core/context/deadline-error.ts'
import { responseStarted } from '../../core/context/response-start.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import { streamsResponse } from '../../core/method-kind.ts'
import type { ProtobufMessage } from '../../protobuf/message.ts'
import { ProtobufReader } from '../../protobuf/reader.ts'
import { ProtobufWriter } from '../../protobuf/writer.ts'
import { type Frame, FrameReader, framePrefixBytes, tooLarge } from '../framing.ts'
import { addMetadata, appendMetadata, headerOf, readMetadata } from '../metadata.ts'
import { appendMetainfo, metainfoPrefix, readBackward } from '../metainfo.ts'
import { codeOfHttpStatus, errorOfTrailers } from '../status.ts'
import { formatTimeout } from '../timeout.ts'
import { Base64Decoder } from './web-base64.ts'
import { decodeTrailers, trailersFlag } from './web-frame.ts'

/** The type of the global `fetch` where a library declares it. */
export type Fetch = typeof globalThis extends { readonly fetch: infer F }
  ? F
  : (input: string, init?: object) => Promise<object>

/** What every call of a transport shares. */
export interface WebSettings {
  readonly fetch: Fetch
  readonly credentials: 'omit' | 'same-origin' | 'include'
  readonly isText: boolean
  readonly maxReceiveBytes: number
  readonly maxSendBytes: number
  /** The calls that have not ended. */
  readonly running: Set<GrpcWebCall>
}

/** One method of a bound service. */
export interface WebMethod {
  readonly url: string
  readonly headers: readonly string[]
}

// Encoding and decoding are synchronous, so one of each serves every call.
const writer = new ProtobufWriter()
const reader = new ProtobufReader()

/** One call. */
export class GrpcWebCall {
  /** Settles when the call is over. */
  readonly done: Promise<void>
  readonly #settings: WebSettings
  readonly #method: WebMethod
  readonly #cx: Context
  readonly #abort: AbortController = new AbortController()
  #removeCancel: (() => void) | undefined
  #finished: () => void = () => {}
  /** Why it was ended from this side. */
  #stopped: RpcError | undefined

  constructor(settings: WebSettings, method: WebMethod, cx: Context) {
    this.#settings = settings
    this.#method = method
    this.#cx = cx
    this.done = new Promise((resolve) => {
      this.#finished = resolve
    })
  }

  /** Settles with the response, or with the stream of responses once the headers have arrived. */
  async run(request: unknown): Promise<unknown> {
    const cx = this.#cx
    if (cx.cancelled !== undefined) throw cx.cancelled
    const body = this.#encode(request)
    const headers = this.#headers()
    this.#settings.running.add(this)
    this.#removeCancel = cx.onCancel((reason) => this.stop(reason))
    try {
      const response = await this.#send(headers, body)
      const head = headersOf(response)
      checkResponse(response, head, this.#method.url)
      const metadata = readMetadata(head)
      if (metadata !== undefined) addMetadata(cx.responseHeaders, metadata)
      readBackward(head, cx)
      // A status among the headers, for an answer without a body.
      const early = headerOf(head, 'grpc-status') === undefined ? undefined : head
      if (early === undefined) responseStarted(cx)
      if (streamsResponse(cx.method.kind)) return this.#stream(response, early)
      const only = await this.#single(this.#frames(response, early))
      this.#finish()
      return only
    } catch (error) {
      this.#abort.abort()
      this.#finish()
      throw this.#seen(error)
    }
  }

  /** Ends it from this side. */
  stop(reason: RpcError): void {
    this.#stopped ??= reason
    this.#abort.abort(reason)
    // A stream that nobody has begun to read would never say that it is over.
    this.#finish()
  }

  async *#stream(response: Response, early: readonly string[] | undefined): AsyncIterable<unknown> {
    let isDone = false
    try {
      for await (const frame of this.#frames(response, early)) yield this.#decode(frame)
      isDone = true
    } catch (error) {
      throw this.#seen(error)
    } finally {
      if (!isDone) this.#abort.abort()
      this.#finish()
    }
  }

  async #single(frames: AsyncIterable<Frame>): Promise<unknown> {
    let only: Frame | undefined
    for await (const frame of frames) {
      if (only !== undefined) throw wrongCount('more than one response')
      only = frame
    }
    if (only === undefined) throw wrongCount('no response')
    return this.#decode(only)
  }

  /** The messages of a body. Ends with its trailers; throws the error that they tell of. */
  async *#frames(response: Response, early: readonly string[] | undefined): AsyncIterable<Frame> {
    const frames = new FrameReader(this.#settings.maxReceiveBytes, trailersFlag | 1)
    const isText = (response.headers.get('content-type') ?? '').startsWith('application/grpc-web-text')
    const base64 = isText ? new Base64Decoder() : undefined
    const body = response.body?.getReader()
    let trailers: readonly string[] | undefined
    let isEmpty = true
    for (;;) {
      const chunk = await body?.read()
      if (chunk === undefined || chunk.done) break
      if (chunk.value.length > 0) isEmpty = false
      frames.push(base64 === undefined ? chunk.value : base64.push(chunk.value))
      for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
        if (trailers !== undefined) throw malformed('bytes behind the trailers')
        if (frames.flag < trailersFlag) yield frame
        else if (frames.flag === trailersFlag) trailers = decodeTrailers(frame.payload)
        else throw malformed('compressed trailers')
      }
    }
    base64?.end()
    if (frames.buffered > 0) throw malformed('the body was cut off')
    // The trailers of a body count, whatever its headers say.
    if (isEmpty) trailers = early
    if (trailers === undefined) throw malformed('the server ended the body without a status')
    this.#end(trailers)
  }

  #end(trailers: readonly string[]): void {
    const cx = this.#cx
    readBackward(trailers, cx)
    const failure = errorOfTrailers(trailers)
    const metadata = failure !== undefined && isRpcError(failure) ? failure.metadata : readMetadata(trailers)
    if (metadata !== undefined && metadata.size > 0) addMetadata(cx.responseTrailers, metadata)
    if (failure !== undefined) throw failure
  }

  async #send(headers: [string, string][], body: Uint8Array<ArrayBuffer> | string): Promise<Response> {
    const { fetch, credentials } = this.#settings
    const { signal } = this.#abort
    try {
      return await fetch(this.#method.url, { method: 'POST', headers, body, signal, credentials })
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const text = `${this.#method.url} could not be reached: ${why}`
      throw lateFailure(this.#cx, new RpcError('UNAVAILABLE', text, { cause, stack: false }))
    }
  }

  #headers(): [string, string][] {
    const cx = this.#cx
    const list = [...this.#method.headers]
    const { requestHeadersIfAny, metainfoIfAny } = lazyParts(cx)
    if (cx.deadline !== undefined) list.push('grpc-timeout', formatTimeout(cx.remainingMs))
    if (cx.caller !== '') list.push('source-service', cx.caller)
    if (metainfoIfAny?.persistentIfAny !== undefined) {
      appendMetainfo(list, metainfoPrefix.persistent, metainfoIfAny.persistentIfAny)
    }
    if (metainfoIfAny?.transientIfAny !== undefined) {
      appendMetainfo(list, metainfoPrefix.transient, metainfoIfAny.transientIfAny)
    }
    if (requestHeadersIfAny !== undefined) appendMetadata(list, requestHeadersIfAny, 'INVALID_ARGUMENT')
    const pairs: [string, string][] = []
    for (let i = 0; i + 1 < list.length; i += 2) pairs.push([list[i]!, list[i + 1]!])
    return pairs
  }

  #encode(request: unknown): Uint8Array<ArrayBuffer> | string {
    const { maxSendBytes, isText } = this.#settings
    writer.reset()
    writer.reserve(framePrefixBytes)
    const type = this.#cx.method.request as ProtobufMessage
    type.encode(writer, request)
    const size = writer.position - framePrefixBytes
    if (size > maxSendBytes) throw tooLarge('sent', size, maxSendBytes)
    writer.setU32(1, size)
    const frame = writer.take() as Uint8Array<ArrayBuffer>
    return isText ? toBase64(frame) : frame
  }

  #decode({ compressed, payload }: Frame): unknown {
    if (compressed) throw malformed('a message is compressed, which was not asked for')
    reader.reset(payload)
    return (this.#cx.method.response as ProtobufMessage).decode(reader, payload.length)
  }

  /** What the caller sees of a failure: that it has ended the call itself goes before what came of it. */
  #seen(error: unknown): unknown {
    if (this.#stopped !== undefined) return this.#stopped
    if (error instanceof Error && !isRpcError(error) && error.name !== 'BizError') {
      const text = `the connection was lost: ${error.message}`
      return lateFailure(this.#cx, new RpcError('UNAVAILABLE', text, { cause: error, stack: false }))
    }
    return error
  }

  #finish(): void {
    this.#removeCancel?.()
    this.#settings.running.delete(this)
    this.#finished()
  }
}

function headersOf(response: Response): string[] {
  const list: string[] = []
  response.headers.forEach((value, name) => {
    list.push(name, value)
  })
  return list
}

function checkResponse(response: Response, head: readonly string[], url: string): void {
  const type = response.headers.get('content-type')
  if (response.status === 200 && type?.startsWith('application/grpc-web') === true) return
  if (headerOf(head, 'grpc-status') !== undefined) return
  const what = type === null ? 'no content-type' : `content-type ${type}`
  throw new RpcError(
    codeOfHttpStatus(String(response.status)),
    `${url} did not answer in gRPC-web: HTTP status ${response.status}, ${what}`,
    { stack: false },
  )
}

function wrongCount(what: string): RpcError {
  return new RpcError('UNIMPLEMENTED', `the server sent ${what} to a method that answers with one message`, {
    stack: false,
  })
}

function malformed(what: string): RpcError {
  return new RpcError('INTERNAL', `malformed answer: ${what}`, { stack: false })
}
