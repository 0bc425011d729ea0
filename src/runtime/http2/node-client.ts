/** The client's end of an HTTP/2 connection on node:http2. */

import type { EventEmitter } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import type { Peer } from '../core/context.ts'
import type { Dialed } from '../net/dial.ts'
import { Http2ErrorCode, http2ErrorName } from './error-code.ts'
import { clientKeepalive, startKeepalive } from './node-keepalive.ts'
import {
  destroySession,
  hangUpInTime,
  headersObject,
  sessionOptions,
  setConnectionWindow,
  startReading,
} from './node-session.ts'
import type { Http2ClientConnection, Http2ClientOptions, Http2Headers, Http2Sink, Http2Stream } from './sink.ts'

/** HTTP/2 over a dialled socket, with prior knowledge or after ALPN. */
export function nodeHttp2Client(dialed: Dialed, options: Http2ClientOptions = {}): Http2ClientConnection {
  return new NodeClientConnection(dialed, options)
}

const owner = Symbol('owner')
type OwnedStream = ClientHttp2Stream & { [owner]: NodeClientStream }

class NodeClientConnection implements Http2ClientConnection {
  readonly peer: Peer
  readonly session: ClientHttp2Session
  /** Streams that have not ended. */
  openStreams = 0
  /** Why the connection is of no use any more, once it is not. */
  failure: string | undefined
  /** The highest stream that the server says it has seen or may still answer, after its GOAWAY. */
  lastStream = Number.POSITIVE_INFINITY
  lost = false
  readonly #socket: Dialed['socket']
  readonly #closed: Promise<void>
  #resets = 0
  #resetAt = 0

  constructor(dialed: Dialed, options: Http2ClientOptions) {
    this.peer = dialed.peer
    this.#socket = dialed.socket
    dialed.socket.on('error', ignore)
    hangUpInTime(dialed.socket)
    dialed.socket.once('close', () => {
      this.lost = true
      this.failure ??= `the connection to ${this.peer.address} was lost`
    })
    const session = connect('http://localhost', {
      ...sessionOptions(options),
      createConnection: () => dialed.socket,
    })
    this.session = session
    setConnectionWindow(session, options)
    startReading(dialed.socket)
    const settingsMs = options.settingsTimeoutMs ?? 10_000
    const settingsTimer = setTimeout(
      () =>
        this.fail(`${this.peer.address} sent no HTTP/2 SETTINGS within ${settingsMs} ms; does this port speak gRPC?`),
      settingsMs,
    )
    const stopKeepalive = startKeepalive(
      session,
      options.keepalive ?? clientKeepalive,
      () => this.openStreams > 0,
      (reason) => this.fail(`${this.peer.address} ${reason}`),
    )
    session.once('remoteSettings', () => clearTimeout(settingsTimer))
    session.on('goaway', (code, lastStream) => {
      this.lastStream = lastStream
      this.failure = `${this.peer.address} closes the connection (GOAWAY ${http2ErrorName(code)})`
    })
    session.on('error', ignore)
    this.#closed = new Promise((resolve) => {
      session.once('close', () => {
        clearTimeout(settingsTimer)
        stopKeepalive()
        this.lost = true
        resolve()
        options.onClose?.()
      })
    })
  }

  get usable(): boolean {
    return !this.session.closed && !this.session.destroyed && !this.lost && this.failure === undefined
  }

  open(headers: Http2Headers, more: Http2Headers | undefined, sink: Http2Sink): Http2Stream {
    const stream = new NodeClientStream(this, sink)
    try {
      stream.start(this.session.request(headersObject(headers, more), requestOptions))
    } catch (error) {
      process.nextTick(refuse, stream, error)
    }
    return stream
  }

  close(): Promise<void> {
    this.failure ??= `the connection to ${this.peer.address} is closed on this side`
    // Not in the tick of a request: GOAWAY would overtake its HEADERS, and nghttp2 then refuses to send them.
    setImmediate(() => this.session.close())
    return this.#closed
  }

  destroy(): void {
    this.fail(`the connection to ${this.peer.address} is closed on this side`)
  }

  /**
   * Counts a stream that this side resets. Against rapid reset (CVE-2023-44487) nghttp2, and so every Node server, cuts
   * a connection that resets more than 1,000 streams at once and 33 a second after that; this one makes room for a
   * fresh one before.
   */
  countReset(): void {
    const now = performance.now()
    this.#resets = Math.max(0, this.#resets - (now - this.#resetAt) * resetsPerMs) + 1
    this.#resetAt = now
    if (this.#resets > mostResets && this.usable) this.close()
  }

  fail(reason: string): void {
    this.failure ??= reason
    this.lost = true
    destroySession(this.session, this.#socket)
  }
}

const resetsPerMs = 0.033
const mostResets = 500

const requestOptions = { endStream: false }

function ignore(): void {}

function refuse(stream: NodeClientStream, error: unknown): void {
  const usable = stream.connection.usable
  const message = error instanceof Error ? error.message : String(error)
  stream.finish()?.reset({
    code: usable ? Http2ErrorCode.INTERNAL_ERROR : undefined,
    message: stream.connection.failure ?? message,
    processed: false,
    cause: error,
  })
}

class NodeClientStream implements Http2Stream {
  readonly connection: NodeClientConnection
  /** Undefined once it has heard the last. */
  #sink: Http2Sink | undefined
  #stream: ClientHttp2Stream | undefined
  #trailers: Http2Headers | undefined
  #error: Error | undefined
  #ended = false

  constructor(connection: NodeClientConnection, sink: Http2Sink) {
    this.connection = connection
    this.#sink = sink
    connection.openStreams++
  }

  start(stream: ClientHttp2Stream): void {
    this.#stream = stream
    ;(stream as OwnedStream)[owner] = this
    const emitter: EventEmitter = stream
    emitter.on('response', onResponse)
    stream.on('data', onData)
    emitter.on('trailers', onTrailers)
    stream.on('end', onEnd)
    stream.on('error', onError)
    stream.on('close', onClose)
  }

  headers(): void {}

  trailers(): void {
    this.#stream?.end()
  }

  write(chunk: Uint8Array, end: boolean): boolean {
    const stream = this.#stream
    if (stream === undefined || stream.destroyed || stream.writableEnded) return true
    if (!end) {
      if (stream.write(chunk)) return true
      stream.once('drain', onDrain)
      return false
    }
    if (chunk.length > 0) stream.end(chunk)
    else stream.end()
    return true
  }

  reset(code: number): void {
    this.finish()
    const stream = this.#stream
    if (stream === undefined || stream.destroyed) return
    this.connection.countReset()
    stream.close(code)
    stream.resume()
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  /** The sink, for the last time. */
  finish(): Http2Sink | undefined {
    const sink = this.#sink
    if (sink === undefined) return undefined
    this.#sink = undefined
    this.connection.openStreams--
    return sink
  }

  onResponse(headers: Http2Headers, end: boolean): void {
    if (end) this.finish()?.headers(headers, true)
    else this.#sink?.headers(headers, false)
  }

  onData(chunk: Uint8Array): void {
    this.#sink?.data(chunk)
  }

  onTrailers(headers: Http2Headers): void {
    this.#trailers = headers
    const stream = this.#stream
    if (stream?.readableFlowing === true && stream.readableLength === 0) this.finish()?.end(headers)
  }

  onEnd(): void {
    const stream = this.#stream
    if (this.#trailers !== undefined) this.finish()?.end(this.#trailers)
    // A stream that dies ends as well; what it was, its close tells.
    else if (stream !== undefined && !stream.closed && !stream.destroyed) this.finish()?.end(undefined)
    else this.#ended = true
  }

  onDrain(): void {
    this.#sink?.drain()
  }

  onError(error: Error): void {
    this.#error = error
  }

  onClose(): void {
    const sink = this.finish()
    if (sink === undefined) return
    const { connection } = this
    const code = this.#stream?.rstCode ?? 0
    const id = this.#stream?.id
    const unprocessed = code === Http2ErrorCode.REFUSED_STREAM || id === undefined || id > connection.lastStream
    const lost = connection.lost || connection.session.destroyed
    if (this.#ended && !lost && code === Http2ErrorCode.NO_ERROR) {
      sink.end(undefined)
      return
    }
    sink.reset({
      code: lost && code !== Http2ErrorCode.REFUSED_STREAM ? undefined : code,
      message:
        lost || unprocessed
          ? (connection.failure ?? this.#error?.message ?? 'the connection was lost')
          : `the stream was reset with ${http2ErrorName(code)}`,
      processed: !unprocessed,
      ...(this.#error === undefined ? {} : { cause: this.#error }),
    })
  }
}

const endStreamFlag = 0x1

function onResponse(this: unknown, _headers: unknown, flags: number, raw: Http2Headers): void {
  ;(this as OwnedStream)[owner].onResponse(raw, (flags & endStreamFlag) !== 0)
}
function onData(this: unknown, chunk: Uint8Array): void {
  ;(this as OwnedStream)[owner].onData(chunk)
}
function onTrailers(this: unknown, _headers: unknown, _flags: number, raw: Http2Headers): void {
  ;(this as OwnedStream)[owner].onTrailers(raw)
}
function onEnd(this: unknown): void {
  ;(this as OwnedStream)[owner].onEnd()
}
function onDrain(this: unknown): void {
  ;(this as OwnedStream)[owner].onDrain()
}
function onError(this: unknown, error: Error): void {
  ;(this as OwnedStream)[owner].onError(error)
}
function onClose(this: unknown): void {
  ;(this as OwnedStream)[owner].onClose()
}
