/** GrpcClientCall: one call on the client, from its request to its status; its states are those of {@link State}. */

import type { Context } from '../../core/context/context.ts'
import { hasPassed, lateFailure } from '../../core/context/deadline-error.ts'
import { responseStarted } from '../../core/context/response-start.ts'
import { type BizError, isRpcError, RpcError } from '../../core/error.ts'
import { streamsRequest, streamsResponse } from '../../core/method-kind.ts'
import { Http2ErrorCode } from '../../http2/error-code.ts'
import { headerListBytes } from '../../http2/header-rules.ts'
import type { Http2ClientConnection, Http2Headers, Http2Reset, Http2Stream } from '../../http2/sink.ts'
import { type AttemptObserver, attemptObserver } from '../attempt/attempt-observer.ts'
import { decodeFrame, encodeFrame } from '../codec.ts'
import type { Compression } from '../compressor.ts'
import { type Frame, FrameReader } from '../framing.ts'
import { MessageStream } from '../message-stream.ts'
import { type Messages, MessageWriter } from '../message-writer.ts'
import { addMetadata, appendMetadata, headerOf, headersTooLarge, readMetadata } from '../metadata.ts'
import { readBackward } from '../metainfo.ts'
import { errorOfReset, errorOfTrailers } from '../status.ts'
import { metadataOfCredentials } from './call-credentials.ts'
import { type BoundMethod, type CallSettings, settingsOf } from './call-settings.ts'
import type { ChannelCall } from './channel.ts'
import type { AnswerSink } from './dialect.ts'
import { callHeaders, renewTimeout } from './request-headers.ts'
import { checkResponse, endedEarly, refuses, responseEncoding, wrongCount } from './response-check.ts'

/** Bytes of streamed requests that are kept for a server that has not seen them, until it begins to answer. */
const mostKept = 64 * 1024

/**
 * Where a call stands. `waiting`: it has no stream, for its credentials or a connection are still to come. `open`: it
 * has a stream, and nothing of the answer has come. `answered`: response headers have come. `over`: it is settled.
 *
 * | event                                | waiting                 | open                                  | answered              |
 * |--------------------------------------|-------------------------|---------------------------------------|-----------------------|
 * | a connection is there                | opens a stream: `open`  |                                       |                       |
 * | there is none                        | `abandon`: `over`       |                                       |                       |
 * | response headers                     |                         | `answered`                            |                       |
 * | trailers, or headers that end it     |                         | `finish`: `over`                      | `finish`: `over`      |
 * | the stream dies, and the server      |                         | `waiting`, for another stream; once   | `abandon`: `over`     |
 * | cannot have seen the call            |                         | if it had left, else always           |                       |
 * | the stream dies otherwise            |                         | `abandon`: `over`                     | `abandon`: `over`     |
 * | cancelled; the request stream fails; | `abandon`: `over`       | `abandon`: `over`                     | `abandon`: `over`     |
 * | what came cannot be read; the reader |                         |                                       |                       |
 * | of the responses leaves              |                         |                                       |                       |
 *
 * Nothing happens in `over`.
 */
type State = 'waiting' | 'open' | 'answered' | 'over'

/** A call and the sink of its stream in one object. */
export class GrpcClientCall implements AnswerSink, ChannelCall {
  #state: State = 'waiting'
  #settings: CallSettings
  readonly #bound: BoundMethod
  readonly #cx: Context
  #resolve: ((value: unknown) => void) | undefined = undefined
  #reject: ((error: unknown) => void) | undefined = undefined
  #removeCancel: (() => void) | undefined = undefined
  #more: Http2Headers | undefined = undefined
  /** The request of a method that takes one message, kept until the server has begun to answer. */
  #frame: Uint8Array | undefined = undefined
  #messages: Messages | undefined = undefined
  /** What has been written of streamed requests, until the server has begun to answer or it is too much. */
  #kept: Uint8Array[] | undefined = undefined
  #keptBytes = 0
  #watch: AttemptObserver | undefined = undefined
  #stream: Http2Stream | undefined = undefined
  #writer: MessageWriter | undefined = undefined
  #response: MessageStream | undefined = undefined
  #reader: FrameReader | undefined = undefined
  #answer: Frame | undefined = undefined
  #encoding: Compression | undefined = undefined
  /** It had left once already, and the server had not seen it. */
  #repeated = false

  constructor(bound: BoundMethod, cx: Context) {
    this.#settings = bound.settings
    this.#bound = bound
    this.#cx = cx
  }

  /** Starts the call. Settles with the response, or with the stream of responses once the headers have arrived. */
  run(request: unknown): Promise<unknown> {
    const cx = this.#cx
    if (cx.cancelled !== undefined) return Promise.reject(cx.cancelled)
    if (cx.caller === '') cx.caller = this.#settings.caller
    try {
      const settings = settingsOf(this.#bound, cx)
      this.#settings = settings
      this.#watch = cx.get(attemptObserver)
      if (streamsRequest(cx.method.kind)) this.#messages = request as Messages
      else {
        const { request: type } = this.#bound
        const { maxSendBytes, compression, compressor, compressMinBytes } = settings
        this.#frame = encodeFrame(type, request, maxSendBytes, compression, compressor, compressMinBytes)
        this.#watch?.sent(this.#frame.length)
      }
      this.#more = callHeaders(cx, settings.caller, this.#watch?.previous ?? 0)
    } catch (error) {
      return Promise.reject(error)
    }
    const outcome = new Promise<unknown>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#removeCancel = cx.onCancel((reason) => this.#abandon(reason))
    const { channel, credentials } = this.#settings
    const { ready } = channel
    if (credentials.length > 0) this.#present()
    else if (ready === undefined) channel.wait(this)
    else this.#start(ready)
    return outcome
  }

  get maxReceiveBytes(): number {
    return this.#settings.maxReceiveBytes
  }

  get waitsForReady(): boolean {
    return this.#settings.waitForReady
  }

  open(connection: Http2ClientConnection): void {
    this.#more = renewTimeout(this.#cx, this.#more)
    this.#start(connection)
  }

  unavailable(error: RpcError): void {
    this.#abandon(lateFailure(this.#cx, error))
  }

  headers(headers: Http2Headers, end: boolean): void {
    if (this.#state === 'over') return
    const { channel, compression, compressor } = this.#settings
    // For the calls that follow.
    if (compression !== undefined && refuses(headers, compression)) channel.refusedEncodings.add(compression)
    try {
      checkResponse(headers, this.#cx.peer)
      if (end) {
        this.end(headers)
        return
      }
      this.#state = 'answered'
      this.#frame = undefined
      this.#kept = undefined
      this.#watch?.answered()
      const metadata = readMetadata(headers)
      if (metadata !== undefined) addMetadata(this.#cx.responseHeaders, metadata)
      readBackward(headers, this.#cx)
      this.#encoding = responseEncoding(headers, compressor)
      responseStarted(this.#cx)
    } catch (error) {
      this.#abandon(error)
      return
    }
    if (!streamsResponse(this.#cx.method.kind)) return
    this.#startResponse()
    this.#resolve?.(this.#response)
  }

  data(chunk: Uint8Array): void {
    if (this.#state === 'over') return
    if (this.#response !== undefined) {
      this.#response.push(chunk)
      return
    }
    this.#reader ??= new FrameReader(this.#settings.maxReceiveBytes)
    this.#reader.push(chunk)
    try {
      const frame = this.#reader.next()
      if (frame === undefined) return
      if (this.#answer !== undefined) throw wrongCount('more than one response')
      this.#answer = frame
    } catch (error) {
      this.#abandon(error)
    }
  }

  end(trailers: Http2Headers | undefined): void {
    if (this.#state === 'over') return
    let failure: unknown
    try {
      failure = trailers === undefined ? lateFailure(this.#cx, endedEarly()) : this.#readTrailers(trailers)
    } catch (error) {
      failure = error
    }
    this.#finish(failure)
  }

  failed(error: RpcError | BizError, headers?: Http2Headers, trailers?: Http2Headers): void {
    if (this.#state === 'over') return
    const cx = this.#cx
    try {
      if (headers !== undefined) {
        readBackward(headers, cx)
        const metadata = readMetadata(headers)
        if (metadata !== undefined) addMetadata(cx.responseHeaders, metadata)
      }
      if (trailers !== undefined) {
        readBackward(trailers, cx)
        const metadata = readMetadata(trailers)
        if (metadata !== undefined) addMetadata(cx.responseTrailers, metadata)
      }
    } catch {
      // Malformed metadata must not hide the error it came with.
    }
    this.#finish(error)
  }

  reset(reason: Http2Reset): void {
    if (this.#state === 'over') return
    if (!this.#maySendAgain(reason)) {
      this.#abandon(lateFailure(this.#cx, errorOfReset(reason)))
      return
    }
    this.#repeated ||= reason.sent
    this.#state = 'waiting'
    this.#stream = undefined
    this.#seek()
  }

  drain(): void {
    this.#writer?.drain()
  }

  /** For the stream of responses. */
  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  /** For the stream of responses, which its reader has left or cannot read. */
  leave(): void {
    this.#abandon(undefined)
  }

  /** Takes the connection that is there, or stands in line; time has passed since the header fields were made. */
  #seek(): void {
    const { channel } = this.#settings
    const { ready } = channel
    if (ready === undefined) channel.wait(this)
    else this.open(ready)
  }

  #start(connection: Http2ClientConnection): void {
    const cx = this.#cx
    const frame = this.#frame
    const messages = this.#messages
    const bound = this.#bound
    const settings = this.#settings
    cx.peer = connection.peer
    const headers = settings.headers ?? (cx.caller === settings.caller ? bound.headers : bound.anonymous)
    if (this.#more !== undefined) {
      const bytes = headerListBytes(headers) + headerListBytes(this.#more)
      if (bytes > connection.maxHeaderListBytes) {
        this.#abandon(headersTooLarge('request', bytes, connection.maxHeaderListBytes))
        return
      }
    }
    const { dialect } = bound
    const stream =
      dialect === undefined
        ? connection.open(headers, this.#more, this)
        : dialect.open(connection, headers, this.#more, this)
    this.#state = 'open'
    this.#stream = stream
    if (frame !== undefined) stream.write(frame, true)
    else if (this.#writer !== undefined) {
      for (const part of this.#kept ?? []) stream.write(part, false)
      this.#writer.moveTo(stream)
    } else if (messages !== undefined) this.#send(stream, messages)
  }

  /** Begins with the metadata of the credentials. */
  #present(): void {
    const cx = this.#cx
    const settings = this.#settings
    const bound = this.#bound
    const headers = settings.headers ?? bound.headers
    const serviceUrl = `${headerOf(headers, ':scheme')}://${headerOf(headers, ':authority')}/${cx.service.fullName}`
    metadataOfCredentials(settings.credentials, { cx, serviceUrl, method: cx.method.name })
      .then((metadata) => {
        if (this.#state === 'over') return
        const more = [...(this.#more ?? [])]
        appendMetadata(more, metadata, 'INTERNAL')
        this.#more = more
        this.#seek()
      })
      .catch((error) => this.#abandon(error))
  }

  /** Whether the server cannot have seen the call: it goes out again at once, as often as nothing had left, else once. */
  #maySendAgain(reason: Http2Reset): boolean {
    if (reason.processed || reason.code === Http2ErrorCode.INTERNAL_ERROR) return false
    if (hasPassed(this.#cx.deadline)) return false
    if (reason.sent && this.#repeated) return false
    return this.#messages === undefined ? this.#frame !== undefined : this.#kept !== undefined
  }

  #send(stream: Http2Stream, messages: Messages): void {
    const { maxSendBytes, compression, compressor, compressMinBytes } = this.#settings
    const { request } = this.#bound
    this.#kept = []
    const writer = new MessageWriter(stream, (message) => {
      const frame = encodeFrame(request, message, maxSendBytes, compression, compressor, compressMinBytes)
      this.#watch?.sent(frame.length)
      if (this.#kept !== undefined) this.#keep(frame)
      return frame
    })
    this.#writer = writer
    writer.run(messages).then(
      (complete) => {
        if (complete) writer.end()
      },
      (error) => this.#abandon(requestFailed(error)),
    )
  }

  #keep(frame: Uint8Array): void {
    this.#kept?.push(frame)
    this.#keptBytes += frame.length
    if (this.#keptBytes > mostKept) this.#kept = undefined
  }

  #readTrailers(trailers: Http2Headers): unknown {
    const cx = this.#cx
    readBackward(trailers, cx)
    const failure = errorOfTrailers(trailers)
    const metadata = failure !== undefined && isRpcError(failure) ? failure.metadata : readMetadata(trailers)
    if (metadata !== undefined && metadata.size > 0) addMetadata(cx.responseTrailers, metadata)
    return failure
  }

  #startResponse(): void {
    this.#response = new MessageStream((frame) => this.#decode(frame), this.#settings.maxReceiveBytes, this)
  }

  #decode(frame: Frame): unknown {
    const { maxReceiveBytes, compressor } = this.#settings
    return decodeFrame(this.#bound.response, frame, maxReceiveBytes, this.#encoding, compressor)
  }

  /** The one message of an answer. Throws where there is none, more than one, or one that cannot be read. */
  #single(): unknown {
    if (this.#answer === undefined) throw wrongCount(this.#reader === undefined ? 'no response' : 'half a response')
    if (this.#reader !== undefined && this.#reader.buffered > 0) throw wrongCount('more than one response')
    return this.#decode(this.#answer)
  }

  /** The server has said its last word: settles with `failure`, or with what has come. */
  #finish(failure: unknown): void {
    if (this.#state === 'over') return
    this.#release(false)
    if (failure === undefined && streamsResponse(this.#cx.method.kind)) {
      if (this.#response === undefined) {
        this.#startResponse()
        this.#resolve?.(this.#response)
      }
      this.#response?.finish()
    } else if (failure === undefined) {
      try {
        this.#resolve?.(this.#single())
      } catch (error) {
        this.#reject?.(error)
      }
    } else if (this.#response !== undefined) this.#response.finish(failure)
    else this.#reject?.(failure)
  }

  /** The call ends without the server's last word: settles with `reason`, and drops the responses that nobody has read. */
  #abandon(reason: unknown): void {
    if (this.#state === 'over') return
    this.#release(this.#state === 'open' && isRpcError(reason) && reason.code === 'DEADLINE_EXCEEDED')
    if (this.#response === undefined) this.#reject?.(reason)
    else this.#response.fail(reason)
  }

  /** Lets go of everything; a stream that is not over on the wire is reset. `late`: no answer came in time. */
  #release(late: boolean): void {
    this.#state = 'over'
    this.#removeCancel?.()
    this.#writer?.stop()
    this.#frame = undefined
    this.#kept = undefined
    if (this.#stream === undefined) this.#settings.channel.leave(this)
    else this.#stream.reset(Http2ErrorCode.CANCEL, late)
  }
}

function requestFailed(error: unknown): RpcError {
  if (isRpcError(error)) return error
  return new RpcError('CANCELLED', 'the stream of requests failed', { cause: error, stack: false })
}
