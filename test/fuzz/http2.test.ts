/** Mutated header blocks, and mutated conversations of HTTP/2 with both ends: what is wrong is refused, and every stream ends once. */

import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { http2Client } from '../../src/runtime/http2/client/connection.ts'
import { HpackDecoder, HpackError } from '../../src/runtime/http2/hpack/decoder.ts'
import { HpackEncoder } from '../../src/runtime/http2/hpack/encoder.ts'
import { http2Server } from '../../src/runtime/http2/server/connection.ts'
import type { Http2Accept, Http2Sink, Http2Stream } from '../../src/runtime/http2/sink.ts'
import type { Socket } from '../../src/runtime/net/socket.ts'
import { frame, literal, ok, preface, request, settings, type, u32 } from '../runtime/http2/raw-peer.ts'
import { count, fuzz, seed, timeout } from './campaign.ts'
import { mutateBytes, type Random, randomOf } from './mutate.ts'

const maxListBytes = 8192
const anything = (): undefined => undefined
const lists = [
  [':method', 'POST', ':scheme', 'http', ':path', '/pkg.Service/Method', ':authority', 'example:443', 'te', 'trailers'],
  [':status', '200', 'content-type', 'application/grpc', 'grpc-encoding', 'gzip', 'x-own', 'a~b c', 'x-own', ''],
  ['grpc-status', '0', 'grpc-message', 'caf%C3%A9', 'trace-bin', 'AAECAw'],
  ['authorization', 'Bearer x', 'cookie', 'a=b', 'x-long', 'v'.repeat(700), 'x-random', '\u00ff\u0080!'],
]

/** Blocks of one connection, in their order: plain, by the table, Huffman, with sizes of the table. */
function blocksOf(random: Random): Uint8Array[] {
  const encoder = new HpackEncoder()
  return Array.from({ length: 1 + random(5) }, () => {
    if (random(6) === 0) encoder.limitTable([0, 64, 300, 4096][random(4)]!)
    encoder.encode(lists[random(lists.length)]!, random(3) === 0 ? lists[random(lists.length)] : undefined)
    return encoder.bytes.slice(0, encoder.length)
  })
}

function sizeOf(headers: readonly string[]): number {
  return headers.reduce((sum, text) => sum + text.length, 0) + (headers.length / 2) * 32
}

/** Whether an encoder takes a list; what it takes must be read back. */
function writtenAgain(headers: readonly string[]): void {
  const encoder = new HpackEncoder()
  try {
    encoder.encode(headers, undefined)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return
  }
  const again = new HpackDecoder(4096, 1 << 20).decode(encoder.bytes, 0, encoder.length, anything)
  if (String(again.headers) !== String(headers)) throw new Error(`${headers} is written as ${again.headers}`)
}

/** Half of the time a block with one byte changed, which is often still one. */
function mutantOf(block: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  if (random(2) === 0) return mutateBytes(block, others[random(others.length)]!, random)
  const mutant = block.slice()
  mutant[random(mutant.length)] = random(256)
  return mutant
}

function blockCase(random: Random): string {
  const blocks = blocksOf(random)
  const decoder = new HpackDecoder(4096, maxListBytes)
  const at = random(blocks.length)
  let outcome = 'read'
  for (const [index, block] of blocks.entries()) {
    const bytes = index === at ? mutantOf(block, blocks, random) : block
    try {
      const { headers, tooLarge } = decoder.decode(bytes, 0, bytes.length, anything)
      if (headers.length % 2 !== 0 || sizeOf(headers) > maxListBytes) throw new Error(`not a list: ${headers}`)
      if (tooLarge) outcome = 'too large'
      writtenAgain(headers)
    } catch (error) {
      if (error instanceof HpackError) return 'refused'
      throw new Error(`block ${Buffer.from(bytes).toString('hex')}`, { cause: error })
    }
  }
  return outcome
}

/** A socket without a network: what is emitted as its data was received, and what is written is dropped. */
class DeafSocket extends Duplex {
  bytesWritten = 0

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.bytesWritten += chunk.length
    done()
  }

  setNoDelay(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

const hello = Buffer.concat([settings(), frame(type.settings, 1, 0)])
const endHeaders = 4
const endBoth = 5

/** Frames that are right in themselves. */
function fairFrame(random: Random, head: Buffer): Buffer {
  const stream = 1 + 2 * random(4)
  const body = Buffer.alloc(random(30), random(256))
  switch (random(12)) {
    case 0:
      return frame(type.data, random(2), stream, body)
    case 1:
      return frame(type.data, 8, stream, Buffer.concat([Buffer.from([2]), body, Buffer.alloc(2)]))
    case 2:
      return frame(type.headers, endBoth, stream, literal('grpc-status', '0'))
    case 3:
      return frame(type.rst, 0, stream, u32(random(14)))
    case 4:
      return settings({ [1 + random(6)]: [0, 1, 100, 16_384, 65_535][random(5)]! })
    case 5:
      return frame(type.ping, random(2), 0, Buffer.alloc(8))
    case 6:
      return frame(type.window, 0, random(2) === 0 ? 0 : stream, u32(1 + random(70_000)))
    case 7:
      return frame(type.goaway, 0, 0, Buffer.concat([u32(stream), u32(random(14))]))
    case 8:
      return Buffer.concat([
        frame(type.headers, random(2), stream, head.subarray(0, 1)),
        frame(type.continuation, endHeaders, stream, head.subarray(1)),
      ])
    case 9:
      return frame(random(20), random(256), stream, body)
    default:
      return frame(
        type.headers,
        random(2) === 0 ? endHeaders : endBoth,
        stream,
        Buffer.concat([head, literal('x', 'y')]),
      )
  }
}

/** A conversation of one end: whole, or with a mutation somewhere behind its first bytes. */
function conversation(random: Random, start: Buffer, head: Buffer): Uint8Array[] {
  const frames = Array.from({ length: 1 + random(12) }, () => fairFrame(random, head))
  const whole = Buffer.concat([start, ...frames])
  const bytes = random(8) === 0 ? whole : Buffer.concat([start, mutateBytes(Buffer.concat(frames), whole, random)])
  const cut = random(bytes.length + 1)
  return [bytes.subarray(0, cut), bytes.subarray(cut)]
}

/** What was told of the streams of one connection; what comes when it must not is thrown. */
class Told {
  /** Streams that hold back what they have to tell. */
  readonly paused: Http2Stream[] = []
  readonly #unended = new Set<object>()

  /** A stream whose peer has sent everything or not; `onEnd` runs when it has. Tells how to say that it is over. */
  sink(peerEnded: boolean, onEnd: () => void): { readonly sink: Http2Sink; readonly over: () => void } {
    const one = {}
    this.#unended.add(one)
    let [ended, reset] = [peerEnded, false]
    const coming = (): void => {
      if (ended || reset) throw new Error('something came behind the end')
    }
    const end = (): void => {
      coming()
      ended = true
      onEnd()
    }
    const sink: Http2Sink = {
      headers(_headers, last) {
        coming()
        if (last) end()
      },
      data: coming,
      end,
      drain() {},
      reset: () => {
        if (reset) throw new Error('reset twice')
        reset = true
        this.#unended.delete(one)
      },
    }
    return { sink, over: () => void this.#unended.delete(one) }
  }

  pause(stream: Http2Stream): void {
    stream.pause()
    this.paused.push(stream)
  }

  /** Streams that neither ended nor were reset. */
  get left(): number {
    return this.#unended.size
  }
}

/** Feeds a connection, then takes its socket away; whether it had hung up before. */
async function feed(socket: DeafSocket, chunks: readonly Uint8Array[], told: Told): Promise<string> {
  try {
    for (const chunk of chunks) if (!socket.destroyed) socket.emit('data', chunk)
    // What was written leaves in the next turn, a GOAWAY as well.
    await turn()
    const hungUp = socket.writableEnded || socket.destroyed
    socket.destroy()
    await turn()
    for (const stream of told.paused) stream.resume()
    await turn()
    if (told.left > 0) throw new Error(`${told.left} streams were never ended`)
    return hungUp ? 'ended' : 'borne'
  } catch (error) {
    throw new Error(`bytes ${Buffer.concat(chunks).toString('hex')}`, { cause: error })
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const peer = { kind: 'tcp', address: 'fuzz' } as const

function serverCase(random: Random): Promise<string> {
  const told = new Told()
  const answers = random(3) > 0
  const accept: Http2Accept = (stream, _headers, last) => {
    const answer = (): void => {
      if (!answers) return
      stream.headers([':status', '200'], false)
      stream.write(Buffer.alloc(random(100)), false)
      stream.trailers(['grpc-status', '0'])
      over()
    }
    const { sink, over } = told.sink(last, answer)
    if (last) answer()
    else if (random(5) === 0) told.pause(stream)
    return sink
  }
  const socket = new DeafSocket()
  http2Server({ socket: socket as unknown as Socket, peer, alpn: undefined }, new Uint8Array(0), accept)
  return feed(socket, conversation(random, Buffer.concat([preface, hello]), request), told)
}

function clientCase(random: Random): Promise<string> {
  const told = new Told()
  const socket = new DeafSocket()
  const connection = http2Client({ socket: socket as unknown as Socket, peer, alpn: undefined })
  for (let i = 1 + random(4); i > 0; i--) {
    const { sink, over } = told.sink(false, () => over())
    const stream = connection.open(
      [':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'x'],
      undefined,
      sink,
    )
    stream.write(Buffer.alloc(random(100)), random(3) > 0)
    if (random(5) === 0) told.pause(stream)
  }
  return feed(socket, conversation(random, hello, ok), told)
}

describe('mutated HTTP/2', () => {
  it(
    'header blocks are read or refused',
    async () => {
      const random = randomOf(seed)
      await fuzz('header blocks', count, () => blockCase(random))
    },
    timeout,
  )

  it(
    'conversations with a server end every stream',
    async () => {
      const random = randomOf(seed)
      await fuzz('conversations with a server', count, () => serverCase(random))
    },
    timeout,
  )

  it(
    'conversations with a client end every stream',
    async () => {
      const random = randomOf(seed)
      await fuzz('conversations with a client', count, () => clientCase(random))
    },
    timeout,
  )
})
