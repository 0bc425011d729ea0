/** A peer that speaks HTTP/2 frame by frame over a raw socket, to say what no library would. */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { http2Client } from '../../../src/runtime/http2/client/connection.ts'
import { http2Server } from '../../../src/runtime/http2/server/connection.ts'
import type {
  Http2Accept,
  Http2ClientConnection,
  Http2ClientOptions,
  Http2ServerConnection,
  Http2ServerOptions,
} from '../../../src/runtime/http2/sink.ts'
import { dial } from '../../../src/runtime/net/dial.ts'

/** A frame as it came. */
export interface RawFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** Frame types, by the names that tests use. */
export const type = {
  data: 0,
  headers: 1,
  priority: 2,
  rst: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const

/** The bytes of a frame. */
export function frame(
  kind: number,
  flags: number,
  stream: number,
  payload: Uint8Array | readonly number[] = [],
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = kind
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, Uint8Array.from(payload)])
}

/** Four bytes, big-endian. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A SETTINGS frame. */
export function settings(pairs: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Object.entries(pairs).map(([id, value]) => Buffer.concat([Buffer.from([0, Number(id)]), u32(value)]))
  return frame(type.settings, 0, 0, Buffer.concat(payload))
}

/** A field as a literal without indexing. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), text(value)])
}

function text(value: string): Buffer {
  const { length } = value
  const head = length < 127 ? [length] : [127, ((length - 127) & 127) | 128, (length - 127) >> 7]
  return Buffer.concat([Buffer.from(head), Buffer.from(value)])
}

/** A request's header block: POST, http, /, authority x. */
export const request: Buffer = Buffer.from([0x83, 0x86, 0x84, 0x01, 1, 0x78])
/** A response's header block: status 200. */
export const ok: Buffer = Buffer.from([0x88])
export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** One raw end of a connection. */
export class RawPeer {
  readonly socket: Socket
  readonly frames: RawFrame[] = []
  closed = false
  #rest: Buffer
  readonly #waiting = new Set<() => void>()

  /** `skip`: bytes in front of the first frame, a client's preface. */
  constructor(socket: Socket, skip: number) {
    this.socket = socket
    this.#rest = Buffer.alloc(0)
    let left = skip
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
    socket.on('data', (chunk: Buffer) => {
      const from = Math.min(left, chunk.length)
      left -= from
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)])
      while (this.#rest.length >= 9) {
        const size = this.#rest.readUIntBE(0, 3)
        if (this.#rest.length < 9 + size) break
        this.frames.push({
          type: this.#rest[3]!,
          flags: this.#rest[4]!,
          stream: this.#rest.readUInt32BE(5),
          payload: this.#rest.subarray(9, 9 + size),
        })
        this.#rest = this.#rest.subarray(9 + size)
      }
      this.#wake()
    })
  }

  send(...parts: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  /** The first frame that fits, taken out with what came before it. Fails when the connection is closed instead. */
  async next(kind: number, fits: (frame: RawFrame) => boolean = () => true): Promise<RawFrame> {
    for (;;) {
      const at = this.frames.findIndex((one) => one.type === kind && fits(one))
      if (at >= 0) return this.frames.splice(0, at + 1)[at]!
      if (this.closed) throw new Error(`closed before a frame of type ${kind} came: ${JSON.stringify(this.frames)}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** The code of the GOAWAY that ends the connection, once it is closed. */
  async goaway(): Promise<number> {
    const { payload } = await this.next(type.goaway, ({ payload }) => payload.readUInt32BE(4) !== 0)
    await this.end()
    return payload.readUInt32BE(4)
  }

  /** The code that a stream was reset with. */
  async reset(stream: number): Promise<number> {
    const { payload } = await this.next(type.rst, (one) => one.stream === stream)
    return payload.readUInt32BE(0)
  }

  /** Resolves when the connection is closed. */
  async end(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  /** Resolves when the other end has read and answered everything. */
  async settle(): Promise<void> {
    const mark = Buffer.alloc(8, Math.random() * 255)
    this.send(frame(type.ping, 0, 0, mark))
    const { length } = this.frames
    for (;;) {
      if (this.frames.slice(length).some((one) => one.type === type.ping && (one.flags & 1) === 1)) return
      if (this.closed) return
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** A server of ours and a raw client; `hello: false` leaves preface and SETTINGS to the test. */
export async function rawClient(
  accept: Http2Accept,
  options: Http2ServerOptions & { readonly hello?: boolean } = {},
): Promise<{ peer: RawPeer; connection: Http2ServerConnection; close: () => Promise<void> }> {
  let connection: Http2ServerConnection | undefined
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    const accepted = { socket, peer: { address: 'test', kind: 'tcp' as const }, alpn: undefined }
    connection = http2Server(accepted, new Uint8Array(0), accept, options)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const peer = new RawPeer(socket, 0)
  if (options.hello !== false) peer.send(preface, settings(), frame(type.settings, 1, 0))
  await peer.next(type.settings)
  const close = (): Promise<void> => {
    socket.destroy()
    connection?.destroy()
    return new Promise((resolve) => {
      server.close(() => resolve())
    })
  }
  return { peer, connection: connection!, close }
}

/** A client of ours and a raw server; `hello: false` leaves SETTINGS to the test. */
export async function rawServer(
  options: Http2ClientOptions & { readonly hello?: boolean } = {},
): Promise<{ peer: RawPeer; connection: Http2ClientConnection; close: () => Promise<void> }> {
  let found: (socket: Socket) => void = () => {}
  const accepted = new Promise<Socket>((resolve) => {
    found = resolve
  })
  const server = createServer((socket) => found(socket))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const dialed = await dial({ kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const connection = http2Client(dialed, options)
  const peer = new RawPeer(await accepted, preface.length)
  if (options.hello !== false) peer.send(settings(), frame(type.settings, 1, 0))
  await peer.next(type.settings)
  const close = (): Promise<void> => {
    peer.socket.destroy()
    connection.destroy()
    return new Promise((resolve) => {
      server.close(() => resolve())
    })
  }
  return { peer, connection, close }
}
