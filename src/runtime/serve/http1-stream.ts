/** Http1Stream: a request of HTTP/1.1 as a stream, so that one code answers both versions. */

import { type MemoryAccount, UnsentBytes } from '../core/bytes/memory-account.ts'
import type { Http2Headers, Http2Sink, Http2Stream } from '../http2/sink.ts'
import type { Http1Request, Http1Response } from '../net/http1.ts'

/** The writing side of a request. */
export class Http1Stream implements Http2Stream {
  /** HTTP/1.1 does not say. */
  readonly maxHeaderListBytes: number = Number.POSITIVE_INFINITY
  readonly #request: Http1Request
  readonly #response: Http1Response
  readonly #memory: MemoryAccount
  readonly #unsent: UnsentBytes
  #sink: Http2Sink | undefined
  #onSent: (() => void) | undefined

  /** What waits for the client is charged to `memory`. */
  constructor(request: Http1Request, response: Http1Response, memory: MemoryAccount) {
    this.#request = request
    this.#response = response
    this.#memory = memory
    this.#unsent = new UnsentBytes(memory)
  }

  /** The request's header fields with HTTP/2's pseudo-headers in front. */
  get requestHeaders(): Http2Headers {
    const { method = 'GET', url = '/', headers, rawHeaders } = this.#request
    const list = [':method', method, ':path', url, ':authority', headers.host ?? '']
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) list.push(rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!)
    return list
  }

  /** Gives the sink what comes. */
  feed(sink: Http2Sink): void {
    const request = this.#request
    const response = this.#response
    request.on('data', (chunk: Uint8Array) => sink.data(chunk))
    request.on('end', () => sink.end(undefined))
    request.on('error', () => {})
    response.on('error', () => {})
    response.on('drain', () => {
      this.#unsent.bytes = 0
      sink.drain()
    })
    this.#sink = sink
    response.once('close', () => this.lost())
  }

  /** The connection has gone, or the answer is whole. */
  lost(): void {
    const sink = this.#sink
    this.#sink = undefined
    this.#unsent.bytes = 0
    const done = this.#onSent
    this.#onSent = undefined
    done?.()
    if (sink === undefined || this.#response.writableFinished) return
    sink.reset({ code: undefined, message: 'the connection was lost', processed: true, sent: true })
  }

  headers(headers: Http2Headers, end: boolean): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    const fields: string[] = []
    let status = 200
    for (let i = 0; i + 1 < headers.length; i += 2) {
      if (headers[i] === ':status') status = Number(headers[i + 1])
      else fields.push(headers[i]!, headers[i + 1]!)
    }
    // writeHead forgets what setHeader said.
    if (response.getHeader('connection') === 'close') fields.push('connection', 'close')
    try {
      response.writeHead(status, fields)
    } catch {
      // Headers that HTTP cannot carry cost the request, not the process.
      response.destroy()
      return
    }
    if (end) response.end()
    else {
      // Node sends the head with the first chunk of the body; without a chunk in this turn it leaves alone. Node gathers
      // what a turn writes by itself. response.cork() would not do: where end() follows in the same turn, Node 22 and 24
      // (up to 24.21) write the last chunk in front of those that they hold back.
      process.nextTick(() => {
        if (!response.writableEnded && !response.destroyed) response.flushHeaders()
      })
    }
  }

  write(chunk: Uint8Array, end: boolean): boolean {
    const response = this.#response
    if (response.destroyed || response.writableEnded) return true
    if (!end && chunk.length === 0) return true
    const goesOn = end || response.write(chunk)
    if (end) response.end(chunk)
    this.#unsent.bytes = response.writableLength
    return goesOn
  }

  get pending(): number {
    return this.#response.destroyed ? 0 : this.#response.writableLength
  }

  accepts(bytes: number): boolean {
    return this.#memory.grantsUnsent(this.pending, bytes)
  }

  whenSent(done: () => void): void {
    if (this.#sink === undefined) done()
    else this.#onSent = done
  }

  trailers(): void {
    if (!this.#response.writableEnded) this.#response.end()
  }

  reset(): void {
    this.#response.destroy()
  }

  pause(): void {
    this.#request.pause()
  }

  resume(): void {
    this.#request.resume()
  }
}
