/** StreamAnswer: the envelopes of a stream of the Connect protocol as the gRPC answer that a call takes (https://connectrpc.com/docs/protocol#streaming-rpcs). */

import { RpcError } from '../../../core/error.ts'
import type { Http2Headers, Http2Reset, Http2Sink } from '../../../http2/sink.ts'
import type { AnswerSink } from '../../client/dialect.ts'
import { knownEncoding } from '../../client/response-check.ts'
import type { Compression } from '../../compressor.ts'
import { EnvelopeSplitter, malformed } from '../../envelope-splitter.ts'
import { endStreamFlag } from '../end-stream.ts'
import { answerHead, trailerFields } from './answer-fields.ts'
import { errorOfObject, objectOf, parseObject } from './read-error.ts'
import { type Expected, isType, notConnect } from './unary-answer.ts'

/** The sink of the body: messages stay as they are, the last envelope becomes trailers. */
export class StreamAnswer implements Http2Sink {
  readonly #call: AnswerSink
  readonly #expected: Expected
  readonly #splitter: EnvelopeSplitter
  #encoding: Compression | undefined = undefined
  #isOver = false

  constructor(call: AnswerSink, expected: Expected) {
    this.#call = call
    this.#expected = expected
    this.#splitter = new EnvelopeSplitter(endStreamFlag, call.maxReceiveBytes, (bytes) => call.data(bytes))
  }

  headers(fields: Http2Headers, end: boolean): void {
    const head = answerHead(fields, false)
    if (head.status !== '200' || !isType(head.contentType, this.#expected.contentType)) {
      this.#fail(notConnect(head), head.headers)
      return
    }
    try {
      this.#encoding = knownEncoding(head.encoding, this.#expected.compressor)
    } catch (error) {
      this.#fail(RpcError.from(error), head.headers)
      return
    }
    this.#call.headers(head.headers, false)
    if (end) this.end()
  }

  data(chunk: Uint8Array): void {
    if (this.#isOver) return
    try {
      this.#splitter.push(chunk)
    } catch (error) {
      this.#fail(RpcError.from(error))
    }
  }

  end(): void {
    if (this.#isOver) return
    const { end, flags = 0 } = this.#splitter
    const { compressor } = this.#expected
    if (end === undefined) {
      // The call tells of a stream without a status.
      this.#call.end(undefined)
      return
    }
    try {
      if ((flags & 1) === 0 || end.length === 0) this.#finish(end)
      else {
        if (this.#encoding === undefined) throw malformed('its end is compressed, and no compression was named')
        const plain = compressor.decompress(this.#encoding, end, this.#call.maxReceiveBytes)
        if (plain instanceof Promise) {
          plain.then((bytes) => this.#finish(bytes)).catch((error) => this.#fail(RpcError.from(error)))
        } else this.#finish(plain)
      }
    } catch (error) {
      this.#fail(RpcError.from(error))
    }
  }

  reset(reason: Http2Reset): void {
    this.#call.reset(reason)
  }

  drain(): void {
    this.#call.drain()
  }

  #finish(bytes: Uint8Array): void {
    const object = parseObject(bytes)
    if (object === undefined) throw malformed('its end is not a JSON object')
    const trailers = trailerFields(object['metadata'])
    const { error } = object
    if (error === undefined || error === null) this.#call.end(['grpc-status', '0', ...trailers])
    else this.#call.failed(errorOfObject(objectOf(error) ?? {}, 'UNKNOWN', trailers), undefined, trailers)
  }

  #fail(error: RpcError, headers?: Http2Headers): void {
    this.#isOver = true
    this.#call.failed(error, headers)
  }
}
