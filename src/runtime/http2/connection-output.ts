/** ConnectionOutput: what a connection has to say, gathered into one write per turn, and the streams that wait to speak. */

import type { MemoryAccount } from '../core/bytes/memory-account.ts'
import { BatchWriter } from '../net/batch-writer.ts'
import type { Socket } from '../net/socket.ts'
import { FrameWriter } from './frame/frame-writer.ts'
import type { ConnectionStream } from './stream.ts'

/** Bytes on their way to the socket above which no stream adds more. */
const highWater = 256 * 1024
/** A turn with less shows that a large buffer is not needed any more. */
const smallFlush = 16 * 1024

/** What it asks of its connection. */
export interface OutputHost {
  /** Bytes that may be sent on all streams together. */
  readonly sendWindow: number
  /** The peer has stopped taking bytes, or takes them again. */
  onPressure(high: boolean): void
  /** There may be room for a new stream. */
  onRoom(): void
}

/** The writing half of a connection. */
export class ConnectionOutput {
  readonly writer: FrameWriter = new FrameWriter()
  readonly #host: OutputHost
  readonly #socket: Socket
  readonly #batch: BatchWriter
  #added = false
  /** Bytes that had been handed to the socket at the last flush. */
  #flushed = 0
  #pressure = false
  #waiting: ConnectionStream[] = []
  #pumpScheduled = false

  constructor(socket: Socket, host: OutputHost, memory: MemoryAccount | undefined) {
    this.#socket = socket
    this.#host = host
    this.#batch = new BatchWriter(socket, {
      highWaterMark: highWater,
      memory,
      onFlushed: () => {
        this.#added = false
        const { flushed } = this.#batch
        if (flushed - this.#flushed < smallFlush) this.writer.shrink()
        this.#flushed = flushed
        this.pump()
        host.onRoom()
      },
      onPressure: (high) => this.#press(high),
    })
  }

  /** Whether the peer has stopped taking bytes. */
  get pressed(): boolean {
    return this.#pressure
  }

  /** Whether the socket takes more. */
  get hasRoom(): boolean {
    return !this.#pressure && this.writer.position < highWater
  }

  /** Whether a stream may write now: there is room, and nobody waits in front. */
  get mayWrite(): boolean {
    return this.#waiting.length === 0 && this.hasRoom
  }

  flushSoon(): void {
    if (!this.#added) {
      this.#added = true
      this.#batch.add(this.writer)
    }
    this.#batch.schedule()
  }

  flush(): void {
    this.#batch.flush()
  }

  /** Sends what is written, then FIN. */
  end(): void {
    this.#batch.end()
  }

  /** Lets a stream write when there is room. */
  awaitTurn(stream: ConnectionStream): void {
    if (!stream.waiting) {
      stream.waiting = true
      this.#waiting.push(stream)
    }
    if (this.#pumpScheduled) return
    this.#pumpScheduled = true
    setImmediate(() => {
      this.#pumpScheduled = false
      this.pump()
    })
  }

  /** Lets the streams that wait write, a frame each in turn. */
  pump(): void {
    const waiting = this.#waiting
    if (waiting.length === 0 || this.#pressure || this.#socket.writableLength >= highWater) return
    this.#waiting = []
    const host = this.#host
    let next = 0
    while (next < waiting.length && this.writer.position < highWater) {
      const stream = waiting[next++]!
      stream.waiting = false
      if (stream.dead) continue
      if (host.sendWindow > 0 || !stream.hungry) stream.turn()
      if (!stream.hungry || stream.dead || stream.waiting) continue
      stream.waiting = true
      if (host.sendWindow > 0) waiting.push(stream)
      else this.#waiting.push(stream)
    }
    if (next < waiting.length) this.#waiting = waiting.slice(next).concat(this.#waiting)
  }

  #press(high: boolean): void {
    this.#pressure = high
    this.#host.onPressure(high)
    if (high) return
    this.pump()
    this.#host.onRoom()
  }
}
