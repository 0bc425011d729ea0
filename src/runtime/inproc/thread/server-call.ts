/** One call in a worker thread: from its frame to the frame that ends it. */

import type { Peer } from '../../core/context/context.ts'
import { isRpcError, type RpcCode, RpcError } from '../../core/error.ts'
import { leaveIterator } from '../../core/iterator.ts'
import type { Metadata } from '../../core/metadata.ts'
import { streamsRequest, streamsResponse } from '../../core/method-kind.ts'
import type { CallCounter, Route, Router, ServerCall, ServerCallInit } from '../../core/router.ts'
import { type HeadTarget, readCallHeader, responseHead } from './call-header.ts'
import { packError } from './error.ts'
import { type ArrivedPayload, emptyPayload, Frame, FrameFlag, type Outbox, type Payload } from './frame.ts'
import { dropPayload, type MethodCarrier } from './payload.ts'
import { StreamReceiver, StreamSender } from './stream.ts'

/** A route that the other side has named, with the way its messages travel. */
export interface ThreadRoute extends Route {
  readonly carrier: MethodCarrier
}

/** What the calls of one worker share. */
export interface ThreadServerLink {
  readonly router: Router
  readonly outbox: Outbox
  readonly peer: Peer
  readonly streamWindow: number
  /** Calls that have not sent their last frame. */
  readonly running: number
  /** The call with this id sends its last frame. */
  over(id: number): void
}

/**
 * A call. It is what the router opens its own from, and counts itself there, to know when its handler has really ended:
 * objects of one shape for all calls, where one made for each would cost as much as the rest.
 */
export class ThreadServerCall implements CallCounter, ServerCallInit, HeadTarget {
  readonly peer: Peer
  readonly counter: CallCounter
  caller: string | undefined = undefined
  deadline: number | undefined = undefined
  requestHeaders: Metadata | undefined = undefined
  persistent: Map<string, string> | undefined = undefined
  transient: Map<string, string> | undefined = undefined
  readonly #link: ThreadServerLink
  readonly #id: number
  readonly #route: ThreadRoute
  #call: ServerCall | undefined = undefined
  #request: StreamReceiver<ArrivedPayload> | undefined = undefined
  #response: StreamSender | undefined = undefined
  /** Messages of the response that the caller has room for before there is a response. */
  #credit: number
  #isRunning = false
  /** The caller has its answer or has given up; only the end of the handler is still to be told. */
  #isAnswered = false
  #hasSentHeaders = false
  #isOver = false

  constructor(link: ThreadServerLink, id: number, route: ThreadRoute) {
    this.#link = link
    this.#id = id
    this.#route = route
    this.#credit = link.streamWindow
    this.peer = link.peer
    this.counter = this
  }

  /** Opens the call and runs it. */
  start(head: unknown, payload: ArrivedPayload): void {
    const link = this.#link
    const route = this.#route
    const { method, carrier } = route
    let running: Promise<unknown>
    try {
      if (head !== undefined) readCallHeader(head, this)
      this.#call = link.router.open(route, this)
      const request = streamsRequest(method.kind) ? this.#receive() : carrier.request.decode(payload, this.#call)
      running = this.#call.handle(request, carrier.response.encode)
    } catch (error) {
      const failure =
        isRpcError(error) || this.#call === undefined ? RpcError.from(error) : this.#call.unexpected(error)
      // The router reports the refusal of a call that it has opened.
      if (this.#call !== undefined) this.#call.cancel(failure)
      else
        link.router.refused({ peer: this.peer, service: route.service.fullName, method: method.name, error: failure })
      this.#fail(failure)
      return
    }
    running.then(this.#onAnswer, this.#onFailure)
  }

  /** A message of the request. */
  arrived(payload: ArrivedPayload): void {
    this.#request?.push(payload)
  }

  /** The request is complete. */
  requested(): void {
    this.#request?.finish()
  }

  addCredit(count: number): void {
    if (this.#response === undefined) this.#credit += count
    else this.#response.add(count)
  }

  /** The caller has given up. */
  cancel(code: RpcCode, message: string): void {
    const wasAnswered = this.#isAnswered
    this.#isAnswered = true
    this.#call?.cancel(new RpcError(code, message, { stack: false }))
    this.#response?.stop()
    if (!wasAnswered && !this.#isRunning) this.#done()
  }

  started(): void {
    this.#isRunning = true
  }

  gaveUp(): void {}

  ended(): void {
    this.#isRunning = false
    if (this.#isAnswered) this.#done()
  }

  #done(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#link.outbox.frame(Frame.DONE | FrameFlag.final, this.#id)
    this.#link.over(this.#id)
  }

  #receive(): StreamReceiver<ArrivedPayload> {
    const link = this.#link
    const route = this.#route
    const id = this.#id
    this.#request = new StreamReceiver(link.streamWindow, {
      decode: (payload) => route.carrier.request.decode(payload, this.#call),
      read: (count) => {
        if (this.#isAnswered) return
        link.outbox.frame(Frame.CREDIT, id)
        link.outbox.item(count)
      },
      left: () => {
        if (!this.#isAnswered) link.outbox.frame(Frame.STOP, id)
      },
    })
    return this.#request
  }

  readonly #onAnswer = (answer: unknown): void => {
    const isStream = streamsResponse(this.#route.method.kind)
    if (this.#isAnswered) {
      if (isStream) leaveIterator(answer as AsyncIterator<unknown>)
      else dropPayload(answer as Payload)
      return
    }
    if (isStream) {
      this.#respond(answer as AsyncIterable<unknown>)
      return
    }
    this.#conclude(Frame.REPLY)
    this.#link.outbox.payload((answer as Payload | undefined) ?? emptyPayload)
    this.#link.outbox.finish(this.#link.running === 0)
  }

  readonly #onFailure = (error: unknown): void => {
    if (!this.#isAnswered) this.#fail(error)
  }

  #respond(messages: AsyncIterable<unknown>): void {
    const { outbox } = this.#link
    const head = responseHead(this.#call!.cx, true, false)
    this.#hasSentHeaders = true
    outbox.frame(head === undefined ? Frame.HEADERS : Frame.HEADERS | FrameFlag.head, this.#id)
    if (head !== undefined) outbox.item(head)
    this.#response = new StreamSender(messages, this.#credit, {
      message: (payload) => {
        outbox.frame(Frame.MESSAGE, this.#id)
        outbox.payload(payload as Payload)
      },
      ended: () => {
        this.#conclude(Frame.END)
        outbox.finish(false)
      },
      failed: (error) => this.#fail(error),
    })
  }

  #fail(error: unknown): void {
    const { method, carrier } = this.#route
    let packed: ReturnType<typeof packError>
    try {
      packed = packError(error, method, carrier)
    } catch (second) {
      packed = packError(this.#call?.unexpected(second) ?? second, method, carrier)
    }
    this.#conclude(Frame.ERROR)
    this.#link.outbox.item(packed.error)
    this.#link.outbox.payload(packed.payload)
    this.#link.outbox.finish(false)
  }

  /** Begins the frame of the answer; it is the last one of the call unless the handler runs on. */
  #conclude(kind: number): void {
    const { outbox } = this.#link
    const isFinal = !this.#isRunning
    this.#isAnswered = true
    const head = this.#headOfAnswer()
    outbox.begin(kind | (isFinal ? FrameFlag.final : 0) | (head === undefined ? 0 : FrameFlag.head), this.#id)
    if (head !== undefined) outbox.item(head)
    if (!isFinal) return
    this.#isOver = true
    this.#link.over(this.#id)
  }

  #headOfAnswer(): unknown {
    if (this.#call === undefined) return undefined
    try {
      return responseHead(this.#call.cx, !this.#hasSentHeaders, true)
    } catch (error) {
      this.#call.unexpected(error)
      return undefined
    }
  }
}
