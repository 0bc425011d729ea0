/** One call on the client that can end early: settles its caller at once and exactly once, and lets go of all it held. */

import { CallContext } from '../context/call-context.ts'
import { callAddress, callTags } from '../context/call-target.ts'
import type { Context } from '../context/context.ts'
import type { ResponseListener } from '../context/response-start.ts'
import { callService } from '../context/service.ts'
import { type SignalWatcher, unwatchSignal, watchSignal } from '../context/signal-watch.ts'
import { messageOf, RpcError } from '../error.ts'
import { Metadata } from '../metadata.ts'
import { addEntries } from '../metainfo.ts'
import { streamsRequest } from '../method-kind.ts'
import { isNumber } from '../option-check.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { CallStream, isAsyncIterable } from '../stream/call-stream.ts'
import { captureContext } from '../stream/context-stream.ts'
import { StreamAge, StreamHandle } from '../stream/stream-handle.ts'
import { describe } from '../text/describe-value.ts'
import type { BoundClient } from './bound-client.ts'
import type { CallOptions } from './call-options.ts'
import { retryOption } from './retry-option.ts'

type Settle = (value: unknown) => void

/** A call of a stub; it is its own context. */
export class ClientCall extends CallContext implements SignalWatcher, ResponseListener {
  /** The caller has its answer. */
  #settled = false
  /** The caller has been given the response headers. */
  #headersSeen = false
  readonly #options: CallOptions | undefined
  readonly #parent: Context | undefined
  #unlinkParent: (() => void) | undefined = undefined
  #resolve: Settle | undefined = undefined
  #reject: Settle | undefined = undefined
  #request: CallStream | undefined = undefined
  #response: CallStream | undefined = undefined
  #age: StreamAge | undefined = undefined

  constructor(
    service: ServiceType,
    method: MethodType,
    deadline: number | undefined,
    options: CallOptions | undefined,
    parent: Context | undefined,
  ) {
    super('client', service, method, deadline)
    this.#options = options
    this.#parent = parent
  }

  /**
   * Makes the call unless the call has ended already, and gives a promise that also settles when it ends early. `now` is
   * the time of the call in `performance.now()`, when it is known.
   */
  run(bound: BoundClient, request: unknown, now?: number): Promise<unknown> {
    const outcome = new Promise<unknown>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#start(bound, request, now)
    return outcome
  }

  /**
   * The same for a streamed response: the call starts now, a failure waits for the first `next()`. A response that its
   * caller has lost ends the call.
   */
  stream(bound: BoundClient, request: unknown, now?: number): AsyncIterable<unknown> {
    const response = new CallStream(undefined, { onEnd: (how) => this.#responded(how) })
    this.#response = response
    this.#start(bound, request, now)
    this.#age = new StreamAge()
    return new StreamHandle(response, this.#age)
  }

  /** The call that this one is made for. */
  get parentContext(): Context | undefined {
    return this.#parent
  }

  /** Response headers have come. */
  responseStarted(): void {
    const onHeaders = this.#options?.onHeaders
    if (onHeaders === undefined || this.#headersSeen || this.#settled || this.cancelled !== undefined) return
    this.#headersSeen = true
    try {
      onHeaders(this.responseHeaders)
    } catch (error) {
      this.#failLocally(error, 'the caller failed')
    }
  }

  aborted(signal: AbortSignal): void {
    this.cancel(new RpcError('CANCELLED', 'the caller aborted the call', { cause: signal.reason, stack: false }))
  }

  protected override endEarly(reason: RpcError): void {
    this.#release()
    this.#failCaller(reason)
    this.#request?.fail(reason)
  }

  #start(bound: BoundClient, request: unknown, now: number | undefined): void {
    const options = this.#options
    const parent = this.#parent
    if (options !== undefined) this.#take(options, bound)
    const signal = options?.signal
    if (this.cancelled !== undefined) return
    if (signal?.aborted === true) this.aborted(signal)
    else if (parent?.cancelled !== undefined) this.cancel(parentEnded(parent.cancelled))
    else if (this.watchDeadline(now)) {
      if (signal !== undefined) watchSignal(signal, this)
      if (parent !== undefined) this.#unlinkParent = parent.onCancel((reason) => this.cancel(parentEnded(reason)))
    }
    if (this.cancelled !== undefined) return
    try {
      const given = streamsRequest(this.method.kind) ? this.#readRequest(request) : request
      callService(bound.call, this, given).then(
        (value) => this.#succeed(value),
        (error) => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  #take(options: CallOptions, bound: BoundClient): void {
    const { metadata, metainfo, timeoutMs, retry, address, tags, prepare } = options
    try {
      if (timeoutMs !== undefined && !isNumber(timeoutMs)) {
        throw new TypeError(`timeoutMs must be a number, not ${describe(timeoutMs)}`)
      }
      if (retry !== undefined) {
        if (retry !== false && !bound.retries) throw new TypeError('retry: the client has no retry() among its layers')
        this.set(retryOption, retry)
      }
      if (address !== undefined) {
        if (!bound.takesAddress) throw new TypeError('address: the transport of this client goes to one place only')
        this.set(callAddress, address)
      }
      if (tags !== undefined) this.set(callTags, tags)
      if (metadata !== undefined)
        for (const [name, value] of new Metadata(metadata)) this.requestHeaders.append(name, value)
      if (metainfo?.persistent !== undefined) addEntries(this.metainfo.persistent, Object.entries(metainfo.persistent))
      if (metainfo?.transient !== undefined) addEntries(this.metainfo.transient, Object.entries(metainfo.transient))
      prepare?.(this)
    } catch (error) {
      const text = `bad options of ${this.title()}: ${messageOf(error)}`
      this.cancel(new RpcError('INVALID_ARGUMENT', text, { cause: error }))
    }
  }

  #readRequest(messages: unknown): AsyncIterable<unknown> {
    const iterable = toAsyncIterable(messages, this.title())
    // The transport reads it in the context of its socket.
    this.#request = new CallStream((captureContext()?.(iterable) ?? iterable) as AsyncIterable<unknown>, {
      mapError: (error) => {
        this.#failLocally(error, 'the stream of requests failed')
        return this.cancelled
      },
    })
    return this.#request
  }

  #succeed(value: unknown): void {
    const response = this.#response
    const options = this.#options
    if (this.#settled || this.cancelled !== undefined) {
      response?.attach(value as AsyncIterable<unknown>)
      return
    }
    this.responseStarted()
    if (response === undefined && !this.#settled) {
      try {
        options?.onTrailers?.(this.responseTrailers)
      } catch (error) {
        this.#failLocally(error, 'the caller failed')
      }
    }
    if (response !== undefined) {
      if (isAsyncIterable(value)) response.attach(value)
      else this.#fail(notStreamed(this.title(), value))
    } else if (!this.#settled) {
      this.#settled = true
      this.#over()
      this.#resolve?.(value)
    }
  }

  #fail(error: unknown): void {
    if (this.#settled || this.cancelled !== undefined) return
    // Of a transport that has headers and outcome together.
    if (this.responseHeadersIfAny !== undefined && this.responseHeadersIfAny.size > 0) this.responseStarted()
    this.#failCaller(error)
    this.#over()
  }

  /** The caller's own code failed: it gets its own error back, everybody else hears that the call is cancelled. */
  #failLocally(error: unknown, message: string): void {
    this.#failCaller(error)
    this.cancel(new RpcError('CANCELLED', message, { cause: error, stack: false }))
  }

  #failCaller(error: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#reject?.(error)
    this.#response?.fail(error)
  }

  #responded(how: 'done' | 'error' | 'left'): void {
    this.#age?.ended()
    if (this.#settled) return
    this.#settled = true
    if (how === 'left') this.cancel(new RpcError('CANCELLED', 'the caller left the stream', { stack: false }))
    this.#over()
    if (how === 'done') this.#options?.onTrailers?.(this.responseTrailers)
  }

  #over(): void {
    this.#release()
    this.end()
    this.#request?.return()
  }

  #release(): void {
    const signal = this.#options?.signal
    if (signal !== undefined) unwatchSignal(signal, this)
    this.#unlinkParent?.()
    this.#unlinkParent = undefined
  }
}

function parentEnded(reason: RpcError): RpcError {
  const code = reason.code === 'DEADLINE_EXCEEDED' ? reason.code : 'CANCELLED'
  return new RpcError(code, 'the call that this one was made for ended early', { cause: reason, stack: false })
}

function notStreamed(title: string, value: unknown): RpcError {
  const text = `${title} streams its response, but a layer or the transport answered with ${describe(value)}`
  return new RpcError('INTERNAL', text, { stack: false })
}

function toAsyncIterable(messages: unknown, title: string): AsyncIterable<unknown> {
  if (typeof messages === 'object' && messages !== null) {
    if (Symbol.asyncIterator in messages) return messages as AsyncIterable<unknown>
    if (Symbol.iterator in messages) return fromIterable(messages as Iterable<unknown>)
  }
  throw new RpcError(
    'INVALID_ARGUMENT',
    `${title} takes an Iterable or AsyncIterable of messages, not ${describe(messages)}`,
  )
}

async function* fromIterable(messages: Iterable<unknown>): AsyncIterable<unknown> {
  yield* messages
}
