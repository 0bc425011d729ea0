/** Http1ClientStream: a request of HTTP/1.1 as a stream of HTTP/2, so that one code makes calls over both. */

import { isRpcError } from '../core/error.ts'
import type { Http2Headers, Http2Sink, Http2Stream } from '../http2/sink.ts'
import type { Http1Agent, Http1Answer, Http1ClientRequest } from '../net/http1-agent.ts'

/** What a stream tells its connection. */
export interface StreamOwner {
  readonly agent: Http1Agent
  readonly maxHeaderListBytes: number
  /** The server cannot be reached any more. */
  unreachable(reason: string): void
  /** The stream is over. */
  closed(stream: Http1ClientStream): void
}

/** Fields that HTTP/1.1 writes for itself. */
const ownField = /^(?::|te$)/

/** One request; it goes out with its first bytes, or in the next turn where none are there yet. */
export class Http1ClientStream implements Http2Stream {
  readonly maxHeaderListBytes: number
  readonly #owner: StreamOwner
  readonly #headers: Http2Headers
  #sink: Http2Sink | undefined
  #request: Http1ClientRequest | undefined = undefined
  #answer: Http1Answer | undefined = undefined
  #isPaused = false

  constructor(owner: StreamOwner, headers: Http2Headers, sink: Http2Sink) {
    this.maxHeaderListBytes = owner.maxHeaderListBytes
    this.#owner = owner
    this.#headers = headers
    this.#sink = sink
    process.nextTick(() => this.#start(undefined))
  }

  headers(): void {}

  trailers(): void {
    this.write(new Uint8Array(0), true)
  }

  write(chunk: Uint8Array, end: boolean): boolean {
    if (this.#sink === undefined) return true
    const request = this.#start(end ? chunk.length : undefined)
    if (request === undefined) return true
    if (end) {
      request.end(chunk)
      return true
    }
    return chunk.length === 0 || request.write(chunk)
  }

  get pending(): number {
    return this.#request?.writableLength ?? 0
  }

  accepts(): boolean {
    return true
  }

  whenSent(done: () => void): void {
    if (this.#request === undefined || this.#request.writableFinished) done()
    else this.#request.once('finish', done)
  }

  /** Cuts the connection, unless request and answer are whole. */
  reset(): void {
    const request = this.#request
    this.#end()
    if (request === undefined) return
    if (this.#answer?.complete === true && request.writableFinished) {
      // What is read of it only frees the socket for the next request.
      this.#answer.resume()
      return
    }
    request.destroy()
  }

  pause(): void {
    this.#isPaused = true
    this.#answer?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#answer?.resume()
  }

  /** Sends the head. `length`: of the body, where that is whole already. */
  #start(length: number | undefined): Http1ClientRequest | undefined {
    if (this.#request !== undefined || this.#sink === undefined) return this.#request
    let method = 'POST'
    let path = '/'
    const fields: string[] = []
    const headers = this.#headers
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i]!
      const value = headers[i + 1]!
      if (name === ':method') method = value
      else if (name === ':path') path = value
      else if (name === ':authority') fields.push('host', value)
      else if (!ownField.test(name)) fields.push(name, value)
    }
    if (length !== undefined && method !== 'GET') fields.push('content-length', String(length))
    else if (length === undefined) fields.push('transfer-encoding', 'chunked')
    try {
      const maxHeaderBytes = this.#owner.maxHeaderListBytes
      const request = this.#owner.agent.request({ method, path, headers: fields, maxHeaderBytes })
      this.#request = request
      request.on('response', (answer) => this.#answered(answer))
      request.on('drain', () => this.#sink?.drain())
      request.on('error', (error) => this.#failed(error))
      request.on('close', () => this.#lost('the connection was lost'))
      return request
    } catch (error) {
      // Header fields that HTTP cannot carry cost the call, not the process.
      process.nextTick(() => this.#fail(error instanceof Error ? error.message : String(error), false, error))
      return undefined
    }
  }

  #answered(answer: Http1Answer): void {
    this.#answer = answer
    answer.on('error', () => {})
    const sink = this.#sink
    if (sink === undefined) {
      answer.resume()
      return
    }
    const headers: string[] = [':status', String(answer.statusCode ?? 0)]
    const { rawHeaders } = answer
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push(rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!)
    sink.headers(headers, false)
    answer.on('data', (chunk: Uint8Array) => this.#sink?.data(chunk))
    answer.on('end', () => this.#ended(answer))
    if (this.#isPaused) answer.pause()
  }

  #ended(answer: Http1Answer): void {
    const sink = this.#sink
    if (sink === undefined || !answer.complete) return
    this.#end()
    sink.end(undefined)
  }

  #failed(error: Error): void {
    // Dialling fails with an RpcError: nothing has left, and the next call is to dial anew.
    if (isRpcError(error)) {
      this.#owner.unreachable(error.message)
      this.#fail(error.message, false, error)
    } else this.#lost(`the connection was lost: ${error.message}`, error)
  }

  #lost(message: string, cause?: Error): void {
    this.#fail(message, true, cause)
  }

  #fail(message: string, sent: boolean, cause: unknown): void {
    const sink = this.#sink
    if (sink === undefined) return
    this.#end()
    sink.reset({ code: undefined, message, processed: sent, sent, ...(cause === undefined ? {} : { cause }) })
  }

  #end(): void {
    if (this.#sink === undefined) return
    this.#sink = undefined
    this.#owner.closed(this)
  }
}
