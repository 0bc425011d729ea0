/** WebStream: a stream of gRPC-web that a gRPC call writes to as if it were gRPC's own. */

import { toBase64 } from '../../core/bytes/base64.ts'
import type { Http2Headers, Http2Reset, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import type { CallSink } from '../server/call-acceptor.ts'
import { StreamAdapter } from '../server/stream-adapter.ts'
import { type CorsHeaders, exposed } from './cors.ts'
import { Base64Decoder } from './web-base64.ts'
import { encodeTrailersFrame } from './web-frame.ts'

/** Writes trailers into the body, and everything as base64 in the text form. */
export class WebStream extends StreamAdapter {
  readonly #isText: boolean
  readonly #contentType: string
  readonly #cors: CorsHeaders

  constructor(stream: Http2Stream, isText: boolean, isJson: boolean, cors: CorsHeaders) {
    super(stream)
    this.#isText = isText
    this.#contentType = `application/grpc-web${isText ? '-text' : ''}+${isJson ? 'json' : 'proto'}`
    this.#cors = cors
  }

  headers(headers: Http2Headers, end: boolean): void {
    const list: string[] = []
    for (let i = 0; i + 1 < headers.length; i += 2) {
      list.push(headers[i]!, headers[i] === 'content-type' ? this.#contentType : headers[i + 1]!)
    }
    this.stream.headers([...list, ...exposed(this.#cors, list)], end)
  }

  override write(chunk: Uint8Array, end: boolean): boolean {
    return this.stream.write(this.#isText ? new TextEncoder().encode(toBase64(chunk)) : chunk, end)
  }

  trailers(headers: Http2Headers): void {
    this.write(encodeTrailersFrame(headers), true)
  }

  override accepts(bytes: number): boolean {
    return this.stream.accepts(this.#isText ? Math.ceil(bytes / 3) * 4 : bytes)
  }
}

/** The sink of a body in the text form: gives the call behind it bytes. */
export class WebTextSink implements Http2Sink {
  readonly #call: CallSink
  readonly #decoder: Base64Decoder = new Base64Decoder()
  #isBroken = false

  constructor(call: CallSink) {
    this.#call = call
  }

  headers(): void {}

  data(chunk: Uint8Array): void {
    this.#try(() => this.#call.data(this.#decoder.push(chunk)))
  }

  end(): void {
    this.#try(() => {
      this.#decoder.end()
      this.#call.end(undefined)
    })
  }

  reset(reason: Http2Reset): void {
    this.#call.reset(reason)
  }

  drain(): void {
    this.#call.drain()
  }

  #try(take: () => void): void {
    if (this.#isBroken) return
    try {
      take()
    } catch (error) {
      this.#isBroken = true
      this.#call.refuse(error)
    }
  }
}
