/** One connection of a Thrift server: reads requests, runs them side by side, answers each in the form it came in. */

import type { Peer } from '../../core/context/context.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import type { Route, Router, ServerCall } from '../../core/router.ts'
import type { WireConnection } from '../../core/wire.ts'
import { BatchWriter } from '../../net/batch-writer.ts'
import type { ServerSocket } from '../../net/server-socket.ts'
import type { Socket } from '../../net/socket.ts'
import { outOfOrderFlag } from '../client/request-header.ts'
import { ConnectionWriters, readerOf } from '../connection-codec.ts'
import { ApplicationExceptionType, applicationError } from '../exception.ts'
import { defaultMaxFrameBytes, FrameReader } from '../frame-reader.ts'
import { openMessage, type ThriftMessage } from '../message.ts'
import { anyOrderKey } from '../metainfo.ts'
import { type ThriftEnvelope, ThriftMessageKind, type ThriftStruct } from '../protocol/protocol.ts'
import { rawService } from '../raw-service.ts'
import { beginTtheader, endTtheader, sequenceOf, TtheaderKey } from '../ttheader.ts'
import { defaultIdleTimeoutMs, defaultReadTimeoutMs, type ThriftWireOptions } from './options.ts'
import { type Notice, type ReplyForm, writeFailure, writeResult } from './reply.ts'
import { type RequestInfo, readRequestInfo, requestInfo } from './request-info.ts'

/** How long a closed connection may take to take its last bytes, and a client that was told to go to do so. */
const lingerMs = 1_000

/** A reply that must keep its place: clients without sequence ids read answers in the order of their questions. */
interface Place {
  write: (() => void) | undefined
}

/** The server's end of one Thrift connection. */
export class ThriftServerConnection implements WireConnection {
  readonly #socket: Socket
  readonly #peer: Peer
  readonly #router: Router
  readonly #maxConcurrentCalls: number
  readonly #batch: BatchWriter
  readonly #writers: ConnectionWriters
  readonly #frames: FrameReader
  readonly #calls = new Set<ServerCall>()
  readonly #places: Place[] = []
  readonly #closed: Promise<void>
  /** The peer takes replies in any order, so it also takes a frame that it did not ask for. */
  #multiplexed = false
  /** The client has been told that replies come in any order. */
  #announced = false
  /** A client that was told to go may still send what it had under way. */
  #leaving = false
  /** What {@link tick} saw last, and since when. */
  #messages = 0
  #seenMessages = 0
  #seenPartial = false
  #seenSince = performance.now()
  readonly #idleTimeoutMs: number
  readonly #readTimeoutMs: number
  #reading = false
  #draining = false
  #ending = false

  constructor(accepted: ServerSocket, first: Uint8Array, router: Router, options: ThriftWireOptions) {
    const { socket } = accepted
    this.#socket = socket
    this.#peer = accepted.peer
    this.#router = router
    this.#maxConcurrentCalls = options.maxConcurrentCalls ?? 4_096
    this.#idleTimeoutMs = options.idleTimeoutMs ?? defaultIdleTimeoutMs
    this.#readTimeoutMs = options.readTimeoutMs ?? defaultReadTimeoutMs
    this.#batch = new BatchWriter(socket, {
      writeTimeoutMs: options.writeTimeoutMs ?? 30_000,
      onStuck: () => socket.destroy(),
      onFlushed: (source) => this.#writers.flushed(source),
      // Whoever does not read its replies is not read from either.
      onPressure: (high) => (high ? socket.pause() : socket.resume()),
    })
    this.#writers = new ConnectionWriters(this.#batch)
    this.#frames = new FrameReader(options.maxFrameBytes ?? defaultMaxFrameBytes)
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#cancelAll(new RpcError('CANCELLED', `the client ${this.#peer.address} has gone`, { stack: false }))
        resolve()
      })
    })
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    if (first.length > 0) this.#read(first)
    socket.resume()
  }

  drain(): Promise<void> {
    if (!this.#draining) {
      this.#draining = true
      if (this.#multiplexed) {
        this.#announceReset()
        this.#leaving = true
        setTimeout(() => {
          this.#leaving = false
          this.#endWhenIdle()
        }, lingerMs).unref()
      }
      this.#endWhenIdle()
    }
    return this.#closed
  }

  /** Looks whether the client takes too long: over a message that it has begun, or to send another. */
  tick(now: number): void {
    if (this.#ending) return
    const partial = this.#frames.pending > 0
    if (this.#messages !== this.#seenMessages || partial !== this.#seenPartial || this.#calls.size > 0) {
      this.#seenMessages = this.#messages
      this.#seenPartial = partial
      this.#seenSince = now
    } else if (partial) {
      if (now - this.#seenSince < this.#readTimeoutMs || this.#socket.isPaused()) return
      const text = `a message that has not come whole within ${this.#readTimeoutMs} ms`
      this.#refuseStream(new RpcError('DEADLINE_EXCEEDED', text, { stack: false }))
    } else if (now - this.#seenSince >= this.#idleTimeoutMs) void this.drain()
  }

  destroy(): void {
    this.#ending = true
    this.#cancelAll(new RpcError('UNAVAILABLE', 'the server has closed', { stack: false }))
    this.#socket.destroy()
  }

  #read(chunk: Uint8Array): void {
    if (this.#ending) return
    const frames = this.#frames
    this.#reading = true
    try {
      frames.push(chunk)
      while (!this.#ending && frames.next()) this.#message(frames)
    } catch (error) {
      this.#refuseStream(RpcError.from(error))
    }
    this.#reading = false
    this.#endWhenIdle()
  }

  #message(frames: FrameReader): void {
    let message: ThriftMessage
    try {
      message = openMessage(frames.framing, frames.bytes, frames.start, frames.end)
    } catch (error) {
      // The frame is whole, so the stream can be read on; who asked is known by its sequence id alone.
      if (frames.framing !== 'ttheader' || frames.end - frames.start < 16) throw error
      this.#write(headerlessForm(sequenceOf(frames.bytes, frames.start)), undefined, undefined, error)
      return
    }
    this.#request(message)
  }

  #request(message: ThriftMessage): void {
    const { header } = message
    this.#messages++
    if (header !== undefined && (header.flags & outOfOrderFlag) !== 0) this.#multiplexed = true
    // A control frame; clients send none that a server must answer.
    if (message.start === message.end) return
    const reader = readerOf(message.protocol, message.bytes, message.start, message.end)
    let envelope: ThriftEnvelope = nameless
    let call: ServerCall | undefined
    let request: unknown
    let isAnswered = true
    try {
      envelope = reader.messageBegin()
      isAnswered = envelope.kind !== ThriftMessageKind.ONEWAY
      if (envelope.kind !== ThriftMessageKind.CALL && envelope.kind !== ThriftMessageKind.ONEWAY) {
        const text = `a message of kind ${envelope.kind} where a call (1) or oneway (4) is due`
        throw applicationError('INTERNAL', ApplicationExceptionType.INVALID_MESSAGE_TYPE, text)
      }
      const info = header === undefined ? undefined : readRequestInfo(header)
      const route = this.#route(info, envelope)
      // Some clients (Apache's Go) send oneway methods as calls and would take an answer for that of their next call.
      if (route.method.kind === 'oneway') isAnswered = false
      if (this.#calls.size >= this.#maxConcurrentCalls) {
        throw new RpcError('RESOURCE_EXHAUSTED', `${this.#calls.size} calls are in flight on this connection`, {
          stack: false,
        })
      }
      request = decode(route, reader)
      call = this.#router.open(route, {
        peer: this.#peer,
        admitted: true,
        unanswered: !isAnswered,
        ...(info === undefined ? {} : info.call),
      })
      if (info !== undefined) call.cx.set(requestInfo, info)
    } catch (error) {
      const form = formOf(message, envelope)
      if (isAnswered) this.#answer(form, this.#place(form), undefined, undefined, error)
      return
    }
    // A multiplexed name goes back without the service, as Apache's own processor does it.
    const form = formOf(message, envelope, call.cx.method.name)
    this.#run(call, request, form, isAnswered)
  }

  #route(info: RequestInfo | undefined, { name, kind }: ThriftEnvelope): Route {
    const router = this.#router
    const oneway = kind === ThriftMessageKind.ONEWAY
    let service = info?.idlService
    let method = name
    let route = router.find('thrift', service, method)
    if (route !== undefined) return route
    // Apache's TMultiplexedProtocol writes `Service:method`.
    const colon = name.indexOf(':')
    if (colon > 0) {
      service = name.slice(0, colon)
      method = name.slice(colon + 1)
      route = router.find('thrift', service, method)
      if (route !== undefined) return route
    }
    route = router.findUnknown({ idl: 'thrift', service: service ?? '', method, oneway }, rawService)
    if (route !== undefined) return route
    if (service !== undefined && !router.has('thrift', service)) {
      throw applicationError('UNIMPLEMENTED', ApplicationExceptionType.UNKNOWN_SERVICE, `unknown service ${service}`)
    }
    const text = `unknown method ${service === undefined ? '' : `${service}.`}${method}`
    throw applicationError('UNIMPLEMENTED', ApplicationExceptionType.UNKNOWN_METHOD, text)
  }

  #run(call: ServerCall, request: unknown, form: ReplyForm, isAnswered: boolean): void {
    this.#calls.add(call)
    const place = isAnswered ? this.#place(form) : undefined
    call.handle(request).then(
      (value) => this.#settle(call, form, place, isAnswered, value, undefined),
      (error: unknown) => this.#settle(call, form, place, isAnswered, undefined, error),
    )
  }

  #settle(
    call: ServerCall,
    form: ReplyForm,
    place: Place | undefined,
    isAnswered: boolean,
    value: unknown,
    error: unknown,
  ): void {
    this.#calls.delete(call)
    if (isAnswered && !this.#ending) this.#answer(form, place, call, value, error)
    this.#endWhenIdle()
  }

  /** A place in the queue of replies, where order matters. */
  #place(form: ReplyForm): Place | undefined {
    if (form.framing !== 'buffered') return undefined
    const place: Place = { write: undefined }
    this.#places.push(place)
    return place
  }

  #answer(
    form: ReplyForm,
    place: Place | undefined,
    call: ServerCall | undefined,
    value: unknown,
    error: unknown,
  ): void {
    if (place === undefined) {
      this.#write(form, call, value, error)
      return
    }
    place.write = () => this.#write(form, call, value, error)
    while (this.#places[0]?.write !== undefined) this.#places.shift()?.write?.()
  }

  #write(form: ReplyForm, call: ServerCall | undefined, value: unknown, error: unknown): void {
    if (this.#socket.destroyed) return
    const writer = this.#writers.get(form.protocol)
    const begin = writer.position
    const notice = this.#notice(form)
    try {
      if (call !== undefined && error === undefined) writeResult(writer, form, call.cx, value, notice)
      else writeFailure(writer, form, call, error, notice)
    } catch (failure) {
      writer.truncate(begin)
      const reason = call === undefined ? RpcError.from(failure) : call.unexpected(failure)
      writeFailure(writer, form, undefined, reason, notice)
    }
    // The last reply of a burst takes the others with it; before it there is more to gather.
    if (this.#calls.size === 0 && !this.#reading) this.#batch.flush()
    else this.#batch.schedule()
  }

  /** What a reply tells of the connection besides. */
  #notice(form: ReplyForm): Notice {
    if (form.framing !== 'ttheader') return undefined
    if (this.#draining) return resetNotice
    if (this.#announced || !this.#multiplexed) return undefined
    this.#announced = true
    return anyOrderNotice
  }

  /** The stream cannot be read on: says why if it can be found out to whom, and closes. */
  #refuseStream(error: RpcError): void {
    this.#ending = true
    const begun = openPrefix(this.#frames)
    if (begun !== undefined && this.#expectsAnswer(begun)) {
      const type =
        error.code === 'INTERNAL' ? ApplicationExceptionType.PROTOCOL_ERROR : ApplicationExceptionType.INTERNAL_ERROR
      this.#write(
        formOf(begun, begun.envelope),
        undefined,
        undefined,
        applicationError(error.code, type, error.message),
      )
    }
    this.#cancelAll(new RpcError('CANCELLED', 'the connection broke off', { stack: false }))
    this.#end()
  }

  #expectsAnswer({ header, envelope }: MessagePrefix): boolean {
    if (envelope.kind === ThriftMessageKind.ONEWAY) return false
    try {
      return this.#route(header && readRequestInfo(header), envelope).method.kind !== 'oneway'
    } catch {
      return true
    }
  }

  #announceReset(): void {
    const writer = this.#writers.get('binary')
    endTtheader(
      writer,
      beginTtheader(writer, { sequence: 0, strings: resetNotice, ints: [[TtheaderKey.MSG_TYPE, '2']] }),
    )
    this.#batch.schedule()
  }

  #endWhenIdle(): void {
    if (!this.#draining || this.#leaving || this.#ending) return
    if (this.#reading || this.#calls.size > 0 || this.#places.length > 0) return
    this.#ending = true
    this.#end()
  }

  /** FIN, then whatever still comes is thrown away: closing with unread bytes would reset the last reply. */
  #end(): void {
    this.#batch.end()
    this.#socket.resume()
    setTimeout(() => this.#socket.destroy(), lingerMs).unref()
  }

  #cancelAll(reason: RpcError): void {
    const calls = [...this.#calls]
    this.#calls.clear()
    for (const call of calls) call.cancel(reason)
  }
}

const resetNotice: Exclude<Notice, undefined> = [['crrst', '1']]
const anyOrderNotice: Exclude<Notice, undefined> = [[anyOrderKey, '1']]
const nameless: ThriftEnvelope = { name: '', kind: 0, sequence: 0 }

function decode(route: Route, reader: Parameters<ThriftStruct['decode']>[0]): unknown {
  try {
    return (route.method.request as ThriftStruct).decode(reader)
  } catch (error) {
    const { name } = route.method
    const why = error instanceof Error ? error.message : String(error)
    if (!isRpcError(error))
      throw applicationError(
        'INVALID_ARGUMENT',
        ApplicationExceptionType.PROTOCOL_ERROR,
        `${name}: the arguments cannot be decoded`,
      )
    throw applicationError(
      'INVALID_ARGUMENT',
      ApplicationExceptionType.PROTOCOL_ERROR,
      `${name}: the arguments cannot be decoded: ${why}`,
    )
  }
}

function formOf(message: ThriftMessage, envelope: ThriftEnvelope, name: string = envelope.name): ReplyForm {
  return {
    framing: message.framing,
    framed: message.framed,
    protocol: message.protocol,
    headerSequence: message.header === undefined ? envelope.sequence : message.header.sequence,
    sequence: envelope.sequence,
    name,
  }
}

function headerlessForm(sequence: number): ReplyForm {
  return { framing: 'ttheader', framed: true, protocol: 'binary', headerSequence: sequence, sequence, name: '' }
}

interface MessagePrefix extends ThriftMessage {
  readonly envelope: ThriftEnvelope
}

/** What is around a message that cannot be read whole, as far as its first bytes tell. */
function openPrefix(frames: FrameReader): MessagePrefix | undefined {
  try {
    const bytes = frames.peek()
    if (bytes[4] === 0x10 || bytes[4] === 0x80 || bytes[4] === 0x82) {
      const message = openMessage(bytes[4] === 0x10 ? 'ttheader' : 'framed', bytes, 0, bytes.length)
      // Cut off, the payload's length does not fit what is there; its place is known all the same.
      const start = message.framing === 'ttheader' && bytes[message.start]! < 0x40 ? message.start + 4 : message.start
      const protocol = bytes[start] === 0x82 ? 'compact' : 'binary'
      const envelope = readerOf(protocol, bytes, start, bytes.length).messageBegin()
      return { ...message, protocol, framed: true, envelope }
    }
  } catch {
    return undefined
  }
  return undefined
}
