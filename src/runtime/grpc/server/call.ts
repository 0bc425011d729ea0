/** GrpcServerCall: one call on the server, from its request to its trailers. */

import { type ReceivedBytes, unsentExhausted } from '../../core/bytes/memory-account.ts'
import { lazyParts } from '../../core/context/call-context.ts'
import { type Context, type ContextKey, sharedKey } from '../../core/context/context.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import { streamsRequest, streamsResponse } from '../../core/method-kind.ts'
import type { Route, ServerCall } from '../../core/router.ts'
import { Http2ErrorCode } from '../../http2/error-code.ts'
import { headerListBytes } from '../../http2/header-rules.ts'
import type { Http2Headers, Http2Reset, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { encodeFrame, type MethodCodec } from '../codec.ts'
import { type AcceptedCompression, checkCompression, nodeCompressor } from '../compression.ts'
import { accepts, type Compression } from '../compressor.ts'
import { type Frame, FrameReader } from '../framing.ts'
import type { InflateLimits } from '../inflate.ts'
import { MessageStream } from '../message-stream.ts'
import { type Messages, MessageWriter } from '../message-writer.ts'
import { appendMetadata, headersTooLarge } from '../metadata.ts'
import { appendMetainfo, metainfoPrefix } from '../metainfo.ts'
import type { ConnectionCounters } from './counters.ts'
import { decodeGuarded } from './guarded-codec.ts'
import type { RequestHeaders } from './request-headers.ts'
import { type CallStream, tellError } from './stream-adapter.ts'

/** What every call of a wire shares. */
export interface ServerSettings {
  readonly maxReceiveBytes: number
  readonly maxSendBytes: number
  readonly compression: Compression | undefined
  /** How requests may be compressed. */
  readonly accepted: AcceptedCompression
  readonly inflate: InflateLimits
}

/** A route with its codecs. */
export interface GrpcRoute extends MethodCodec {
  readonly route: Route
}

/** The header fields of a response that has no metadata: always the same list, so that its encoded form can be kept. */
const plainHeaders: Http2Headers = [':status', '200', 'content-type', 'application/grpc']
const plainJsonHeaders: Http2Headers = [':status', '200', 'content-type', 'application/grpc+json']
const okTrailers: Http2Headers = ['grpc-status', '0']

const callKey: ContextKey<GrpcServerCall> = sharedKey('grpc.call')

/**
 * Sends the response headers now, with what `cx.responseHeaders` holds, instead of with the first message: for a call
 * whose first message takes its time. Does nothing when they have gone already, or over another wire than gRPC.
 */
export function sendHeaders(cx: Context): void {
  cx.get(callKey)?.begin()
}

const responseCompressionKey: ContextKey<Compression | 'identity'> = sharedKey('grpc.responseCompression')

/**
 * Chooses how the response of this call is compressed, instead of as the server says, where the caller takes it; before
 * its first message is sent. Does nothing over another wire. Throws RpcError INVALID_ARGUMENT for a compression that
 * this Node does not have.
 */
export function compressResponse(cx: Context, compression: Compression | 'identity'): void {
  checkCompression(compression)
  cx.set(responseCompressionKey, compression)
}

/** A call and the sink of its stream in one object. */
export class GrpcServerCall implements Http2Sink {
  readonly #settings: ServerSettings
  readonly #route: GrpcRoute
  readonly #stream: CallStream
  readonly #call: ServerCall
  readonly #requestCompression: Compression | undefined
  readonly #plainHeaders: Http2Headers
  #responseCompression: Compression | undefined
  readonly #acceptEncoding: string | undefined
  /** The handler has had its say on compression. */
  #chosen = false
  readonly #requests: MessageStream | undefined
  #reader: FrameReader | undefined = undefined
  #request: Frame | undefined = undefined
  #writer: MessageWriter | undefined = undefined
  #headersSent = false
  #backwardSent = 0
  #over = false
  readonly #counters: ConnectionCounters | undefined
  readonly #received: ReceivedBytes
  /** Bytes of the request that are not decoded yet. */
  #undecoded = 0

  constructor(
    settings: ServerSettings,
    route: GrpcRoute,
    stream: CallStream,
    call: ServerCall,
    head: RequestHeaders,
    received: ReceivedBytes,
    counters: ConnectionCounters | undefined,
  ) {
    this.#settings = settings
    this.#received = received
    this.#counters = counters
    this.#route = route
    this.#plainHeaders = route.isJson === true ? plainJsonHeaders : plainHeaders
    this.#stream = stream
    this.#call = call
    this.#requestCompression = head.compression
    this.#acceptEncoding = head.acceptEncoding
    const { compression } = settings
    this.#responseCompression =
      compression !== undefined && accepts(head.acceptEncoding, compression) ? compression : undefined
    const { kind } = route.route.method
    this.#requests = streamsRequest(kind)
      ? new MessageStream((frame) => this.#decode(frame), settings.maxReceiveBytes, this)
      : undefined
  }

  /** Begins: a streamed request is handled at once, any other when it is whole. */
  start(end: boolean): void {
    this.#counters?.callStarted()
    this.#call.cx.set(callKey, this)
    if (this.#requests !== undefined) this.#handle(this.#requests)
    else if (!end && this.#call.cx.deadline !== undefined) this.#call.awaitRequest(this)
    if (end) this.end()
  }

  headers(): void {}

  data(chunk: Uint8Array, last = false): void {
    if (this.#over) return
    try {
      if (this.#requests !== undefined) {
        this.#requests.push(chunk)
        this.#setUndecoded(this.#requests.buffered)
        return
      }
      if (!last) {
        this.#setUndecoded(this.#undecoded + chunk.length)
        chunk = unpinned(chunk)
      }
      this.#reader ??= new FrameReader(this.#settings.maxReceiveBytes)
      this.#reader.push(chunk)
      const frame = this.#reader.next()
      if (frame === undefined) return
      if (this.#request !== undefined) throw wrongCount('more than one request')
      this.#request = frame
    } catch (error) {
      this.refuse(error)
    }
  }

  end(): void {
    if (this.#over) return
    if (this.#requests !== undefined) {
      this.#requests.finish()
      return
    }
    const request = this.#request
    const reader = this.#reader
    let message: unknown
    try {
      if (request === undefined) throw wrongCount(reader === undefined ? 'no request' : 'half a request')
      if (reader !== undefined && reader.buffered > 0) throw wrongCount('more than one request')
      this.#reader = undefined
      this.#request = undefined
      message = this.#decode(request)
    } catch (error) {
      this.refuse(error)
      return
    }
    if (!(message instanceof Promise)) {
      this.#setUndecoded(0)
      this.#handle(message)
      return
    }
    message.then(
      (decoded) => {
        this.#setUndecoded(0)
        if (!this.#over) this.#handle(decoded)
      },
      (error: unknown) => {
        if (!this.#over) this.refuse(error)
      },
    )
  }

  reset(reason: Http2Reset): void {
    this.#setUndecoded(0)
    if (this.#over) return
    this.#over = true
    this.#counters?.callEnded(false)
    const message =
      reason.code === undefined ? 'the connection of the caller was lost' : 'the caller cancelled the call'
    const error = new RpcError('CANCELLED', message, { stack: false })
    this.#call.cancel(error)
    this.#requests?.fail(this.#call.cx.cancelled ?? error)
    this.#writer?.stop()
  }

  drain(): void {
    this.#writer?.drain()
  }

  /** For the stream of requests. */
  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  /** For the stream of requests: its reader has left, and what still comes is dropped. */
  leave(): void {
    this.#setUndecoded(0)
  }

  #handle(request: unknown): void {
    this.#call.handle(request).then(
      (response) => this.#succeed(response),
      (error) => this.#fail(error),
    )
  }

  #succeed(response: unknown): void {
    if (this.#over) return
    const { method } = this.#route.route
    if (streamsResponse(method.kind)) {
      this.#respond(response as Messages)
      return
    }
    let frame: Uint8Array
    try {
      frame = this.#encode(response)
    } catch (error) {
      this.#fail(this.#call.unexpected(error))
      return
    }
    if (!this.#stream.accepts(frame.length)) {
      this.#fail(unsentExhausted(frame.length, this.#call.memory))
      return
    }
    if (!this.begin()) return
    this.#stream.write(frame, false)
    this.#complete()
  }

  #respond(messages: Messages): void {
    this.#writer = new MessageWriter(this.#stream, (message) => {
      const frame = this.#encodeOrReport(message)
      if (!this.#stream.accepts(frame.length)) throw unsentExhausted(frame.length, this.#call.memory)
      this.begin()
      return frame
    })
    this.#call.cx.onCancel((reason) => {
      if (this.#writer?.blocked === true) this.#fail(reason)
    })
    this.#writer.run(messages).then(
      (complete) => {
        if (complete && !this.#over && this.begin()) this.#complete()
      },
      (error) => this.#fail(error),
    )
  }

  /** Charges what the request holds before it is decoded. Throws RESOURCE_EXHAUSTED where there is no room for more. */
  #setUndecoded(bytes: number): void {
    const more = bytes - this.#undecoded
    if (more === 0) return
    if (more > 0) this.#received.hold(more)
    else this.#received.release(-more)
    this.#undecoded = bytes
  }

  #decode(frame: Frame): unknown {
    this.#counters?.received()
    // What was taken out of the buffer of a stream is less there.
    if (this.#requests !== undefined) this.#setUndecoded(Math.min(this.#undecoded, this.#requests.buffered))
    return decodeGuarded(this.#route.request, frame, this.#settings.inflate, this.#requestCompression, this.#call)
  }

  #encode(message: unknown): Uint8Array {
    if (!this.#chosen) this.#choose()
    this.#counters?.sent()
    const { maxSendBytes } = this.#settings
    return encodeFrame(this.#route.response, message, maxSendBytes, this.#responseCompression, nodeCompressor)
  }

  #choose(): void {
    this.#chosen = true
    const asked = this.#call.cx.get(responseCompressionKey)
    if (asked === 'identity') this.#responseCompression = undefined
    else if (asked !== undefined && accepts(this.#acceptEncoding, asked)) this.#responseCompression = asked
  }

  #encodeOrReport(message: unknown): Uint8Array {
    try {
      return this.#encode(message)
    } catch (error) {
      throw this.#call.unexpected(error)
    }
  }

  /** Sends the response headers unless they have gone; false when the call has failed over them, or with `failure`. */
  begin(failure?: unknown): boolean {
    if (this.#headersSent || this.#over) return !this.#over
    if (!this.#chosen) this.#choose()
    const { responseHeadersIfAny, metainfoIfAny } = lazyParts(this.#call.cx)
    const backward = metainfoIfAny?.backwardIfAny
    const encoding = this.#responseCompression
    let headers = this.#plainHeaders
    if (responseHeadersIfAny !== undefined || backward !== undefined || encoding !== undefined) {
      const list = [...headers]
      try {
        if (encoding !== undefined) list.push('grpc-encoding', encoding)
        if (backward !== undefined) appendMetainfo(list, metainfoPrefix.backward, backward)
        if (responseHeadersIfAny !== undefined) appendMetadata(list, responseHeadersIfAny, 'INTERNAL')
        this.#checkSize(list)
      } catch (problem) {
        this.#failPlainly(problem, failure)
        return false
      }
      this.#backwardSent = backward?.size ?? 0
      headers = list
    }
    this.#headersSent = true
    this.#stream.headers(headers, false)
    return true
  }

  /** Ends a call that went well. */
  #complete(): void {
    const { responseTrailersIfAny, metainfoIfAny } = lazyParts(this.#call.cx)
    const backward = metainfoIfAny?.backwardIfAny
    const late = backward !== undefined && backward.size > this.#backwardSent
    if (responseTrailersIfAny === undefined && !late) {
      this.#over = true
      this.#counters?.callEnded(true)
      this.#stream.trailers(okTrailers)
      holdUntilSent(this.#call, this.#stream)
      return
    }
    const trailers = [...okTrailers]
    try {
      if (late) appendMetainfo(trailers, metainfoPrefix.backward, backward)
      if (responseTrailersIfAny !== undefined) appendMetadata(trailers, responseTrailersIfAny, 'INTERNAL')
      this.#checkSize(trailers)
    } catch (error) {
      this.#failPlainly(error)
      return
    }
    this.#over = true
    this.#counters?.callEnded(true)
    this.#stream.trailers(trailers)
    holdUntilSent(this.#call, this.#stream)
  }

  /** Ends a call whose request cannot be handled. */
  refuse(error: unknown): void {
    this.#setUndecoded(0)
    this.#request = undefined
    this.#reader = undefined
    const failure = RpcError.from(error)
    this.#call.cancel(failure)
    this.#requests?.fail(failure)
    this.#fail(failure)
  }

  #fail(error: unknown): void {
    if (this.#over) return
    if (this.#writer?.blocked === true) {
      // The peer does not read, so trailers would wait behind what it has not taken.
      this.#over = true
      this.#counters?.callEnded(false)
      this.#writer.stop()
      this.#stream.reset(Http2ErrorCode.CANCEL)
      return
    }
    const { responseHeadersIfAny, responseTrailersIfAny, metainfoIfAny } = lazyParts(this.#call.cx)
    // Trailers-Only has no place for headers: a peer takes all of it for trailers.
    if (responseHeadersIfAny !== undefined && responseHeadersIfAny.size > 0 && !this.begin(error)) return
    const list = this.#headersSent ? [] : [...this.#plainHeaders]
    try {
      const backward = metainfoIfAny?.backwardIfAny
      tellError(this.#stream, list, error)
      if (backward !== undefined) appendMetainfo(list, metainfoPrefix.backward, backward)
      if (responseTrailersIfAny !== undefined) appendMetadata(list, responseTrailersIfAny, 'INTERNAL')
      this.#checkSize(list)
    } catch (problem) {
      this.#failPlainly(problem, error)
      return
    }
    this.#finish(list)
  }

  /** Throws RpcError RESOURCE_EXHAUSTED for a list that the caller does not take. */
  #checkSize(list: Http2Headers): void {
    const { maxHeaderListBytes } = this.#stream
    if (maxHeaderListBytes === Number.POSITIVE_INFINITY) return
    const bytes = headerListBytes(list)
    if (bytes > maxHeaderListBytes) throw headersTooLarge('response', bytes, maxHeaderListBytes)
  }

  /** The way out when metadata cannot be sent: reports, and sends none. `error`: what the call has failed with. */
  #failPlainly(problem: unknown, error?: unknown): void {
    const list = this.#headersSent ? [] : [...this.#plainHeaders]
    const told = this.#call.unexpected(problem)
    const isTooLarge = isRpcError(problem) && problem.code === 'RESOURCE_EXHAUSTED'
    // What the call failed with is still told, without the metadata that cannot be sent.
    if (isRpcError(error)) tellError(this.#stream, list, new RpcError(error.code, error.message, { stack: false }))
    else tellError(this.#stream, list, isTooLarge ? problem : told)
    this.#finish(list)
  }

  #finish(list: Http2Headers): void {
    this.#over = true
    this.#counters?.callEnded(false)
    this.#writer?.stop()
    if (this.#headersSent) this.#stream.trailers(list)
    else this.#stream.headers(list, true)
    holdUntilSent(this.#call, this.#stream)
  }
}

/** A chunk that is kept may not keep a much larger one, which it is a view of. */
function unpinned(chunk: Uint8Array): Uint8Array {
  return chunk.length * 2 < chunk.buffer.byteLength ? chunk.slice() : chunk
}

/** A call whose answer its client does not read counts as one of the server's until it does. */
export function holdUntilSent(call: ServerCall, stream: Http2Stream): void {
  if (stream.pending > 0) stream.whenSent(call.holdPlace())
}

function wrongCount(what: string): RpcError {
  return new RpcError('UNIMPLEMENTED', `the caller sent ${what} to a method that takes one message`, { stack: false })
}
