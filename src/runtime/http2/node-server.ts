/** The server's end of an HTTP/2 connection on node:http2, over a socket that somebody else accepted. */

import type { EventEmitter } from 'node:events'
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { Http2ErrorCode, http2ErrorName } from './error-code.ts'
import { serverKeepalive, startKeepalive } from './node-keepalive.ts'
import {
  destroySession,
  hangUpInTime,
  headersObject,
  sessionOptions,
  setConnectionWindow,
  startReading,
} from './node-session.ts'
import type {
  Http2Accept,
  Http2Headers,
  Http2ServerConnection,
  Http2ServerOptions,
  Http2Sink,
  Http2Socket,
  Http2Stream,
} from './sink.ts'

/** Serves HTTP/2 on a paused socket; `first` are the bytes that were read from it already. */
export function nodeHttp2Server(
  { socket }: Http2Socket,
  first: Uint8Array,
  accept: Http2Accept,
  options: Http2ServerOptions = {},
): Http2ServerConnection {
  return new NodeServerConnection(socket, first, accept, options)
}

const owner = Symbol('owner')
type OwnedStream = ServerHttp2Stream & { [owner]: NodeServerStream }
const endStreamFlag = 0x1

class NodeServerConnection implements Http2ServerConnection {
  readonly session: ServerHttp2Session
  readonly #socket: Http2Socket['socket']
  readonly #closed: Promise<void>
  /** Streams that have not ended. */
  openStreams = 0
  lost = false

  constructor(socket: Http2Socket['socket'], first: Uint8Array, accept: Http2Accept, options: Http2ServerOptions) {
    this.#socket = socket
    socket.on('error', ignore)
    hangUpInTime(socket)
    socket.once('close', () => {
      this.lost = true
    })
    if (first.length > 0) socket.unshift(first)
    const base = sessionOptions(options)
    const session = performServerHandshake(socket, {
      ...base,
      settings: { ...base.settings, maxConcurrentStreams: options.maxConcurrentStreams ?? 1_000 },
    })
    this.session = session
    setConnectionWindow(session, options)
    startReading(socket)
    const stopKeepalive = startKeepalive(
      session,
      options.keepalive ?? serverKeepalive,
      () => this.openStreams > 0,
      () => this.destroy(),
    )
    session.on('error', ignore)
    const emitter: EventEmitter = session
    emitter.on('stream', (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw: Http2Headers) => {
      new NodeServerStream(this, stream).accept(accept, raw, (flags & endStreamFlag) !== 0)
    })
    this.#closed = new Promise((resolve) => {
      session.once('close', () => {
        this.lost = true
        stopKeepalive()
        resolve()
      })
    })
  }

  drain(): Promise<void> {
    this.session.close()
    return this.#closed
  }

  destroy(): void {
    this.lost = true
    destroySession(this.session, this.#socket)
  }
}

function ignore(): void {}

class NodeServerStream implements Http2Stream {
  readonly #connection: NodeServerConnection
  readonly #stream: ServerHttp2Stream
  /** Undefined once it has heard the last. */
  #sink: Http2Sink | undefined
  #trailers: Http2Headers | undefined
  /** The peer has ended its side. */
  #ended = false

  constructor(connection: NodeServerConnection, stream: ServerHttp2Stream) {
    this.#connection = connection
    this.#stream = stream
    ;(stream as OwnedStream)[owner] = this
  }

  accept(accept: Http2Accept, headers: Http2Headers, end: boolean): void {
    const stream = this.#stream
    this.#connection.openStreams++
    stream.on('error', ignore)
    stream.on('aborted', onAborted)
    stream.on('close', onClose)
    this.#ended = end
    this.#sink = accept(this, headers, end)
    if (stream.destroyed || stream.aborted) this.onAborted()
    if (!end) {
      stream.on('data', onData)
      stream.on('end', onEnd)
    } else stream.resume()
  }

  headers(headers: Http2Headers, end: boolean): void {
    const stream = this.#stream
    if (stream.destroyed || stream.closed || stream.headersSent) return
    this.#guard(() => stream.respond(headersObject(headers), end ? endOfStream : trailersFollow))
    if (end) this.#finished()
  }

  write(chunk: Uint8Array, end: boolean): boolean {
    const stream = this.#stream
    if (stream.destroyed || stream.closed || stream.writableEnded) return true
    if (end) {
      stream.end(chunk)
      return true
    }
    if (stream.write(chunk)) return true
    stream.once('drain', onDrain)
    return false
  }

  trailers(headers: Http2Headers): void {
    const stream = this.#stream
    if (stream.destroyed || stream.closed || stream.writableEnded) return
    this.#trailers = headers
    stream.once('wantTrailers', onWantTrailers)
    stream.end()
  }

  reset(code: number): void {
    this.#sink = undefined
    const stream = this.#stream
    if (stream.destroyed) return
    stream.close(code)
    stream.resume()
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  onData(chunk: Uint8Array): void {
    this.#sink?.data(chunk)
  }

  onEnd(): void {
    if (this.#ended || this.#stream.aborted) return
    this.#ended = true
    this.#sink?.end(undefined)
  }

  onDrain(): void {
    this.#sink?.drain()
  }

  onWantTrailers(): void {
    const headers = this.#trailers
    if (headers === undefined) return
    this.#guard(() => this.#stream.sendTrailers(headersObject(headers)))
    this.#finished()
  }

  onAborted(): void {
    const sink = this.#sink
    if (sink === undefined) return
    this.#sink = undefined
    const lost = this.#connection.lost || this.#connection.session.destroyed
    const code = this.#stream.rstCode
    sink.reset({
      code: lost ? undefined : code,
      message: lost ? 'the connection was lost' : `the stream was reset with ${http2ErrorName(code)}`,
      processed: true,
    })
  }

  onClose(): void {
    this.#connection.openStreams--
    this.onAborted()
  }

  /** The response is complete: nobody listens any more, and a request that is still coming in is stopped. */
  #finished(): void {
    this.#sink = undefined
    if (!this.#ended) setImmediate(stop, this.#stream)
  }

  /** Headers that node:http2 refuses cost the stream, not the process. */
  #guard(send: () => void): void {
    try {
      send()
    } catch {
      this.#stream.close(Http2ErrorCode.INTERNAL_ERROR)
    }
  }
}

const endOfStream = { endStream: true, sendDate: false }
const trailersFollow = { waitForTrailers: true, sendDate: false }

function stop(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return
  stream.resume()
  stream.close(Http2ErrorCode.NO_ERROR)
}

function onData(this: unknown, chunk: Uint8Array): void {
  ;(this as OwnedStream)[owner].onData(chunk)
}
function onEnd(this: unknown): void {
  ;(this as OwnedStream)[owner].onEnd()
}
function onDrain(this: unknown): void {
  ;(this as OwnedStream)[owner].onDrain()
}
function onWantTrailers(this: unknown): void {
  ;(this as OwnedStream)[owner].onWantTrailers()
}
function onAborted(this: unknown): void {
  ;(this as OwnedStream)[owner].onAborted()
}
function onClose(this: unknown): void {
  ;(this as OwnedStream)[owner].onClose()
}
