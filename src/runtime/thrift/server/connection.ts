/**
 * The server's end of one Thrift connection: reads requests, hands them to `dispatch`, and writes each reply in the form
 * in which its request came.
 *
 * | state \ event | request | `drain()` | client had its time | no call in flight | unreadable bytes, stalled message | `destroy()`, socket closed |
 * |---|---|---|---|---|---|---|
 * | `open` | served | told the client: `leaving`, else `draining` | | | refused, `broken` | `ended` |
 * | `leaving` | served | | `draining` | | refused, `broken` | `ended` |
 * | `draining` | served | | | `ended` | refused, `broken` | `ended` |
 * | `broken` | discarded | | | `ended` | discarded | `ended` |
 * | `ended` | discarded | | | | discarded | |
 *
 * Replies in `leaving` and `draining` carry `crrst`. On entering `ended` the connection sends FIN, or is destroyed.
 */

import { ReceivedBytes, unsentExhausted } from '../../core/bytes/memory-account.ts'
import type { Peer } from '../../core/context/context.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import type { Router, ServerCall } from '../../core/router.ts'
import type { WireConnection } from '../../core/wire.ts'
import { BatchWriter } from '../../net/batch-writer.ts'
import type { ServerSocket } from '../../net/server-socket.ts'
import type { Socket } from '../../net/socket.ts'
import { outOfOrderFlag } from '../client/request-header.ts'
import { ConnectionWriters } from '../connection-codec.ts'
import { defaultMaxFrameBytes, FrameReader } from '../frame-reader.ts'
import { openMessage, type ThriftMessage } from '../message.ts'
import { type MessagePrefix, openPrefix } from '../message-prefix.ts'
import { anyOrderKey } from '../metainfo.ts'
import { defaultMaxDepth } from '../protocol/protocol.ts'
import { beginTtheader, endTtheader, sequenceOf, TtheaderKey } from '../ttheader.ts'
import {
  cutOffExchange,
  type DispatchTarget,
  type Exchange,
  openExchange,
  refusedExchange,
  reportRefusal,
} from './dispatch.ts'
import { defaultIdleTimeoutMs, defaultReadTimeoutMs, type ThriftWireOptions } from './options.ts'
import { ReadClock } from './read-clock.ts'
import { type Notice, type ReplyForm, writeFailure, writeResult } from './reply.ts'
import { ReplyOrder } from './reply-order.ts'

/** How long a closed connection may take to take its last bytes, and a client that was told to go to do so. */
const drainedLingerMs = 1_000
/** The same after bytes that cannot be read: who still sends a large message has to hear of it. */
const brokenLingerMs = 10_000
/** A larger reply is asked whether it may wait, also while nothing waits. */
const largeReplyBytes = 64 * 1024
/** Replies of one turn that leave together. */
const mostGatheredBytes = 256 * 1024
/** How much of what such a client sends is discarded. */
const maxDiscardedBytes = 64 * 1024 * 1024

/** Options of {@link ThriftServerConnection}. */
export interface ThriftConnectionOptions extends ThriftWireOptions {
  /** Is told why a connection cannot be read further. */
  readonly onUnreadable?: ((peer: Peer, error: RpcError) => void) | undefined
}

/** A connection that a Thrift wire has accepted. */
export class ThriftServerConnection implements WireConnection {
  readonly #socket: Socket
  readonly #target: DispatchTarget
  readonly #batch: BatchWriter
  readonly #writers: ConnectionWriters
  readonly #frames: FrameReader
  readonly #clock: ReadClock
  readonly #readTimeoutMs: number
  readonly #order: ReplyOrder
  readonly #isStrict: boolean
  readonly #options: ThriftConnectionOptions
  readonly #closed: Promise<void>
  #state: 'open' | 'leaving' | 'draining' | 'broken' | 'ended' = 'open'
  /** Whether the client takes replies in any order, and so a frame that it did not ask for; and whether it has been told that it gets them so. */
  #anyOrder: 'unknown' | 'taken' | 'announced' = 'unknown'
  /** Messages that have arrived. */
  #messages = 0
  #isReading = false
  /** The client does not read its replies. */
  #isClientSlow = false
  /** Of calls whose replies it has not read. */
  readonly #received: ReceivedBytes
  /** Bytes of a message that are charged while the rest is on its way. */
  #held = 0
  readonly #places: (() => void)[] = []
  /** Bytes that came after the last message. */
  #discarded = 0

  /** With `refusal`, the first request is answered with it and the connection ends. */
  constructor(
    accepted: ServerSocket,
    first: Uint8Array,
    router: Router,
    options: ThriftConnectionOptions,
    refusal?: RpcError,
  ) {
    const { socket, peer } = accepted
    this.#options = options
    this.#socket = socket
    this.#received = new ReceivedBytes(router.memory)
    const maxConcurrentCalls = options.maxConcurrentCalls ?? 4_096
    const maxDepth = options.maxDepth ?? defaultMaxDepth
    this.#target = { router, peer, maxConcurrentCalls, maxDepth, refusal }
    this.#isStrict = options.order === 'strict'
    this.#order = new ReplyOrder({
      order: options.order ?? 'sequence',
      maxWaiting: Math.max(1, maxConcurrentCalls),
      run: (exchange, call) => this.#run(exchange, call),
      send: (exchange) => this.#write(exchange),
    })
    this.#readTimeoutMs = options.readTimeoutMs ?? defaultReadTimeoutMs
    this.#clock = new ReadClock({
      idleTimeoutMs: options.idleTimeoutMs ?? defaultIdleTimeoutMs,
      readTimeoutMs: this.#readTimeoutMs,
    })
    this.#batch = new BatchWriter(socket, {
      writeTimeoutMs: options.writeTimeoutMs ?? 30_000,
      onStuck: () => socket.destroy(),
      memory: router.memory,
      onFlushed: (source) => this.#writers.flushed(source),
      // A client that does not read its replies is not read from either.
      onPressure: (high) => {
        this.#isClientSlow = high
        if (!high) this.#releasePlaces()
        this.#regulate()
      },
    })
    this.#writers = new ConnectionWriters(this.#batch, maxDepth)
    this.#frames = new FrameReader(options.maxFrameBytes ?? defaultMaxFrameBytes, maxDepth)
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#cancelAll(clientGone(peer))
        this.#releasePlaces()
        this.#releasePending()
        resolve()
      })
    })
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    if (first.length > 0) this.#read(first)
    socket.resume()
  }

  drain(): Promise<void> {
    if (this.#state === 'open') {
      if (this.#anyOrder === 'unknown') this.#state = 'draining'
      else {
        this.#state = 'leaving'
        this.#announceReset()
        setTimeout(() => {
          if (this.#state !== 'leaving') return
          this.#state = 'draining'
          this.#endWhenIdle()
        }, drainedLingerMs).unref()
      }
      this.#endWhenIdle()
    }
    return this.#closed
  }

  /** Looks whether the client takes too long; `now` as of `performance.now()`. */
  tick(now: number): void {
    if (!this.#isReadable) return
    const { isPartial, isSkipping } = this.#frames
    const isBusy = !this.#order.isEmpty
    const verdict = this.#clock.check(now, { messages: this.#messages, isPartial, isSkipping, isBusy })
    if (verdict === 'idle') void this.drain()
    else if (verdict === 'stalled' && !this.#socket.isPaused()) {
      const text = `a message that has not come whole within ${this.#readTimeoutMs} ms`
      this.#refuseStream(new RpcError('DEADLINE_EXCEEDED', text, { stack: false }))
      this.#endWhenIdle()
    }
  }

  destroy(): void {
    this.#state = 'ended'
    this.#cancelAll(new RpcError('UNAVAILABLE', 'the server has closed', { stack: false }))
    this.#socket.destroy()
  }

  #read(chunk: Uint8Array): void {
    if (!this.#isReadable) {
      this.#discarded += chunk.length
      if (this.#discarded > maxDiscardedBytes) this.#socket.destroy()
      return
    }
    this.#frames.push(chunk)
    this.#readOn()
  }

  /** Takes the messages that have arrived, as far as they are wanted. */
  #readOn(): void {
    const frames = this.#frames
    this.#isReading = true
    try {
      while (this.#isReadable && !this.#order.isFull && frames.next()) this.#message(frames)
      if (!this.#order.isFull) this.#holdPending()
    } catch (error) {
      this.#refuseStream(RpcError.from(error))
    }
    this.#isReading = false
    this.#regulate()
    this.#endWhenIdle()
  }

  /** Charges what has come of a message; where there is no room for it, it is discarded. */
  #holdPending(): void {
    const frames = this.#frames
    const more = frames.pending - this.#held
    if (more > 0 && !this.#socket.destroyed) {
      try {
        this.#received.hold(more)
      } catch (refusal) {
        frames.discard(RpcError.from(refusal))
        this.#releasePending()
        return
      }
    } else this.#received.release(-more)
    this.#held = frames.pending
  }

  #releasePending(): void {
    this.#received.release(this.#held)
    this.#held = 0
  }

  /** Reads from the socket only while the client reads its replies and not too many requests wait. */
  #regulate(): void {
    if (this.#hasEnded) return
    if (this.#isClientSlow || (this.#order.isFull && this.#state !== 'broken')) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  #message(frames: FrameReader): void {
    if (frames.oversized !== undefined) {
      const prefix = openPrefix(frames.bytes.subarray(frames.start, frames.end))
      if (prefix === undefined) throw frames.oversized
      this.#messages++
      this.#refuse(prefix, frames.oversized)
      return
    }
    let message: ThriftMessage
    try {
      message = openMessage(frames.framing, frames.bytes, frames.start, frames.end)
    } catch (error) {
      // The frame is whole, so the stream can be read on.
      if (frames.framing !== 'ttheader' || frames.end - frames.start < 16) throw error
      this.#order.add(refusedExchange(this.#target, sequenceOf(frames.bytes, frames.start), error))
      return
    }
    const { header } = message
    this.#messages++
    if (this.#anyOrder === 'unknown' && header !== undefined && (header.flags & outOfOrderFlag) !== 0) {
      this.#anyOrder = 'taken'
      this.#order.anyOrder = !this.#isStrict
    }
    // A control frame; clients send none that a server must answer.
    if (message.start === message.end) return
    if (this.#target.refusal !== undefined && this.#state === 'open') this.#state = 'draining'
    this.#order.add(openExchange(this.#target, message, this.#order.running))
  }

  #run(exchange: Exchange, call: ServerCall): void {
    const { cancelled } = call.cx
    const outcome = cancelled === undefined ? call.handle(exchange.request) : Promise.reject(cancelled)
    outcome.then(
      (value) => {
        exchange.value = value
        this.#settle(exchange)
      },
      (error: unknown) => {
        exchange.error = error
        this.#settle(exchange)
      },
    )
  }

  #settle(exchange: Exchange): void {
    if (this.#hasEnded) return
    const wasFull = this.#order.isFull
    this.#order.end(exchange)
    if (wasFull) this.#readOn()
    else this.#endWhenIdle()
  }

  #write({ form, call, value, error }: Exchange): void {
    if (this.#socket.destroyed) return
    const writer = this.#writers.get(form.protocol)
    const begin = writer.position
    const notice = this.#notice(form)
    try {
      if (call !== undefined && error === undefined) writeResult(writer, form, call.cx, value, notice)
      else writeFailure(writer, form, call, error, notice)
    } catch (failure) {
      writer.truncate(begin)
      const told = call === undefined ? RpcError.from(failure) : call.unexpected(failure)
      // What the call failed with is still told, without the metadata that cannot be sent.
      const reason = isRpcError(error) ? new RpcError(error.code, error.message, { stack: false }) : told
      writeFailure(writer, form, undefined, reason, notice)
    }
    const { memory } = this.#target.router
    const bytes = writer.position - begin
    const mayWait = this.#isClientSlow || bytes > largeReplyBytes
    if (mayWait && !memory.grantsUnsent(this.#batch.unsent - bytes, bytes)) {
      writer.truncate(begin)
      writeFailure(writer, form, undefined, unsentExhausted(bytes, memory), notice)
    }
    if (this.#isClientSlow && call !== undefined) this.#places.push(call.holdPlace())
    // The last reply of a burst takes the others with it; before it there is more to gather.
    // A large one is handed over at once, so that the next ones know what waits.
    if ((this.#order.running === 0 && !this.#isReading) || writer.position > mostGatheredBytes) this.#batch.flush()
    else this.#batch.schedule()
  }

  #releasePlaces(): void {
    for (const release of this.#places.splice(0)) release()
  }

  /** What a reply says about the connection. */
  #notice(form: ReplyForm): Notice {
    if (form.framing !== 'ttheader') return undefined
    if (this.#state !== 'open') return resetNotice
    if (this.#anyOrder !== 'taken' || this.#isStrict) return undefined
    this.#anyOrder = 'announced'
    return anyOrderNotice
  }

  /**
   * The stream cannot be read further: says why if it can be found out to which call, and closes once the calls before are
   * answered.
   */
  #refuseStream(error: RpcError): void {
    const prefix = openPrefix(this.#frames.peek())
    if (prefix === undefined) reportRefusal(this.#target, undefined, undefined, error)
    else this.#refuse(prefix, error)
    this.#state = 'broken'
    this.#options.onUnreadable?.(this.#target.peer, error)
  }

  #refuse(prefix: MessagePrefix, error: RpcError): void {
    const refusal = cutOffExchange(this.#target, prefix, error)
    if (refusal !== undefined) this.#order.add(refusal)
  }

  #announceReset(): void {
    const writer = this.#writers.get('binary')
    endTtheader(
      writer,
      beginTtheader(writer, { sequence: 0, strings: resetNotice, ints: [[TtheaderKey.MSG_TYPE, '2']] }),
    )
    this.#batch.schedule()
  }

  /** A getter, since the compiler would take the state for unchanged across calls. */
  get #hasEnded(): boolean {
    return this.#state === 'ended'
  }

  /** Whether messages are still taken. */
  get #isReadable(): boolean {
    return this.#state !== 'broken' && this.#state !== 'ended'
  }

  #endWhenIdle(): void {
    if (this.#state !== 'draining' && this.#state !== 'broken') return
    if (this.#isReading || !this.#order.isEmpty) return
    const lingerMs = this.#state === 'broken' ? brokenLingerMs : drainedLingerMs
    this.#state = 'ended'
    this.#end(lingerMs)
  }

  /** FIN, then whatever still comes is thrown away: closing with unread bytes would reset the last reply. */
  #end(lingerMs: number): void {
    this.#batch.end()
    this.#socket.resume()
    setTimeout(() => this.#socket.destroy(), lingerMs).unref()
  }

  #cancelAll(reason: RpcError): void {
    for (const call of this.#order.clear()) call.cancel(reason)
  }
}

const resetNotice: Exclude<Notice, undefined> = [['crrst', '1']]
const anyOrderNotice: Exclude<Notice, undefined> = [[anyOrderKey, '1']]

function clientGone(peer: Peer): RpcError {
  return new RpcError('CANCELLED', `the client ${peer.address} has gone`, { stack: false })
}
