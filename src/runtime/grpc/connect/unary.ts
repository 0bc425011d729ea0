/** Unary calls of the Connect protocol, whose bodies are bare messages, for a gRPC call (https://connectrpc.com/docs/protocol#unary-rpcs). */

import type { ReceivedBytes } from '../../core/bytes/memory-account.ts'
import type { Http2Headers, Http2Reset, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { framePrefixBytes, tooLarge } from '../framing.ts'
import { headerOf } from '../metadata.ts'
import type { CallSink } from '../server/call-acceptor.ts'
import { StreamAdapter } from '../server/stream-adapter.ts'
import { type CorsHeaders, exposed } from '../web/cors.ts'
import { type HttpFailure, httpFailure } from './connect-error.ts'
import { envelope } from './end-stream.ts'
import { failureOf, metadataFields } from './response-fields.ts'

const nothing = new Uint8Array(0)

/** The sink of a bare body: gives the call behind it one message in an envelope. */
export class UnarySink implements Http2Sink {
  readonly #call: CallSink
  readonly #isCompressed: boolean
  readonly #maxBytes: number
  readonly #received: ReceivedBytes
  /** The body as far as it has come, in the first `#size` bytes. */
  #body: Uint8Array = nothing
  #size = 0
  /** Bytes of it that are charged. */
  #held = 0
  #isRefused = false

  /** `received`: what the body is charged to while it is not whole. */
  constructor(call: CallSink, isCompressed: boolean, maxBytes: number, received: ReceivedBytes) {
    this.#call = call
    this.#received = received
    this.#isCompressed = isCompressed
    this.#maxBytes = maxBytes
  }

  headers(): void {}

  data(chunk: Uint8Array, last = false): void {
    if (this.#isRefused) return
    try {
      if (this.#size + chunk.length > this.#maxBytes) throw tooLarge('received', undefined, this.#maxBytes)
      if (!last) this.#received.hold(chunk.length)
    } catch (error) {
      this.#isRefused = true
      this.#drop()
      this.#call.refuse(error)
      return
    }
    if (!last) this.#held += chunk.length
    const before = this.#size
    this.#size += chunk.length
    if (before === 0) {
      this.#body = chunk
      return
    }
    // One piece, for a list of tiny chunks would cost far more than their bytes.
    if (this.#size > this.#body.length) {
      const grown = new Uint8Array(this.#size * 2)
      grown.set(this.#body.subarray(0, before))
      this.#body = grown
    }
    this.#body.set(chunk, before)
  }

  end(): void {
    if (this.#isRefused) return
    const body = this.#body.subarray(0, this.#size)
    this.#drop()
    const prefix = envelope(this.#isCompressed && body.length > 0 ? 1 : 0, nothing)
    new DataView(prefix.buffer).setUint32(1, body.length)
    this.#call.data(prefix, true)
    if (body.length > 0) this.#call.data(body, true)
    this.#call.end(undefined)
  }

  reset(reason: Http2Reset): void {
    this.#drop()
    this.#call.reset(reason)
  }

  drain(): void {
    this.#call.drain()
  }

  /** Forgets the body. */
  #drop(): void {
    this.#body = nothing
    this.#received.release(this.#held)
    this.#held = 0
  }
}

/** What an answer needs to know of its request. */
export interface UnaryAnswer {
  readonly contentType: string
  /** The ways in which requests may be compressed. */
  readonly accepted: string
  readonly cors: CorsHeaders
  /** Whether a service of this server has the method. */
  readonly isKnown: boolean
  /** What the caller is told of an error that only the method knows. */
  readonly failure: ((error: unknown) => HttpFailure | undefined) | undefined
}

/** The stream that a gRPC call of one answer writes to: sends it as a bare body, its trailers as headers, and errors as JSON. */
export class UnaryStream extends StreamAdapter {
  readonly #answer: UnaryAnswer
  #headers: Http2Headers = []
  #message: Uint8Array = nothing
  #failed: HttpFailure | undefined = undefined

  constructor(stream: Http2Stream, answer: UnaryAnswer) {
    super(stream)
    this.#answer = answer
  }

  headers(headers: Http2Headers, end: boolean): void {
    if (end) this.trailers(headers)
    else this.#headers = headers
  }

  override write(chunk: Uint8Array): boolean {
    this.#message = chunk
    return true
  }

  failsWith(error: unknown): void {
    this.#failed = this.#answer.failure?.(error) ?? httpFailure(error)
  }

  trailers(trailers: Http2Headers): void {
    const failure = failureOf(trailers, this.#failed)
    const list = failure === undefined ? this.#success() : this.#failure(failure)
    list.push('accept-encoding', this.#answer.accepted, ...metadataFields(this.#headers))
    const fields = metadataFields(trailers)
    for (let i = 0; i < fields.length; i += 2) list.push(`trailer-${fields[i]}`, fields[i + 1]!)
    const body =
      failure === undefined ? this.#message.subarray(framePrefixBytes) : new TextEncoder().encode(failure.json)
    list.push('content-length', String(body.length))
    this.stream.headers([...list, ...exposed(this.#answer.cors, list)], false)
    this.stream.write(body, true)
  }

  #success(): string[] {
    const list = [':status', '200', 'content-type', this.#answer.contentType]
    const encoding = headerOf(this.#headers, 'grpc-encoding')
    if (encoding !== undefined && this.#message[0] === 1) list.push('content-encoding', encoding)
    return list
  }

  #failure({ status }: HttpFailure): string[] {
    // An unknown method is a path that is not there; 501 is a method's own word.
    const code = status === 501 && !this.#answer.isKnown ? 404 : status
    return [':status', String(code), 'content-type', 'application/json']
  }
}
