/** UnaryAnswer: a bare body, or an error as JSON, as the gRPC answer that a call takes (https://connectrpc.com/docs/protocol#unary-rpcs). */

import { ChunkQueue } from '../../../core/bytes/chunk-queue.ts'
import { RpcError } from '../../../core/error.ts'
import type { Http2Headers, Http2Reset, Http2Sink } from '../../../http2/sink.ts'
import type { AnswerSink } from '../../client/dialect.ts'
import { knownEncoding } from '../../client/response-check.ts'
import type { Compressor } from '../../compressor.ts'
import { framePrefixBytes, tooLarge } from '../../framing.ts'
import { codeOfHttpStatus } from '../../status.ts'
import { type AnswerHead, answerHead } from './answer-fields.ts'
import { errorOfObject, parseObject } from './read-error.ts'

/** What an answer is expected to be like. */
export interface Expected {
  /** The content type of an answer that is one. */
  readonly contentType: string
  readonly compressor: Compressor
}

/** The sink of the body. */
export class UnaryAnswer implements Http2Sink {
  readonly #call: AnswerSink
  readonly #expected: Expected
  #head: AnswerHead | undefined = undefined
  #isAnswer = false
  readonly #body = new ChunkQueue()

  constructor(call: AnswerSink, expected: Expected) {
    this.#call = call
    this.#expected = expected
  }

  headers(fields: Http2Headers, end: boolean): void {
    const head = answerHead(fields, true)
    this.#head = head
    this.#isAnswer = head.status === '200' && isType(head.contentType, this.#expected.contentType)
    if (this.#isAnswer) this.#call.headers(head.headers, false)
    if (end) this.end()
  }

  data(chunk: Uint8Array): void {
    const { maxReceiveBytes } = this.#call
    this.#body.push(chunk)
    if (this.#body.bytes <= maxReceiveBytes) return
    this.#body.clear()
    this.#call.failed(tooLarge('received', undefined, maxReceiveBytes))
  }

  end(): void {
    const head = this.#head
    if (head === undefined) return
    if (!this.#isAnswer) {
      this.#fail(head)
      return
    }
    const size = this.#body.bytes
    const prefix = new Uint8Array(framePrefixBytes)
    // An empty body is an empty message, compressed or not.
    if (head.encoding !== undefined && head.encoding !== 'identity' && size > 0) prefix[0] = 1
    new DataView(prefix.buffer).setUint32(1, size)
    this.#call.data(prefix)
    for (let chunk = this.#body.shift(); chunk !== undefined; chunk = this.#body.shift()) this.#call.data(chunk)
    this.#call.end(['grpc-status', '0', ...head.trailers])
  }

  reset(reason: Http2Reset): void {
    this.#body.clear()
    this.#call.reset(reason)
  }

  drain(): void {
    this.#call.drain()
  }

  /** Reads the body of an answer that is an error. */
  #fail(head: AnswerHead): void {
    const { compressor } = this.#expected
    const bytes = new Uint8Array(this.#body.bytes)
    let at = 0
    for (let chunk = this.#body.shift(); chunk !== undefined; chunk = this.#body.shift()) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    try {
      const encoding = bytes.length === 0 ? undefined : knownEncoding(head.encoding, compressor)
      const plain = encoding === undefined ? bytes : compressor.decompress(encoding, bytes, this.#call.maxReceiveBytes)
      if (!(plain instanceof Promise)) this.#tell(head, plain)
      else plain.then((body) => this.#tell(head, body)).catch((error) => this.#call.failed(RpcError.from(error)))
    } catch (error) {
      this.#call.failed(RpcError.from(error))
    }
  }

  #tell(head: AnswerHead, body: Uint8Array): void {
    const isJson = isType(head.contentType, 'application/json')
    const object = isJson && head.status !== '200' ? parseObject(body) : undefined
    if (object === undefined) this.#call.failed(notConnect(head), head.headers, head.trailers)
    else {
      const error = errorOfObject(object, codeOfHttpStatus(head.status), head.trailers)
      this.#call.failed(error, head.headers, head.trailers)
    }
  }
}

/** Whether a content type is the one that is meant, whatever its parameters. */
export function isType(contentType: string, wanted: string): boolean {
  return contentType === wanted || contentType.split(';', 1)[0]!.trim() === wanted
}

/** The error of an answer that is not of the protocol. */
export function notConnect({ status, contentType }: AnswerHead): RpcError {
  const what = contentType === '' ? 'no content-type' : `content-type ${contentType}`
  const text = `the server did not answer in Connect: HTTP status ${status}, ${what}`
  // A codec that was not asked for is the server's mistake; anything else may come from whoever stands between.
  const isCodec = status === '200' && /^application\/(?:connect\+)?(?:json|proto)\b/.test(contentType)
  return new RpcError(isCodec ? 'INTERNAL' : codeOfHttpStatus(status), text, { stack: false })
}
