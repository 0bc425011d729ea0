/** Dialect: what another protocol than gRPC makes of the streams of a client's calls, which speak gRPC. */

import type { BizError, RpcError } from '../../core/error.ts'
import type { Http2ClientConnection, Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'

/** A call as the dialect sees it: the sink of a gRPC answer, which takes errors as they are, too. */
export interface AnswerSink extends Http2Sink {
  /** Largest message to take, in bytes. */
  readonly maxReceiveBytes: number
  /**
   * The server's last word is an error, or what it sent is none of the protocol's. `headers` and `trailers`: header fields
   * with the metadata of the answer.
   */
  failed(error: RpcError | BizError, headers?: Http2Headers, trailers?: Http2Headers): void
}

/** Opens the stream of one call. */
export interface Dialect {
  /**
   * `headers` and `more` are those of a gRPC request. The stream takes messages in gRPC's frames; `call` gets gRPC's
   * headers, frames and trailers.
   */
  open(
    connection: Http2ClientConnection,
    headers: Http2Headers,
    more: Http2Headers | undefined,
    call: AnswerSink,
  ): Http2Stream
}
