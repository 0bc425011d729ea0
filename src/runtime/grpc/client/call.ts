/** GrpcClientCall: one call on the client, from its request to its status. */

import type { Context } from '../../core/context/context.ts'
import { hasPassed, lateFailure } from '../../core/deadline-error.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import { streamsRequest, streamsResponse } from '../../core/method-kind.ts'
import { Http2ErrorCode } from '../../http2/error-code.ts'
import type { Http2ClientConnection, Http2Headers, Http2Reset, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { type AttemptWatch, attemptWatch } from '../attempt/attempt-observer.ts'
import { decodeFrame, encodeFrame } from '../codec.ts'
import type { Compression } from '../compression.ts'
import { type Frame, FrameReader } from '../framing.ts'
import { MessageStream } from '../message-stream.ts'
import { type Messages, MessageWriter } from '../message-writer.ts'
import { addMetadata, appendMetadata, headerOf, readMetadata } from '../metadata.ts'
import { readBackward } from '../metainfo.ts'
import { errorOfReset, errorOfTrailers } from '../status.ts'
import { metadataOfCredentials } from './call-credentials.ts'
import { type BoundMethod, type CallSettings, settingsOf } from './call-settings.ts'
import type { ChannelCall } from './channel.ts'
import { callHeaders, renewTimeout } from './request-headers.ts'
import { answerEncoding, checkAnswer, endedEarly, refuses, wrongCount } from './response-check.ts'

type Settle = (value: unknown) => void

let capturedResolve: Settle
let capturedReject: Settle
/** One executor for all promises: a closure per call would cost as much as the promise. */
const capture = (resolve: Settle, reject: Settle): void => {
  capturedResolve = resolve
  capturedReject = reject
}

/** Bytes of streamed requests that are kept for a server that has not seen them, until it begins to answer. */
const mostKept = 64 * 1024

/** A call and the sink of its stream in one object. */
export class GrpcClientCall implements Http2Sink, ChannelCall {
  private settings: CallSettings
  private readonly bound: BoundMethod
  private readonly cx: Context
  private resolve: Settle | undefined = undefined
  private reject: Settle | undefined = undefined
  private removeCancel: (() => void) | undefined = undefined
  private more: Http2Headers | undefined = undefined
  /** The request of a method that takes one message, kept until the server has begun to answer. */
  private frame: Uint8Array | undefined = undefined
  private messages: Messages | undefined = undefined
  /** What has been written of streamed requests, until the server has begun to answer or it is too much. */
  private kept: Uint8Array[] | undefined = undefined
  private keptBytes = 0
  private watch: AttemptWatch | undefined = undefined
  private stream: Http2Stream | undefined = undefined
  private writer: MessageWriter | undefined = undefined
  private response: MessageStream | undefined = undefined
  private reader: FrameReader | undefined = undefined
  private answer: Frame | undefined = undefined
  private encoding: Compression | undefined = undefined
  /** The request side is closed. */
  private sent = false
  private over = false
  /** Sent again because the server had not seen it. */
  private reopened = false
  /** Time has passed since the header fields were made. */
  private waited = false

  constructor(bound: BoundMethod, cx: Context) {
    this.settings = bound.settings
    this.bound = bound
    this.cx = cx
  }

  /** Starts the call. Settles with the response, or with the stream of responses once the headers have arrived. */
  run(request: unknown): Promise<unknown> {
    const { cx } = this
    if (cx.cancelled !== undefined) return Promise.reject(cx.cancelled)
    if (cx.caller === '') cx.caller = this.settings.caller
    try {
      const settings = settingsOf(this.bound, cx)
      this.settings = settings
      this.watch = cx.get(attemptWatch)
      if (streamsRequest(cx.method.kind)) this.messages = request as Messages
      else {
        this.frame = encodeFrame(this.bound.request, request, settings.maxSendBytes, settings.compression)
        this.watch?.sent(this.frame.length)
      }
      this.more = callHeaders(cx, settings.caller, this.watch?.previous ?? 0)
    } catch (error) {
      return Promise.reject(error)
    }
    const outcome = new Promise<unknown>(capture)
    this.resolve = capturedResolve
    this.reject = capturedReject
    this.removeCancel = cx.onCancel((reason) => this.fail(reason, true))
    if (this.settings.credentials.length === 0) this.begin()
    else this.present()
    return outcome
  }

  get waitsForReady(): boolean {
    return this.settings.waitForReady
  }

  headers(headers: Http2Headers, end: boolean): void {
    if (this.over) return
    const { channel, compression } = this.settings
    // For the calls that follow.
    if (compression !== undefined && refuses(headers, compression)) channel.refusedEncodings.add(compression)
    try {
      checkAnswer(headers, this.cx.peer)
      if (end) {
        this.end(headers)
        return
      }
      this.frame = undefined
      this.kept = undefined
      this.watch?.answered()
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
      failure = trailers === undefined ? lateFailure(this.cx, endedEarly()) : this.readTrailers(trailers)
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
    if (this.maySendAgain(reason)) {
      this.reopened ||= reason.sent
      this.waited = true
      this.stream = undefined
      this.begin()
      return
    }
    this.fail(lateFailure(this.cx, errorOfReset(reason)), false)
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

  unavailable(error: RpcError): void {
    this.fail(lateFailure(this.cx, error), false)
  }

  open(connection: Http2ClientConnection): void {
    const { cx, frame, messages, bound, settings } = this
    cx.peer = connection.peer
    if (this.waited) this.more = renewTimeout(cx, this.more)
    const headers = settings.headers ?? (cx.caller === settings.caller ? bound.headers : bound.anonymous)
    const stream = connection.open(headers, this.more, this)
    this.stream = stream
    if (frame !== undefined) {
      this.sent = true
      stream.write(frame, true)
    } else if (this.writer !== undefined) this.sendAgain(stream, this.writer)
    else if (messages !== undefined) this.send(stream, messages)
  }

  private begin(): void {
    const { channel } = this.settings
    const { ready } = channel
    if (ready !== undefined) this.open(ready)
    else {
      this.waited = true
      channel.wait(this)
    }
  }

  /** Begins with the metadata of the credentials. */
  private present(): void {
    const { cx, settings, bound } = this
    const headers = settings.headers ?? bound.headers
    const serviceUrl = `${headerOf(headers, ':scheme')}://${headerOf(headers, ':authority')}/${cx.service.fullName}`
    metadataOfCredentials(settings.credentials, { cx, serviceUrl, method: cx.method.name }).then(
      (metadata) => {
        if (this.over) return
        const more = [...(this.more ?? [])]
        try {
          appendMetadata(more, metadata, 'INTERNAL')
        } catch (error) {
          this.fail(error, false)
          return
        }
        this.more = more
        this.waited = true
        this.begin()
      },
      (error) => this.fail(error, false),
    )
  }

  /** Whether the server cannot have seen the call: it goes out again at once, as often as nothing had left, else once. */
  private maySendAgain(reason: Http2Reset): boolean {
    if (reason.processed || reason.code === Http2ErrorCode.INTERNAL_ERROR) return false
    if (hasPassed(this.cx.deadline)) return false
    if (reason.sent && this.reopened) return false
    return this.messages === undefined ? this.frame !== undefined : this.kept !== undefined
  }

  private send(stream: Http2Stream, messages: Messages): void {
    const { maxSendBytes, compression } = this.settings
    const { request } = this.bound
    this.kept = []
    this.writer = new MessageWriter(stream, (message) => {
      const frame = encodeFrame(request, message, maxSendBytes, compression)
      this.watch?.sent(frame.length)
      if (this.kept !== undefined) this.keep(frame)
      return frame
    })
    this.writer.run(messages).then(
      (complete) => {
        if (!complete || this.over) return
        this.sent = true
        this.stream?.write(nothing, true)
      },
      (error) => this.fail(requestFailed(error), true),
    )
  }

  private keep(frame: Uint8Array): void {
    this.kept?.push(frame)
    this.keptBytes += frame.length
    if (this.keptBytes > mostKept) this.kept = undefined
  }

  /** Writes what was written on a stream that the server has not seen. */
  private sendAgain(stream: Http2Stream, writer: MessageWriter): void {
    for (const frame of this.kept ?? []) stream.write(frame, false)
    if (this.sent) stream.write(nothing, true)
    else writer.moveTo(stream)
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
    this.kept = undefined
    if (this.stream === undefined) this.settings.channel.leave(this)
    if (reset) this.stream?.reset(Http2ErrorCode.CANCEL)
  }
}

const nothing = new Uint8Array(0)

function requestFailed(error: unknown): RpcError {
  if (isRpcError(error)) return error
  return new RpcError('CANCELLED', 'the stream of requests failed', { cause: error, stack: false })
}
