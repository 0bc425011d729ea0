/** UnaryRequest: the stream that a gRPC call writes its one message to, which goes out as a bare body or in a query. */

import { toBase64 } from '../../../core/bytes/base64.ts'
import type { Http2ClientConnection, Http2Headers, Http2Sink, Http2Stream } from '../../../http2/sink.ts'
import { framePrefixBytes } from '../../framing.ts'
import { headerOf } from '../../metadata.ts'
import { ownFields, type RequestFields } from './request-fields.ts'

/** Bytes of a path with its query beyond which the message goes by POST: servers commonly take 8 KiB. */
const longestPath = 8_000

/** What the requests of a method have in common. */
export interface UnaryForms {
  readonly plain: RequestFields
  readonly compressed: RequestFields
  /** Where messages go by GET. */
  readonly get: RequestFields | undefined
  readonly isJson: boolean
}

const nothing = new Uint8Array(0)

/** Opens the stream behind it when the message is there. */
export class UnaryRequest implements Http2Stream {
  readonly maxHeaderListBytes: number
  readonly #forms: UnaryForms
  readonly #connection: Http2ClientConnection
  readonly #headers: Http2Headers
  readonly #more: Http2Headers | undefined
  readonly #sink: Http2Sink
  #stream: Http2Stream | undefined = undefined

  constructor(
    forms: UnaryForms,
    connection: Http2ClientConnection,
    headers: Http2Headers,
    more: Http2Headers | undefined,
    sink: Http2Sink,
  ) {
    this.maxHeaderListBytes = connection.maxHeaderListBytes
    this.#forms = forms
    this.#connection = connection
    this.#headers = headers
    this.#more = more
    this.#sink = sink
  }

  write(frame: Uint8Array): boolean {
    const { plain, compressed, get } = this.#forms
    const isCompressed = frame[0] === 1
    const message = frame.subarray(framePrefixBytes)
    const more = ownFields(this.#more)
    const path = get === undefined ? undefined : this.#query(message, isCompressed)
    if (get !== undefined && path !== undefined) {
      const headers = [...get.shared(this.#headers)]
      headers[headers.indexOf(':path') + 1] = path
      this.#stream = this.#connection.open(headers, more, this.#sink)
      return this.#stream.write(nothing, true)
    }
    this.#stream = this.#connection.open((isCompressed ? compressed : plain).shared(this.#headers), more, this.#sink)
    return this.#stream.write(message, true)
  }

  /** The path of a GET; undefined where it would be too long. */
  #query(message: Uint8Array, isCompressed: boolean): string | undefined {
    if (message.length > longestPath) return undefined
    const { isJson } = this.#forms
    const isText = isJson && !isCompressed
    const encoded = isText
      ? encodeURIComponent(new TextDecoder().decode(message))
      : toBase64(message).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_')
    const base64 = isText ? '' : '&base64=1'
    const compression = isCompressed ? `&compression=${headerOf(this.#headers, 'grpc-encoding')}` : ''
    const path = headerOf(this.#headers, ':path')
    // In this order, which the protocol recommends, equal requests have equal URLs for caches.
    const encoding = isJson ? 'json' : 'proto'
    const whole = `${path}?connect=v1${base64}${compression}&encoding=${encoding}&message=${encoded}`
    return whole.length > longestPath ? undefined : whole
  }

  headers(): void {}

  trailers(): void {}

  get pending(): number {
    return this.#stream?.pending ?? 0
  }

  accepts(bytes: number): boolean {
    return this.#stream?.accepts(bytes) ?? true
  }

  whenSent(done: () => void): void {
    if (this.#stream === undefined) done()
    else this.#stream.whenSent(done)
  }

  reset(code: number, late?: boolean): void {
    this.#stream?.reset(code, late)
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }
}
