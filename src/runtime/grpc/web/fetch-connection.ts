/** FetchConnection: what `fetch` does as a connection of HTTP/2, so that one code makes calls in Node and in browsers. */

import type { Peer } from '../../core/context/context.ts'
import type { Http2ClientConnection, Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { type FetchSettings, FetchStream } from './fetch-stream.ts'

/** Every request to one base URL. */
export class FetchConnection implements Http2ClientConnection {
  readonly maxHeaderListBytes: number = Number.POSITIVE_INFINITY
  readonly settled: boolean = true
  readonly peer: Peer
  opened = 0
  #isClosed = false
  readonly #settings: FetchSettings
  readonly #streams = new Set<FetchStream>()
  #idle: (() => void) | undefined

  constructor(settings: FetchSettings) {
    this.#settings = settings
    this.peer = { address: settings.base, kind: 'tcp' }
  }

  get usable(): boolean {
    return !this.#isClosed
  }

  get available(): boolean {
    return !this.#isClosed
  }

  get openStreams(): number {
    return this.#streams.size
  }

  open(headers: Http2Headers, more: Http2Headers | undefined, sink: Http2Sink): Http2Stream {
    this.opened++
    const stream: FetchStream = new FetchStream(
      this.#settings,
      more === undefined ? headers : [...headers, ...more],
      sink,
      () => {
        this.#streams.delete(stream)
        if (this.#streams.size === 0) this.#idle?.()
      },
    )
    this.#streams.add(stream)
    return stream
  }

  /** Resolves when every call has ended. */
  close(): Promise<void> {
    this.#isClosed = true
    if (this.#streams.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }

  destroy(): void {
    this.#isClosed = true
    for (const stream of [...this.#streams]) stream.fail('the transport was closed', undefined)
  }
}
