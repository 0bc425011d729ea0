/** FetchStream: one request of `fetch` as a stream of HTTP/2. */

import { messageOf } from '../../core/error.ts'
import type { Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'

/** The type of the global `fetch` where a library declares it. */
export type Fetch = typeof globalThis extends { readonly fetch: infer F }
  ? F
  : (input: string, init?: object) => Promise<object>

/** How requests are made. */
export interface FetchSettings {
  readonly fetch: Fetch
  readonly credentials: 'omit' | 'same-origin' | 'include'
  /** What stands before the paths of requests. */
  readonly base: string
}

/** Bytes of a streamed request that wait before its writer is held back. */
const highWater = 64 * 1024

/** Fields that a page cannot set, or that are none. */
const ownField = /^(?::|te$|user-agent$|accept-encoding$)/

/** One request; it goes out with its first bytes, or in the next turn where none are there yet. */
export class FetchStream implements Http2Stream {
  readonly maxHeaderListBytes: number = Number.POSITIVE_INFINITY
  readonly #settings: FetchSettings
  readonly #headers: Http2Headers
  #sink: Http2Sink | undefined
  readonly #closed: () => void
  readonly #abort = new AbortController()
  #body: ReadableStreamDefaultController<Uint8Array> | undefined = undefined
  #isSent = false
  #resumed: (() => void) | undefined = undefined
  #isPaused = false

  constructor(settings: FetchSettings, headers: Http2Headers, sink: Http2Sink, closed: () => void) {
    this.#settings = settings
    this.#headers = headers
    this.#sink = sink
    this.#closed = closed
    queueMicrotask(() => {
      if (!this.#isSent) this.#sendStream()
    })
  }

  headers(): void {}

  trailers(): void {
    this.write(new Uint8Array(0), true)
  }

  write(chunk: Uint8Array, end: boolean): boolean {
    if (this.#sink === undefined) return true
    if (!this.#isSent) {
      if (end) {
        this.#send(chunk)
        return true
      }
      this.#sendStream()
    }
    const body = this.#body
    if (body === undefined) return true
    if (chunk.length > 0) body.enqueue(chunk)
    if (end) {
      this.#body = undefined
      body.close()
      return true
    }
    return (body.desiredSize ?? 0) > 0
  }

  get pending(): number {
    return 0
  }

  accepts(): boolean {
    return true
  }

  whenSent(done: () => void): void {
    done()
  }

  reset(): void {
    if (this.#sink === undefined) return
    this.#end()
    this.#abort.abort()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#resumed?.()
  }

  /** Ends it from this side. */
  fail(message: string, cause: unknown): void {
    const sink = this.#sink
    if (sink === undefined) return
    this.#end()
    this.#abort.abort()
    const known = cause === undefined ? {} : { cause }
    sink.reset({ code: undefined, message, processed: true, sent: true, ...known })
  }

  #sendStream(): void {
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller
        },
        pull: () => this.#sink?.drain(),
        cancel: () => {
          this.#body = undefined
        },
      },
      { highWaterMark: highWater, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    this.#send(stream)
  }

  #send(body: Uint8Array | ReadableStream<Uint8Array>): void {
    this.#isSent = true
    this.#run(body).catch((error) => this.fail(`the connection was lost: ${messageOf(error)}`, error))
  }

  /** From the request to the end of its answer. */
  async #run(body: Uint8Array | ReadableStream<Uint8Array>): Promise<void> {
    const { fetch, credentials, base } = this.#settings
    let method = 'POST'
    let url = base
    const headers: [string, string][] = []
    for (let i = 0; i + 1 < this.#headers.length; i += 2) {
      const [name, value] = [this.#headers[i]!, this.#headers[i + 1]!]
      if (name === ':method') method = value
      else if (name === ':path') url = base + value
      else if (!ownField.test(name)) headers.push([name, value])
    }
    const init = {
      method,
      headers,
      credentials,
      signal: this.#abort.signal,
      ...(method === 'GET' ? {} : { body }),
      ...(body instanceof Uint8Array ? {} : { duplex: 'half' }),
    }
    let response: Response
    try {
      response = await fetch(url, init as RequestInit)
    } catch (cause) {
      this.fail(`${url} could not be reached: ${messageOf(cause)}`, cause)
      return
    }
    this.#sink?.headers(headersOf(response), false)
    const reader = response.body?.getReader()
    for (;;) {
      if (this.#isPaused) {
        await new Promise<void>((resolve) => {
          this.#resumed = resolve
        })
      }
      const chunk = await reader?.read()
      if (chunk === undefined || chunk.done) break
      this.#sink?.data(chunk.value)
    }
    const sink = this.#sink
    this.#end()
    sink?.end(undefined)
  }

  #end(): void {
    if (this.#sink === undefined) return
    this.#sink = undefined
    this.#resumed?.()
    this.#closed()
  }
}

/** The status and the header fields; the body is decompressed already. */
function headersOf(response: Response): string[] {
  const list = [':status', String(response.status)]
  response.headers.forEach((value, name) => {
    if (name !== 'content-encoding' && name !== 'content-length') list.push(name, value)
  })
  return list
}

/** Whether the platform streams the bodies of requests: Node, Deno, Bun, and Chromium over HTTP/2. */
export function streamsRequestBodies(): boolean {
  let readsDuplex = false
  const init = {
    method: 'POST',
    body: new ReadableStream(),
    get duplex(): string {
      readsDuplex = true
      return 'half'
    },
  }
  try {
    // Where a stream is no body, it becomes text, and text has a content type.
    const request = new Request('http://localhost', init as RequestInit)
    return readsDuplex && !request.headers.has('content-type')
  } catch {
    return false
  }
}
