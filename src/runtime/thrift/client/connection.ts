/**
 * One connection of a Thrift client: sends calls, finds the call of each reply, and settles all of them when it is lost.
 *
 * | state \ event | call | `retire()`, `crrst`, refused message, FIN of the peer | no call pending | `destroy()`, unreadable reply | socket closes |
 * |---|---|---|---|---|---|
 * | `open` | sent | `retiring` | | `ended` | `ended` |
 * | `retiring` | fails, not sent | | FIN is sent | `ended` | `ended` |
 * | `ended` | fails, not sent | | | | |
 *
 * On entering `ended` every pending call fails with the reason.
 */

import { isRpcError, messageOf, RpcError } from '../../core/error.ts'
import { BatchWriter } from '../../net/batch-writer.ts'
import { type Dialed, reasonOf } from '../../net/dial.ts'
import type { PoolConnection } from '../../net/pool.ts'
import { ProcessHold } from '../../net/process-hold.ts'
import type { Socket } from '../../net/socket.ts'
import { closedEarly } from '../../net/tls-failure.ts'
import { ConnectionWriters, readerOf } from '../connection-codec.ts'
import { ApplicationExceptionType, applicationError } from '../exception.ts'
import { FrameReader } from '../frame-reader.ts'
import { openMessage, type ThriftMessage } from '../message.ts'
import { openPrefix } from '../message-prefix.ts'
import { anyOrderKey } from '../metainfo.ts'
import type { ThriftProtocolName } from '../protocol/bytes.ts'
import { ThriftMessageKind } from '../protocol/protocol.ts'
import type { ThriftFraming } from '../sniff.ts'
import { endTtheader } from '../ttheader.ts'
import type { CallCarrier, ThriftClientCall } from './call.ts'
import { FirstReply, type PeerWatch } from './peer-watch.ts'
import { PendingCalls } from './pending-calls.ts'

/** What a connection tells those who keep it. */
export interface ConnectionEvents<C> {
  /** The connection can serve the next call (or none ever again: see `usable`). Not told of a shared one. */
  readonly onFree: (connection: C) => void
  /** The connection is gone. */
  readonly onClosed: (connection: C) => void
  /** The peer has said that it answers in any order, so that `share` would do. */
  readonly onAnyOrder?: ((connection: C) => void) | undefined
}

/** How a connection speaks. */
export interface ClientSpeech {
  readonly framing: ThriftFraming
  readonly protocol: ThriftProtocolName
  readonly multiplexed: boolean
  readonly maxFrameBytes: number
  readonly maxDepth: number
  readonly maxUnsentBytes: number
  readonly writeTimeoutMs: number
}

/** How a connection speaks, and who hears of what happens to it. */
export interface ClientConnectionOptions extends ClientSpeech, ConnectionEvents<ClientConnection> {
  /** Watches over the time until the peer's first byte. Default: nobody does. */
  readonly watch?: PeerWatch | undefined
  /** The peer has said something, the first time on this connection. */
  readonly onHeard: () => void
  /** The connection was lost with calls on it, and the peer had not said anything. */
  readonly onUnanswered: (reason: RpcError) => void
}

/** What a client has counted over all its connections. */
export interface ClientCounters {
  lateReplies: number
}

/** How long a shared connection on which a call got no answer in time may stay silent before it is given up. */
const suspectMs = 1_000

/** A connection that carries one call at a time, or many when multiplexed. */
export class ClientConnection implements PoolConnection, CallCarrier {
  readonly #socket: Socket
  readonly #peer: Dialed['peer']
  readonly #options: ClientConnectionOptions
  readonly #counters: ClientCounters
  readonly #batch: BatchWriter
  readonly #writers: ConnectionWriters
  readonly #frames: FrameReader
  readonly #pending = new PendingCalls()
  #state: 'open' | 'retiring' | 'ended' = 'open'
  #shared: boolean
  /** Something came from the peer. */
  heard = false
  /** The form of the last message that came from the peer. */
  answeredIn: ThriftFraming | undefined = undefined
  readonly #firstReply: FirstReply | undefined
  readonly #hold: ProcessHold
  /** The last sequence id when something came from the peer. */
  #heardAt = 0
  #suspect: NodeJS.Timeout | undefined
  #reason: RpcError | undefined

  constructor(dialed: Dialed, options: ClientConnectionOptions, counters: ClientCounters) {
    const { socket } = dialed
    this.#socket = socket
    this.#peer = dialed.peer
    this.#options = options
    this.#counters = counters
    this.#shared = options.multiplexed
    this.#batch = new BatchWriter(socket, {
      onFlushed: (source) => this.#writers.flushed(source),
      writeTimeoutMs: options.writeTimeoutMs,
      onStuck: () => this.#stuck(),
    })
    this.#writers = new ConnectionWriters(this.#batch, options.maxDepth)
    this.#frames = new FrameReader(options.maxFrameBytes, options.maxDepth)
    if (options.watch !== undefined) {
      this.#firstReply = new FirstReply(options.watch, (reason) => {
        this.#unanswered(reason)
        this.destroy(reason)
      })
    }
    this.#hold = new ProcessHold(socket, () => this.#pending.size === 0)
    this.#hold.letGo()
    let error: Error | undefined
    socket.on('error', (cause) => {
      error = cause
    })
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => this.#leave())
    socket.on('close', () => this.#dead(error))
    socket.resume()
  }

  get usable(): boolean {
    return this.#state === 'open'
  }

  /** Calls that wait for a reply. */
  get inFlight(): number {
    return this.#pending.size
  }

  /** Calls that were sent on it, round again after 2^31. */
  get sent(): number {
    return this.#pending.lastSequence
  }

  /** From now on it carries many calls at a time, and is nobody's alone. */
  share(): void {
    this.#shared = true
  }

  /** Encodes and sends a call; a call that cannot be encoded fails alone. */
  send(call: ThriftClientCall): void {
    if (call.settled) {
      this.#free()
      return
    }
    if (!this.usable) {
      call.failed(this.#lost(false))
      this.#free()
      return
    }
    if (this.#batch.unsent > this.#options.maxUnsentBytes) {
      const text = `${this.#batch.unsent} bytes wait to be sent to ${this.#peer.address}: the peer reads too slowly (\`maxUnsentBytes\`)`
      call.fail(new RpcError('RESOURCE_EXHAUSTED', text, { bytesSent: false, stack: false }))
      this.#free()
      return
    }
    this.#hold.take()
    const { cx } = call
    cx.peer = this.#peer
    if (!this.#encode(call)) {
      this.#free()
      return
    }
    if (call.target.oneway) {
      this.#pending.addOneway(call)
      this.#batch.flush()
      call.resolve(undefined)
      this.#free()
      return
    }
    call.connection = this
    this.#pending.add(call)
    if (!this.heard) this.#firstReply?.expect(call)
    if (this.#shared) this.#batch.schedule()
    else this.#batch.flush()
  }

  /** Nobody waits for this call any more. A connection of one call at a time cannot be used while its reply may come. */
  abandon(call: ThriftClientCall, reason: RpcError): void {
    if (!this.#pending.delete(call)) return
    if (this.#pending.size === 0) this.#hold.letGo()
    if (!this.#shared) this.destroy(new RpcError('CANCELLED', 'the call was cancelled', { stack: false }))
    else if (!this.usable) this.#endWhenIdle()
    else if (reason.code === 'DEADLINE_EXCEEDED' && this.#heardAt < call.sequence) this.#doubt()
  }

  /** Takes no further call; closes when those in flight have ended. */
  retire(): void {
    this.#leave()
    this.#endWhenIdle()
  }

  destroy(reason: RpcError): void {
    this.#reason ??= reason
    this.#state = 'ended'
    this.#socket.destroy()
    this.#failAll(reason)
  }

  #encode(call: ThriftClientCall): boolean {
    const { framing, protocol } = this.#options
    const { target, cx } = call
    const sequence = this.#pending.nextSequence()
    const writer = this.#writers.get(protocol)
    const begin = writer.position
    try {
      const header = framing === 'ttheader' ? target.header.begin(writer, cx, sequence) : -1
      const length = framing === 'buffered' ? -1 : writer.reserve(4)
      writer.messageBegin(
        target.method.name,
        target.oneway ? ThriftMessageKind.ONEWAY : ThriftMessageKind.CALL,
        sequence,
      )
      target.request.encode(writer, call.request)
      writer.messageEnd()
      if (length >= 0) writer.setU32(length, writer.position - length - 4)
      if (header >= 0) endTtheader(writer, header)
    } catch (error) {
      writer.truncate(begin)
      call.fail(isRpcError(error) ? error : notEncoded(target.method.name, error))
      return false
    }
    call.sequence = sequence
    call.begin = this.#batch.flushed + begin
    return true
  }

  /** The peer may be gone without a word, which the kernel finds out after many minutes: silence now is enough. */
  #doubt(): void {
    if (this.#suspect !== undefined) return
    this.#heardAt = -1
    const look = (): void => {
      this.#suspect = undefined
      if (this.#heardAt < 0) this.retire()
    }
    this.#suspect = setTimeout(() => setImmediate(look), suspectMs).unref()
  }

  #stuck(): void {
    const text = `${this.#peer.address} took no byte within ${this.#options.writeTimeoutMs} ms`
    this.destroy(new RpcError('UNAVAILABLE', text, { stack: false }))
  }

  #read(chunk: Uint8Array): void {
    const frames = this.#frames
    this.#heardAt = this.#pending.lastSequence
    if (!this.heard) {
      this.heard = true
      this.#firstReply?.end()
      this.#options.onHeard()
    }
    try {
      frames.push(chunk)
      while (frames.next()) {
        if (frames.oversized !== undefined) this.#oversized(frames, frames.oversized)
        else this.#reply(openMessage(frames.framing, frames.bytes, frames.start, frames.end))
      }
    } catch (error) {
      this.destroy(unreadable(this.#peer.address, error))
    }
  }

  /** A reply over the limit has been discarded: only its call fails. */
  #oversized({ bytes, start, end }: FrameReader, refusal: RpcError): void {
    const prefix = openPrefix(bytes.subarray(start, end))
    const call = prefix && this.#pending.take(prefix.envelope.sequence)
    if (call === undefined) {
      const isLate = prefix !== undefined && (this.#shared || this.#pending.isReplyToOneway(prefix.envelope.sequence))
      if (!isLate) throw refusal
      this.#counters.lateReplies++
      return
    }
    const text = `${call.target.method.name}: ${this.#peer.address} answered with ${refusal.message}`
    call.fail(new RpcError(refusal.code, text, { cause: refusal, stack: false }))
    if (!this.usable) this.#endWhenIdle()
    this.#free()
  }

  #reply(message: ThriftMessage): void {
    const { header } = message
    let anyOrder = false
    if (header !== undefined) {
      for (const [key, value] of header.strings) {
        if (key === 'crrst' && value !== '') this.#leave()
        else if (key === anyOrderKey) anyOrder = true
      }
    }
    if (message.start === message.end) {
      // A control frame of a server that shuts down.
      this.retire()
      return
    }
    const reader = readerOf(message.protocol, message.bytes, message.start, message.end, this.#options.maxDepth)
    const envelope = reader.messageBegin()
    const { sequence, kind } = envelope
    this.answeredIn = this.#frames.framing
    const call = this.#pending.take(sequence) ?? (this.#shared ? undefined : this.#pending.takeUnread(sequence, kind))
    if (call === undefined) {
      if (this.#shared || this.#pending.isReplyToOneway(sequence)) this.#counters.lateReplies++
      else this.#badSequence(sequence)
      return
    }
    try {
      if (call.settle(message, envelope, reader) && !this.#shared) this.#leave()
    } catch (error) {
      call.fail(error)
    }
    if (!this.usable) this.#endWhenIdle()
    else if (anyOrder) this.#options.onAnyOrder?.(this)
    this.#free()
  }

  #badSequence(sequence: number): void {
    for (const call of this.#pending.takeAll()) {
      const text = `${call.target.method.name}: the reply has sequence id ${sequence}, not ${call.sequence}`
      call.fail(applicationError('INTERNAL', ApplicationExceptionType.BAD_SEQUENCE_ID, text))
    }
    this.destroy(new RpcError('INTERNAL', `a reply of sequence id ${sequence} that nobody waits for`, { stack: false }))
  }

  #free(): void {
    if (this.#pending.size === 0) this.#hold.letGo()
    if (!this.#shared) this.#options.onFree(this)
  }

  /** Takes no further call. */
  #leave(): void {
    if (this.#state === 'open') this.#state = 'retiring'
  }

  #endWhenIdle(): void {
    if (this.#state === 'retiring' && this.#pending.size === 0) this.#batch.end()
  }

  #dead(error: Error | undefined): void {
    this.#state = 'ended'
    clearTimeout(this.#suspect)
    this.#firstReply?.end()
    if (this.#reason === undefined) {
      this.#reason = this.#lost(false, error)
      this.#unanswered(this.#reason)
    }
    this.#failAll(this.#reason)
    this.#options.onClosed(this)
  }

  /** Tells of the loss of a connection whose calls the peer left without a word. */
  #unanswered(reason: RpcError): void {
    if (!this.heard && this.#pending.size > 0) this.#options.onUnanswered(reason)
  }

  #failAll(reason: RpcError): void {
    for (const call of this.#pending.takeAll())
      call.failed(
        new RpcError(reason.code, this.#explain(reason, call), { cause: reason, bytesSent: this.#sent(call) }),
      )
  }

  #explain(reason: RpcError, call: ThriftClientCall): string {
    return `${reason.message}; the request ${this.#sent(call) ? 'had been sent' : 'had not been sent'}`
  }

  #sent(call: ThriftClientCall): boolean {
    return call.begin < this.#batch.flushed
  }

  #lost(bytesSent: boolean, error?: Error): RpcError {
    const closed = this.#socket.bytesRead === 0 ? closedEarly(this.#socket) : 'it was closed by the peer'
    const why = error === undefined ? closed : reasonOf(error)
    return new RpcError('UNAVAILABLE', `the connection to ${this.#peer.address} was lost: ${why}`, {
      bytesSent,
      stack: false,
      ...(error === undefined ? {} : { cause: error }),
    })
  }
}

function unreadable(address: string, error: unknown): RpcError {
  const why = error instanceof Error ? error.message : String(error)
  const code = isRpcError(error) ? error.code : 'INTERNAL'
  return new RpcError(code, `${address} sent what cannot be read: ${why}`, { cause: error, stack: false })
}

function notEncoded(method: string, error: unknown): RpcError {
  return new RpcError('INVALID_ARGUMENT', `${method}: the request cannot be encoded: ${messageOf(error)}`, {
    cause: error,
  })
}
