/** ConnectStream: a stream of the Connect protocol that a gRPC call writes to as if it were gRPC's own (https://connectrpc.com/docs/protocol#streaming-rpcs). */

import type { Http2Headers, Http2Stream } from '../../http2/sink.ts'
import { headerOf } from '../metadata.ts'
import { StreamAdapter } from '../server/stream-adapter.ts'
import { type CorsHeaders, exposed } from '../web/cors.ts'
import { type HttpFailure, httpFailure } from './connect-error.ts'
import { endStream } from './end-stream.ts'
import { failureOf, metadataFields } from './response-fields.ts'

/** Messages keep their envelopes; trailers become the last one. */
export class ConnectStream extends StreamAdapter {
  readonly #contentType: string
  readonly #accepted: string
  readonly #cors: CorsHeaders
  #failed: HttpFailure | undefined = undefined

  /** `accepted`: the ways in which requests may be compressed. */
  constructor(stream: Http2Stream, contentType: string, accepted: string, cors: CorsHeaders) {
    super(stream)
    this.#contentType = contentType
    this.#accepted = accepted
    this.#cors = cors
  }

  headers(headers: Http2Headers, end: boolean): void {
    const list = [':status', '200', 'content-type', this.#contentType, 'connect-accept-encoding', this.#accepted]
    const encoding = headerOf(headers, 'grpc-encoding')
    if (encoding !== undefined) list.push('connect-content-encoding', encoding)
    // What comes with the end of a call that has sent nothing are trailers.
    if (!end) list.push(...metadataFields(headers))
    this.stream.headers([...list, ...exposed(this.#cors, list)], false)
    if (end) this.trailers(headers)
  }

  failsWith(error: unknown): void {
    this.#failed = httpFailure(error)
  }

  trailers(headers: Http2Headers): void {
    this.stream.write(endStream(metadataFields(headers), failureOf(headers, this.#failed)?.json), true)
  }
}
