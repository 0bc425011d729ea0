/** One call to a worker thread, on the side of the caller. */

import type { Context } from '../../core/context/context.ts'
import { RpcError } from '../../core/error.ts'
import { streamsRequest } from '../../core/method-kind.ts'
import { readResponseHead } from './call-header.ts'
import { unpackError } from './error.ts'
import { type ArrivedPayload, emptyPayload, Frame, type Outbox, type Payload } from './frame.ts'
import { dropPayload, type MethodCarrier } from './payload.ts'
import { StreamReceiver, StreamSender } from './stream.ts'

/** A method as a pool knows it: its number, and the frame that tells a worker what the number means. */
export interface PoolRoute {
  readonly number: number
  readonly idl: 'thrift' | 'protobuf'
  readonly service: string
  readonly method: string
  readonly carrier: MethodCarrier
}

/** The line that a call stands in, or the worker that has it. */
export interface CallHolder {
  /** The caller has given up. */
  cancel(call: ThreadCall, reason: RpcError): void
}

/** The worker that has a call. */
export interface CallWorker extends CallHolder {
  readonly outbox: Outbox
  readonly streamWindow: number
}

type Settle = (value: unknown) => void

/** A call from the moment it is encoded until its worker has said its last word about it. */
export class ThreadCall {
  readonly cx: Context
  readonly route: PoolRoute
  readonly head: unknown
  readonly outcome: Promise<unknown>
  /** The place of the call in its worker's list. */
  id = -1
  /** The batch of the worker's outbox that it left with. */
  batch = -1
  payload: Payload
  holder: CallHolder | undefined = undefined
  /** The caller has its answer or has given up. */
  isSettled = false
  /** The caller has given up; the handler may still run. */
  wasLeft = false
  #resolve!: Settle
  #reject!: Settle
  #messages: AsyncIterable<unknown> | undefined = undefined
  #request: StreamSender | undefined = undefined
  #response: StreamReceiver<ArrivedPayload> | undefined = undefined
  #worker: CallWorker | undefined = undefined
  #removeCancel: (() => void) | undefined = undefined

  /** Throws INVALID_ARGUMENT for a request that cannot be encoded. */
  constructor(cx: Context, route: PoolRoute, head: unknown, request: unknown) {
    this.cx = cx
    this.route = route
    this.head = head
    if (streamsRequest(cx.method.kind)) {
      this.#messages = request as AsyncIterable<unknown>
      this.payload = emptyPayload
    } else this.payload = route.carrier.request.encode(request)
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Hears when the caller gives up. */
  watch(): void {
    if ((this.cx as { readonly cancellable?: boolean }).cancellable === false) return
    this.#removeCancel = this.cx.onCancel((reason) => {
      if (this.isSettled) return
      this.fail(reason)
      this.holder?.cancel(this, reason)
    })
  }

  /** A worker has got the call. */
  begin(worker: CallWorker): void {
    this.holder = worker
    this.#worker = worker
    this.payload = emptyPayload
    if (this.cx.method.kind === 'oneway') {
      this.#settle()
      this.#resolve(undefined)
    } else if (this.#messages !== undefined) this.#send(worker, this.#messages)
  }

  /** The worker has room for more of the request. */
  addCredit(count: number): void {
    this.#request?.add(count)
  }

  /** The handler reads no more of the request. */
  stopRequest(): void {
    this.#request?.stop()
  }

  /** A streamed response begins. */
  respond(head: unknown): void {
    if (head !== undefined) readResponseHead(head, this.cx)
    const { route } = this
    const worker = this.#worker
    if (this.isSettled || worker === undefined) return
    this.#response = new StreamReceiver(worker.streamWindow, {
      decode: route.carrier.response.decode,
      read: (count) => {
        if (this.id < 0) return
        worker.outbox.frame(Frame.CREDIT, this.id)
        worker.outbox.item(count)
      },
      left: () => {
        const reason = new RpcError('CANCELLED', 'the caller left the stream', { stack: false })
        if (this.isSettled) return
        this.#settle()
        worker.cancel(this, reason)
      },
    })
    this.#resolve(this.#response)
  }

  arrived(payload: ArrivedPayload): void {
    this.#response?.push(payload)
  }

  /** The streamed response has ended well. */
  responseEnded(head: unknown): void {
    if (this.isSettled) return
    if (head !== undefined) readResponseHead(head, this.cx)
    this.#settle()
    this.#response?.finish()
  }

  /** The answer of a method that has one. */
  answer(head: unknown, payload: ArrivedPayload): void {
    if (this.isSettled) return
    if (head !== undefined) readResponseHead(head, this.cx)
    this.#settle()
    try {
      this.#resolve(this.route.carrier.response.decode(payload))
    } catch (error) {
      this.#reject(error)
    }
  }

  /** The call has failed in the worker. */
  failed(head: unknown, error: unknown, payload: ArrivedPayload): void {
    if (this.isSettled) return
    if (head !== undefined) readResponseHead(head, this.cx)
    let failure: unknown
    try {
      failure = unpackError(error, payload, this.route.carrier)
    } catch (second) {
      failure = second
    }
    this.fail(failure)
  }

  /** Gives the caller an error; does nothing when it has its answer. */
  fail(error: unknown): void {
    if (this.isSettled) return
    this.#settle()
    dropPayload(this.payload)
    this.payload = emptyPayload
    if (this.#response !== undefined) this.#response.fail(error)
    else this.#reject(error)
  }

  #settle(): void {
    this.isSettled = true
    this.#removeCancel?.()
    this.#removeCancel = undefined
    this.#request?.stop()
  }

  #send(worker: CallWorker, messages: AsyncIterable<unknown>): void {
    const { outbox } = worker
    this.#request = new StreamSender(messages, worker.streamWindow, {
      message: (message) => {
        const payload = this.route.carrier.request.encode(message)
        outbox.frame(Frame.MESSAGE, this.id)
        outbox.payload(payload)
      },
      ended: () => outbox.frame(Frame.END, this.id),
      failed: (error) => {
        if (this.isSettled) return
        this.fail(error)
        worker.cancel(this, new RpcError('CANCELLED', 'the stream of requests failed', { stack: false }))
      },
    })
  }
}
