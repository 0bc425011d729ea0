/** WebAnswer: an answer of gRPC-web as the gRPC answer that a call takes. */

import { RpcError } from '../../core/error.ts'
import type { Http2Headers, Http2Reset, Http2Sink } from '../../http2/sink.ts'
import type { AnswerSink } from '../client/dialect.ts'
import { EnvelopeSplitter, malformed } from '../envelope-splitter.ts'
import { headerOf } from '../metadata.ts'
import { codeOfHttpStatus, errorOfTrailers } from '../status.ts'
import { Base64Decoder } from './web-base64.ts'
import { decodeTrailers, trailersFlag } from './web-frame.ts'

/** The sink of the body, whose last frame holds the trailers. */
export class WebAnswer implements Http2Sink {
  readonly #call: AnswerSink
  readonly #splitter: EnvelopeSplitter
  #base64: Base64Decoder | undefined = undefined
  /** A status among the header fields, for an answer without a body. */
  #early: Http2Headers | undefined = undefined
  #isOver = false

  constructor(call: AnswerSink) {
    this.#call = call
    this.#splitter = new EnvelopeSplitter(trailersFlag, call.maxReceiveBytes, (bytes) => call.data(bytes))
  }

  headers(fields: Http2Headers): void {
    const status = headerOf(fields, ':status')
    const type = headerOf(fields, 'content-type')
    const hasStatus = headerOf(fields, 'grpc-status') !== undefined
    if ((status !== '200' || type?.startsWith('application/grpc-web') !== true) && !hasStatus) {
      const what = type === undefined ? 'no content-type' : `content-type ${type}`
      const text = `the server did not answer in gRPC-web: HTTP status ${status}, ${what}`
      this.#fail(new RpcError(codeOfHttpStatus(status), text, { stack: false }))
      return
    }
    if (type?.startsWith('application/grpc-web-text') === true) this.#base64 = new Base64Decoder()
    if (hasStatus) this.#early = fields
    else this.#call.headers(fields, false)
  }

  data(chunk: Uint8Array): void {
    if (this.#isOver || chunk.length === 0) return
    const early = this.#early
    if (early !== undefined) {
      // The trailers of a body count, whatever its headers say.
      this.#early = undefined
      this.#call.headers(early, false)
    }
    this.#try(() => this.#splitter.push(this.#base64?.push(chunk) ?? chunk))
  }

  end(): void {
    if (this.#isOver) return
    const early = this.#early
    if (early !== undefined) {
      // One list for headers and trailers, which nothing tells apart.
      const error = errorOfTrailers(early)
      if (error !== undefined) this.#call.failed(error, early, early)
      else {
        this.#call.headers(early, false)
        this.#call.end(early)
      }
      return
    }
    this.#try(() => {
      this.#base64?.end()
      const { end, flags } = this.#splitter
      if (end !== undefined && flags !== trailersFlag) throw malformed('compressed trailers')
      this.#call.end(end === undefined ? undefined : decodeTrailers(end))
    })
  }

  reset(reason: Http2Reset): void {
    this.#call.reset(reason)
  }

  drain(): void {
    this.#call.drain()
  }

  #try(take: () => void): void {
    try {
      take()
    } catch (error) {
      this.#fail(RpcError.from(error))
    }
  }

  #fail(error: RpcError): void {
    this.#isOver = true
    this.#call.failed(error)
  }
}
