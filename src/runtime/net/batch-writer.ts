/** Batched writes: everything a turn of the event loop wants to send leaves in one write to the socket. */

import type { Socket } from 'node:net'
import { type MemoryAccount, UnsentBytes } from '../core/bytes/memory-account.ts'
import { watchWriteStall } from './write-stall.ts'

/** A buffer that messages are encoded into, one after another; `ByteWriter` of the codecs is one. */
export interface ByteSource {
  /** How many bytes wait in it. */
  readonly position: number
  /** The bytes that wait, without a copy. */
  written(): Uint8Array
  /** Forgets the bytes and writes over them next. */
  reset(): void
  /** Forgets the bytes without ever writing over them. */
  take(): Uint8Array
  /** The bytes as several pieces, never to be written over; undefined when they are one. */
  takeParts?(): readonly Uint8Array[] | undefined
}

/** What the owner of a {@link BatchWriter} wants to hear. */
export interface BatchWriterOptions {
  /** Unsent bytes above which the peer counts as too slow. Default 1 MiB. */
  readonly highWaterMark?: number | undefined
  /** Gets each source back when its bytes have been handed over. */
  readonly onFlushed?: ((source: ByteSource) => void) | undefined
  /** Told once when unsent bytes exceed the mark, and once when they are gone. */
  readonly onPressure?: ((high: boolean) => void) | undefined
  /** Milliseconds in which a peer must take at least one byte while some wait for it; 0: any time. Default 0. */
  readonly writeTimeoutMs?: number | undefined
  /** What bytes that wait in the socket are charged to. Default: nothing is counted. */
  readonly memory?: MemoryAccount | undefined
  /** The peer has taken nothing for `writeTimeoutMs`. */
  readonly onStuck?: (() => void) | undefined
}

/**
 * Gathers what several sources hold and hands it to the socket at the end of the turn: a system call costs more than
 * all else in a small call. Bytes within one source keep their order.
 */
export class BatchWriter {
  /** Bytes handed to the socket so far. */
  flushed = 0
  readonly #socket: Socket
  #sources: ByteSource[] = []
  #spare: ByteSource[] = []
  readonly #highWaterMark: number
  readonly #onFlushed: ((source: ByteSource) => void) | undefined
  readonly #onPressure: ((high: boolean) => void) | undefined
  readonly #writeTimeoutMs: number
  readonly #onStuck: (() => void) | undefined
  readonly #unsent: UnsentBytes | undefined
  readonly #run: () => void
  #holding = false
  #watching = false
  #scheduled = false
  #high = false
  #ending = false

  constructor(socket: Socket, options: BatchWriterOptions = {}) {
    this.#socket = socket
    this.#highWaterMark = options.highWaterMark ?? 1_048_576
    this.#onFlushed = options.onFlushed
    this.#onPressure = options.onPressure
    this.#writeTimeoutMs = options.writeTimeoutMs ?? 0
    this.#onStuck = options.onStuck
    this.#unsent = options.memory === undefined ? undefined : new UnsentBytes(options.memory)
    this.#run = () => {
      this.#scheduled = false
      this.flush()
    }
  }

  /** Adds a source; its bytes go with the next flush, which lets go of it. */
  add(source: ByteSource): void {
    this.#sources.push(source)
  }

  /** Bytes that are not with the kernel yet. */
  get unsent(): number {
    let bytes = this.#socket.writableLength
    for (const source of this.#sources) bytes += source.position
    return bytes
  }

  /** To call when a message has been put into a source. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  /** Hands everything to the socket now. */
  flush(): void {
    const socket = this.#socket
    const sources = this.#sources
    this.#sources = this.#spare
    for (const source of sources) {
      if (socket.destroyed || this.#ending) source.reset()
      else if (source.position > 0) {
        const parts = source.takeParts?.()
        if (parts !== undefined) {
          this.#writeParts(parts)
          this.#onFlushed?.(source)
          continue
        }
        const chunk = source.written()
        this.flushed += chunk.length
        socket.write(chunk)
        // The kernel has taken it all when nothing is left in the stream; only then may the memory be written again.
        if (socket.writableLength === 0) source.reset()
        else source.take()
      }
      this.#onFlushed?.(source)
    }
    sources.length = 0
    this.#spare = sources
    const { writableLength } = socket
    if (this.#holding && this.#unsent !== undefined) this.#unsent.bytes = socket.destroyed ? 0 : writableLength
    if (writableLength === 0) return
    if (!this.#holding && socket.writableNeedDrain) this.#hold()
    if (!this.#high && writableLength > this.#highWaterMark) this.#raise()
    if (!this.#watching && this.#writeTimeoutMs > 0) this.#watch()
  }

  /** Flushes, then sends FIN. */
  end(): void {
    if (this.#ending) return
    this.flush()
    this.#ending = true
    if (!this.#socket.destroyed) this.#socket.end()
  }

  #watch(): void {
    this.#watching = true
    const done = (): void => {
      this.#watching = false
    }
    const stuck = (): void => {
      done()
      this.#onStuck?.()
    }
    watchWriteStall(this.#socket, this.#writeTimeoutMs, stuck, done)
  }

  /** One write of several pieces. */
  #writeParts(parts: readonly Uint8Array[]): void {
    const socket = this.#socket
    socket.cork()
    for (const part of parts) {
      this.flushed += part.length
      socket.write(part)
    }
    socket.uncork()
  }

  /** Charges what waits in the socket until all of it has left. */
  #hold(): void {
    const unsent = this.#unsent
    const socket = this.#socket
    if (unsent === undefined || socket.destroyed) return
    this.#holding = true
    unsent.bytes = socket.writableLength
    const release = (): void => {
      socket.off('drain', release)
      socket.off('close', release)
      this.#holding = false
      unsent.bytes = 0
    }
    socket.once('drain', release)
    socket.once('close', release)
  }

  #raise(): void {
    this.#high = true
    this.#onPressure?.(true)
    this.#socket.once('drain', () => {
      this.#high = false
      this.#onPressure?.(false)
    })
  }
}
