/** What both ends of an HTTP/2 connection on node:http2 share: session options, windows, header objects. */

import type { Http2Session, OutgoingHttpHeaders, SessionOptions } from 'node:http2'
import type { Http2Headers, Http2Options, Http2Socket } from './sink.ts'

const defaultStreamWindow = 1024 * 1024
const defaultConnectionWindow = 16 * 1024 * 1024
const defaultHeaderList = 16 * 1024
/** Megabytes that node:http2 may hold per session; its default of 10 refuses honest calls with large messages. */
const sessionMemory = 512

/** The options of a session, without its socket. */
export function sessionOptions(options: Http2Options): SessionOptions {
  return {
    maxSessionMemory: sessionMemory,
    settings: {
      initialWindowSize: options.streamWindowBytes ?? defaultStreamWindow,
      maxHeaderListSize: options.maxHeaderListBytes ?? defaultHeaderList,
      enablePush: false,
    },
  }
}

/** Raises the window of the whole connection; its socket must be connected. */
export function setConnectionWindow(session: Http2Session, options: Http2Options): void {
  if (!session.destroyed) session.setLocalWindowSize(options.connectionWindowBytes ?? defaultConnectionWindow)
}

/** Lets a paused socket read again, once its session has taken the bytes that it holds already. */
export function startReading(socket: Http2Socket['socket']): void {
  process.nextTick(() => {
    if (!socket.destroyed) socket.resume()
  })
}

/** Milliseconds that a peer has to hang up after this side has. */
const hangUpMs = 1_000

/** Closes a socket whose peer does not hang up although this side has: node:http2 would wait for it for good. */
export function hangUpInTime(socket: Http2Socket['socket']): void {
  socket.once('finish', () => {
    const timer = setTimeout(() => socket.destroy(), hangUpMs).unref()
    socket.once('close', () => clearTimeout(timer))
  })
}

/** Ends a session now. A session that was closing already would wait for the peer to hang up, so the socket goes too. */
export function destroySession(session: Http2Session, socket: Http2Socket['socket']): void {
  session.destroy()
  setImmediate(() => socket.destroy())
}

const objects = new WeakMap<Http2Headers, OutgoingHttpHeaders>()

/** The object form of header lists; that of `headers` is kept, so a list that comes again costs nothing. */
export function headersObject(headers: Http2Headers, more?: Http2Headers): OutgoingHttpHeaders {
  let object = objects.get(headers)
  if (object === undefined) {
    object = {}
    append(object, headers)
    objects.set(headers, object)
  }
  if (more === undefined || more.length === 0) return object
  const joined = { ...object }
  append(joined, more)
  return joined
}

function append(object: OutgoingHttpHeaders, headers: Http2Headers): void {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    const before = object[name]
    if (before === undefined) object[name] = value
    else object[name] = Array.isArray(before) ? [...before, value] : [String(before), value]
  }
}
