/** GrpcClientCall: one call on the client, from its request to its status. */

import { lazyParts } from '../core/call-context.ts'
import type { Context } from '../core/context.ts'
import { isRpcError, RpcError } from '../core/error.ts'
import { streamsRequest, streamsResponse } from '../core/method-kind.ts'
import { Http2ErrorCode } from '../http2/error-code.ts'
import type { Http2ClientConnection, Http2Headers, Http2Reset, Http2Sink, Http2Stream } from '../http2/sink.ts'
import type { Channel } from './channel.ts'
import { decodeFrame, encodeFrame, type MethodCodec } from './codec.ts'
import { acceptedEncodings, type Compression, compressionOf } from './compression.ts'
import { type Frame, FrameReader } from './framing.ts'
import { MessageStream } from './message-stream.ts'
import { type Messages, MessageWriter } from './message-writer.ts'
import { addMetadata, appendMetadata, headerOf, headerText, readMetadata } from './metadata.ts'
import { appendMetainfo, metainfoPrefix, readBackward } from './metainfo.ts'
import { codeOfHttpStatus, errorOfReset, errorOfTrailers } from './status.ts'
import { formatTimeout } from './timeout.ts'

/** What every call of a transport shares. */
export interface ClientSettings {
  readonly channel: Channel
  /** Name of the calling service as it stands in the headers of every call; empty for none. */
  readonly caller: string
  readonly maxReceiveBytes: number
  readonly maxSendBytes: number
  readonly compression: Compression | undefined
}

/** One method of a bound service: its codecs and the header fields that all its calls have. */
export interface BoundMethod extends MethodCodec {
  /** With the caller of the settings as `source-service`. */
  readonly headers: Http2Headers
  /** Without. */
  readonly anonymous: Http2Headers
}

type Settle = (value: unknown) => void

let capturedResolve: Settle
let capturedReject: Settle
/** One executor for all promises: a closure per call would cost as much as the promise. */
const capture = (resolve: Settle, reject: Settle): void => {
  capturedResolve = resolve
  capturedReject = reject
}

/** A call and the sink of its stream in one object. */
export class GrpcClientCall implements Http2Sink {
  private readonly settings: ClientSettings
  private readonly bound: BoundMethod
  private readonly cx: Context
  private resolve: Settle | undefined = undefined
  private reject: Settle | undefined = undefined
  private removeCancel: (() => void) | undefined = undefined
  private more: Http2Headers | undefined = undefined
  /** The request of a method that takes one message, kept until the server has begun to answer. */
  private frame: Uint8Array | undefined = undefined
  private messages: Messages | undefined = undefined
  private stream: Http2Stream | undefined = undefined
  private writer: MessageWriter | undefined = undefined
  private response: MessageStream | undefined = undefined
  private reader: FrameReader | undefined = undefined
  private answer: Frame | undefined = undefined
  private encoding: Compression | undefined = undefined
  /** The request side is closed. */
  private sent = false
  private over = false
  private reopened = false

  constructor(settings: ClientSettings, bound: BoundMethod, cx: Context) {
    this.settings = settings
    this.bound = bound
    this.cx = cx
  }

  /** Starts the call. Settles with the response, or with the stream of responses once the headers have arrived. */
  run(request: unknown): Promise<unknown> {
    const { cx, settings } = this
    if (cx.cancelled !== undefined) return Promise.reject(cx.cancelled)
    if (cx.caller === '') cx.caller = settings.caller
    try {
      if (streamsRequest(cx.method.kind)) this.messages = request as Messages
      else this.frame = encodeFrame(this.bound.request, request, settings.maxSendBytes, settings.compression)
      this.more = this.callHeaders()
    } catch (error) {
      return Promise.reject(error)
    }
    const outcome = new Promise<unknown>(capture)
    this.resolve = capturedResolve
    this.reject = capturedReject
    this.removeCancel = cx.onCancel((reason) => this.fail(reason, true))
    this.begin()
    return outcome
  }

  headers(headers: Http2Headers, end: boolean): void {
    if (this.over) return
    try {
      this.checkAnswer(headers)
      if (end) {
        this.end(headers)
        return
      }
      this.frame = undefined
      const metadata = readMetadata(headers)
      if (metadata !== undefined) addMetadata(this.cx.responseHeaders, metadata)
      readBackward(headers, this.cx)
      this.encoding = answerEncoding(headers)
    } catch (error) {
      this.fail(error, true)
      return
    }
    if (!streamsResponse(this.cx.method.kind)) return
    this.startResponse()
    this.resolve?.(this.response)
  }

  data(chunk: Uint8Array): void {
    if (this.over) return
    if (this.response !== undefined) {
      this.response.push(chunk)
      return
    }
    this.reader ??= new FrameReader(this.settings.maxReceiveBytes)
    this.reader.push(chunk)
    try {
      const frame = this.reader.next()
      if (frame === undefined) return
      if (this.answer !== undefined) throw wrongCount('more than one response')
      this.answer = frame
    } catch (error) {
      this.fail(error, true)
    }
  }

  end(trailers: Http2Headers | undefined): void {
    if (this.over) return
    let failure: unknown
    try {
      failure = trailers === undefined ? endedEarly() : this.readTrailers(trailers)
    } catch (error) {
      failure = error
    }
    this.finish(!this.sent)
    if (streamsResponse(this.cx.method.kind)) {
      if (this.response === undefined) {
        if (failure !== undefined) {
          this.reject?.(failure)
          return
        }
        this.startResponse()
        this.resolve?.(this.response)
      }
      this.response?.finish(failure)
      return
    }
    if (failure !== undefined) {
      this.reject?.(failure)
      return
    }
    try {
      if (this.answer === undefined) throw wrongCount(this.reader === undefined ? 'no response' : 'half a response')
      if (this.reader !== undefined && this.reader.buffered > 0) throw wrongCount('more than one response')
      this.resolve?.(this.decode(this.answer))
    } catch (error) {
      this.reject?.(error)
    }
  }

  reset(reason: Http2Reset): void {
    if (this.over) return
    if (
      !reason.processed &&
      !this.reopened &&
      this.frame !== undefined &&
      reason.code !== Http2ErrorCode.INTERNAL_ERROR
    ) {
      this.reopened = true
      this.stream = undefined
      this.begin()
      return
    }
    this.fail(errorOfReset(reason), false)
  }

  drain(): void {
    this.writer?.drain()
  }

  /** For the stream of responses. */
  pause(): void {
    this.stream?.pause()
  }

  resume(): void {
    this.stream?.resume()
  }

  /** For the stream of responses: its reader has left or cannot go on. */
  leave(): void {
    if (!this.over) this.finish(true)
  }

  private begin(): void {
    const { channel } = this.settings
    const { ready } = channel
    if (ready !== undefined) {
      this.open(ready)
      return
    }
    channel.connect().then(
      (connection) => {
        if (!this.over) this.open(connection)
      },
      (error) => this.fail(error, false),
    )
  }

  private open(connection: Http2ClientConnection): void {
    const { cx, frame, messages, bound } = this
    cx.peer = connection.peer
    const headers = cx.caller === this.settings.caller ? bound.headers : bound.anonymous
    const stream = connection.open(headers, this.more, this)
    this.stream = stream
    if (frame !== undefined) {
      this.sent = true
      stream.write(frame, true)
    } else if (messages !== undefined) this.send(stream, messages)
  }

  private send(stream: Http2Stream, messages: Messages): void {
    const { maxSendBytes, compression } = this.settings
    const { request } = this.bound
    this.writer = new MessageWriter(stream, (message) => encodeFrame(request, message, maxSendBytes, compression))
    this.writer.run(messages).then(
      (complete) => {
        if (!complete || this.over) return
        this.sent = true
        stream.write(nothing, true)
      },
      (error) => this.fail(requestFailed(error), true),
    )
  }

  /** The header fields that belong to this call alone. */
  private callHeaders(): Http2Headers | undefined {
    const { cx, settings } = this
    const { requestHeadersIfAny, metainfoIfAny } = lazyParts(cx)
    const named = cx.caller !== settings.caller
    if (cx.deadline === undefined && !named && metainfoIfAny === undefined && requestHeadersIfAny === undefined) {
      return undefined
    }
    const headers: string[] = []
    if (cx.deadline !== undefined) headers.push('grpc-timeout', formatTimeout(cx.remainingMs))
    if (named) headers.push('source-service', headerText(cx.caller, 'caller'))
    if (metainfoIfAny?.persistentIfAny !== undefined) {
      appendMetainfo(headers, metainfoPrefix.persistent, metainfoIfAny.persistentIfAny, 'INVALID_ARGUMENT')
    }
    if (metainfoIfAny?.transientIfAny !== undefined) {
      appendMetainfo(headers, metainfoPrefix.transient, metainfoIfAny.transientIfAny, 'INVALID_ARGUMENT')
    }
    if (requestHeadersIfAny !== undefined) appendMetadata(headers, requestHeadersIfAny, 'INVALID_ARGUMENT')
    return headers
  }

  /** Throws RpcError when an answer is not gRPC. */
  private checkAnswer(headers: Http2Headers): void {
    const type = headerOf(headers, 'content-type')
    const status = headerOf(headers, ':status')
    if (status === '200' && type?.startsWith('application/grpc') === true) return
    if (headerOf(headers, 'grpc-status') !== undefined) return
    const what = type === undefined ? 'no content-type' : `content-type ${type}`
    throw new RpcError(
      codeOfHttpStatus(status),
      `${this.cx.peer?.address ?? 'the server'} did not answer in gRPC: HTTP status ${status ?? 'missing'}, ${what}`,
      { stack: false },
    )
  }

  private readTrailers(trailers: Http2Headers): unknown {
    const { cx } = this
    readBackward(trailers, cx)
    const failure = errorOfTrailers(trailers)
    const metadata = failure !== undefined && isRpcError(failure) ? failure.metadata : readMetadata(trailers)
    if (metadata !== undefined && metadata.size > 0) addMetadata(cx.responseTrailers, metadata)
    return failure
  }

  private startResponse(): void {
    this.response = new MessageStream((frame) => this.decode(frame), this.settings.maxReceiveBytes, this)
  }

  private decode(frame: Frame): unknown {
    return decodeFrame(this.bound.response, frame, this.settings.maxReceiveBytes, this.encoding)
  }

  private fail(error: unknown, reset: boolean): void {
    if (this.over) return
    this.finish(reset)
    if (this.response !== undefined) this.response.fail(error)
    else this.reject?.(error)
  }

  /** Lets go of everything; `reset` ends the stream on the wire as well. */
  private finish(reset: boolean): void {
    this.over = true
    this.removeCancel?.()
    this.writer?.stop()
    this.frame = undefined
    if (reset) this.stream?.reset(Http2ErrorCode.CANCEL)
  }
}

const nothing = new Uint8Array(0)

function answerEncoding(headers: Http2Headers): Compression | undefined {
  const name = headerOf(headers, 'grpc-encoding')
  const compression = compressionOf(name)
  if (compression !== 'unknown') return compression
  throw new RpcError('INTERNAL', `the server compressed with ${name}, which is none of ${acceptedEncodings}`, {
    stack: false,
  })
}

function wrongCount(what: string): RpcError {
  return new RpcError('UNIMPLEMENTED', `the server sent ${what} to a method that answers with one message`, {
    stack: false,
  })
}

function endedEarly(): RpcError {
  return new RpcError('INTERNAL', 'the server ended the stream without a status', { stack: false })
}

function requestFailed(error: unknown): RpcError {
  if (isRpcError(error)) return error
  return new RpcError('CANCELLED', 'the stream of requests failed', { cause: error, stack: false })
}
