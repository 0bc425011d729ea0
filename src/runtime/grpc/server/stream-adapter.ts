/** StreamAdapter: a stream of another protocol that a gRPC call writes to as if it were gRPC's own. */

import type { Http2Headers, Http2Stream } from '../../http2/sink.ts'
import { appendError, appendErrorStatus } from '../status.ts'

/** The stream of a call; one whose protocol puts errors into the body takes them as they are, whatever their size. */
export interface CallStream extends Http2Stream {
  /** What the call fails with, before the header fields or trailers that end it; the last one counts. Throws what it cannot write. */
  failsWith?(error: unknown): void
}

/** Tells a stream what its call fails with: by the fields of gRPC, or as it is. */
export function tellError(stream: CallStream, headers: string[], error: unknown): void {
  if (stream.failsWith === undefined) appendError(headers, error)
  else {
    stream.failsWith(error)
    appendErrorStatus(headers, error)
  }
}

/** Hands everything on to the stream behind it; a protocol overrides what it has otherwise. */
export abstract class StreamAdapter implements Http2Stream {
  protected readonly stream: Http2Stream

  constructor(stream: Http2Stream) {
    this.stream = stream
  }

  abstract headers(headers: Http2Headers, end: boolean): void

  abstract trailers(headers: Http2Headers): void

  write(chunk: Uint8Array, end: boolean): boolean {
    return this.stream.write(chunk, end)
  }

  get pending(): number {
    return this.stream.pending
  }

  accepts(bytes: number): boolean {
    return this.stream.accepts(bytes)
  }

  whenSent(done: () => void): void {
    this.stream.whenSent(done)
  }

  get maxHeaderListBytes(): number {
    return this.stream.maxHeaderListBytes
  }

  reset(code: number): void {
    this.stream.reset(code)
  }

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }
}
