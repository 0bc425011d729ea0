/**
 * One call on the server: runs it, ends it early, and turns whatever the handler did into one of the three kinds of error.
 *
 * | state | `wait` | `handle` | handler settles | stream starts | stream ends | `cancel` |
 * |---|---|---|---|---|---|---|
 * | opened | waiting | running | | | | opened: `handle` will reject |
 * | waiting (counted as in flight) | | running | | | | over |
 * | running | | | over: settles the caller | responding | | abandoned: rejects at once |
 * | responding | | | | | over | over |
 * | abandoned (the handler still runs) | | | over | over: the stream is closed | | |
 * | over | | rejects | | | | |
 */

import { type MemoryAccount, memoryExhausted } from '../bytes/memory-account.ts'
import { type AmbientStore, ambientStore } from '../context/ambient.ts'
import { CallContext } from '../context/call-context.ts'
import type { Context } from '../context/context.ts'
import { isThenable, type Service } from '../context/service.ts'
import { isBizError, isDeclaredException, isInstance, isRpcError, printError, RpcError, rpcCodes } from '../error.ts'
import { addEntries, LazyMetainfo } from '../metainfo.ts'
import { streamsRequest, streamsResponse } from '../method-kind.ts'
import type { Refusal } from '../refusal.ts'
import type { CallCounter, ServerCall, ServerCallInit } from '../router.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { CallStream, isAsyncIterable } from '../stream/call-stream.ts'
import { describe } from '../text/describe-value.ts'

/** What the calls of one router share: the counters, the list of calls in flight, and where failures are reported. */
export interface CallRegistry {
  newest: RunningCall | undefined
  inFlight: number
  /** Calls that have ended early and whose handlers, or the sources of their response streams, have not. */
  abandoned: number
  /** Calls that have ended and whose answers their clients have not read. */
  unsent: number
  /** The most calls that `inFlight`, `abandoned` and `unsent` may come to together. */
  readonly maxCalls: number
  readonly onError: (error: unknown, cx: Context) => void
  readonly onRefused: (refusal: Refusal) => void
  readonly memory: MemoryAccount
  /** Runs when `inFlight` has come down to zero. */
  onIdle: (() => void) | undefined
  /** Why no call may start any more. */
  closed: RpcError | undefined
}

type Settle = (value: unknown) => void

/** A call that a router has opened. It is its own context, which saves an object per call. */
export class RunningCall extends CallContext implements ServerCall {
  older: RunningCall | undefined = undefined
  newer: RunningCall | undefined = undefined
  #onLeave: (() => void) | undefined = undefined
  readonly #registry: CallRegistry
  readonly #run: (cx: Context, request: unknown) => unknown
  readonly #replyTo: Context | undefined
  readonly #counter: CallCounter | undefined
  #givenUp = false
  #isRefused = false
  #heldBytes = 0
  /** It counts as abandoned until the source of its response has ended. */
  #lingers = false
  readonly #unanswered: boolean
  readonly #ambient: AmbientStore | undefined
  #headersCopied = false
  #map: ((message: unknown) => unknown) | undefined = undefined
  #state: 'opened' | 'waiting' | 'running' | 'responding' | 'abandoned' | 'over' = 'opened'
  #resolve: Settle | undefined = undefined
  #reject: Settle | undefined = undefined
  #early: { refuse(reason: RpcError): void } | undefined = undefined
  #request: CallStream | undefined = undefined
  #response: CallStream | undefined = undefined

  /** `run` is a Service, or, where no layer looks at it, a handler that may also answer without a promise. */
  constructor(
    registry: CallRegistry,
    service: ServiceType,
    method: MethodType,
    run: (cx: Context, request: unknown) => unknown,
    init: ServerCallInit,
  ) {
    super('server', service, method, init.deadline)
    this.#registry = registry
    this.#run = run
    this.#replyTo = init.replyTo
    this.#counter = init.counter
    this.#unanswered = init.unanswered === true || method.kind === 'oneway'
    this.#ambient = init.ambient
    this.peer = init.peer
    if (init.caller !== undefined) this.caller = init.caller
    if (init.requestHeaders !== undefined) this.requestHeadersIfAny = init.requestHeaders
    if (init.persistent !== undefined || init.transient !== undefined) {
      const metainfo = new LazyMetainfo()
      metainfo.persistentIfAny = init.persistent
      metainfo.transientIfAny = init.transient
      this.metainfoIfAny = metainfo
    }
  }

  get cx(): Context {
    return this
  }

  handle(request: unknown, map?: (message: unknown) => unknown): Promise<unknown> {
    const hasWaited = this.#state === 'waiting'
    if (this.#state !== 'opened' && !hasWaited)
      return Promise.reject(new RpcError('INTERNAL', 'this call has been handled already'))
    if (streamsRequest(this.method.kind)) {
      this.#request = new CallStream(request as AsyncIterable<unknown>, {})
      request = this.#request
    }
    const registry = this.#registry
    // In process the caller's stub watches the same deadline, and its cancellation arrives here; except after a oneway.
    const isWatched =
      (this.#replyTo !== undefined && this.method.kind !== 'oneway' && !hasWaited) || this.deadlineBucket !== undefined
    this.#early = undefined
    if (this.cancelled !== undefined || registry.closed !== undefined || !(isWatched || this.watchDeadline())) {
      // A call that has waited has been ended by its cancellation.
      const reason = this.cancelled ?? registry.closed
      if (this.#state !== 'over') this.#refuse(reason)
      return Promise.reject(reason)
    }
    if (!hasWaited && isFull(registry)) {
      const refusal = tooManyCalls(registry)
      this.#refuse(refusal)
      return Promise.reject(refusal)
    }
    this.#map = map
    if (!hasWaited) this.#enter()
    this.#state = 'running'
    this.#counter?.started()
    const ambient = this.#ambient ?? ambientStore()
    let running: unknown
    let isLater = true
    try {
      running = ambient === undefined ? this.#run(this, request) : ambient.run(this, this.#run as Service, request)
      isLater = running instanceof Promise || isThenable(running) || streamsResponse(this.method.kind)
    } catch (error) {
      running = Promise.reject(error)
    }
    // A handler that has answered already needs nobody who could end its call early.
    if (!isLater) return this.#settled(running)
    const outcome = new Promise<unknown>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (this.cancelled !== undefined) this.#reject?.(this.cancelled)
    try {
      const answer = running instanceof Promise ? running : Promise.resolve(running)
      answer.then(
        (value) => this.#succeed(value),
        (error) => this.#fail(error),
      )
    } catch (error) {
      // A promise of somebody else's making.
      this.#fail(error)
    }
    return outcome
  }

  awaitRequest(early: { refuse(reason: RpcError): void }): void {
    this.#early = early
    this.watchDeadline()
  }

  wait(): void {
    this.#enter()
    this.#state = 'waiting'
  }

  get memory(): MemoryAccount {
    return this.#registry.memory
  }

  holdMemory(bytes: number): void {
    // A request may be decoded after its caller has left; no handler sees it then.
    if (this.ended || this.cancelled !== undefined) return
    const { memory } = this.#registry
    if (this.#request === undefined) {
      memory.charge(bytes)
      this.#heldBytes += bytes
    } else {
      memory.charge(bytes - this.#heldBytes)
      this.#heldBytes = bytes
    }
  }

  get heldMemory(): number {
    return this.#heldBytes
  }

  holdMore(bytes: number): void {
    const { memory } = this.#registry
    if (bytes > memory.room) throw memoryExhausted(bytes, memory)
    if (this.ended || this.cancelled !== undefined) return
    memory.charge(bytes)
    this.#heldBytes += bytes
  }

  holdPlace(): () => void {
    const registry = this.#registry
    let isHeld = true
    registry.unsent++
    return () => {
      if (isHeld) registry.unsent--
      isHeld = false
    }
  }

  override end(): void {
    this.#releaseMemory()
    super.end()
  }

  #releaseMemory(): void {
    if (this.#heldBytes === 0) return
    this.#registry.memory.charge(-this.#heldBytes)
    this.#heldBytes = 0
  }

  /** Resolves when the call, which is in flight now, no longer is. */
  left(): Promise<void> {
    return new Promise((resolve) => {
      const earlier = this.#onLeave
      this.#onLeave = () => {
        earlier?.()
        resolve()
      }
    })
  }

  unexpected(error: unknown): RpcError {
    this.#report(error)
    return new RpcError('INTERNAL', 'internal error', { cause: error, stack: false })
  }

  /** The call that this one was made for, in process. */
  get parentContext(): Context | undefined {
    return this.#replyTo
  }

  /** Whoever counts this call, in process. */
  get countedBy(): CallCounter | undefined {
    return this.#counter
  }

  protected override endEarly(reason: RpcError): void {
    this.#request?.fail(reason)
    if (this.#response !== undefined) {
      if (this.#state === 'responding') this.#giveUp()
      this.#response.fail(reason)
    }
    this.#early?.refuse(reason)
    if (this.#state === 'waiting') this.#refuse(reason)
    // Nothing else ends a call that is never handled.
    if (this.#state === 'opened') {
      this.#releaseMemory()
      this.#tellRefusal(reason)
    }
    if (this.#state !== 'running') return
    this.#state = 'abandoned'
    this.#giveUp()
    this.#registry.abandoned++
    this.#leave()
    this.#reject?.(reason)
  }

  /** It ends before its handler has run. */
  #refuse(reason: RpcError | undefined): void {
    this.#tellRefusal(reason)
    if (this.#state === 'waiting') this.#leave()
    this.#state = 'over'
    this.end()
    this.#request?.return()
  }

  #tellRefusal(error: RpcError | undefined): void {
    if (this.#isRefused || error === undefined || this.peer === undefined) return
    this.#isRefused = true
    const { fullName } = this.service
    this.#registry.onRefused({ peer: this.peer, service: fullName, method: this.method.name, error })
  }

  #giveUp(): void {
    this.#givenUp = true
    this.#counter?.gaveUp()
  }

  #succeed(value: unknown): void {
    if (streamsResponse(this.method.kind)) {
      this.#respond(value)
      return
    }
    if (this.#state === 'abandoned') {
      this.#forget()
      return
    }
    let answer: unknown
    try {
      answer = this.#conclude(value)
    } catch (failure) {
      this.#reject?.(failure)
      return
    }
    this.#resolve?.(answer)
  }

  /** The outcome of a handler that answered at once. */
  #settled(value: unknown): Promise<unknown> {
    if (this.#state === 'abandoned') {
      this.#forget()
      return Promise.reject(this.cancelled)
    }
    try {
      return Promise.resolve(this.#conclude(value))
    } catch (failure) {
      return Promise.reject(failure)
    }
  }

  /** Ends a call of one answer; gives what the caller gets, or throws it. */
  #conclude(value: unknown): unknown {
    const { method } = this
    let answer = method.isVoid === true ? undefined : value
    if (value === undefined && method.isVoid !== true && method.kind !== 'oneway') {
      const failure = this.unexpected(
        new TypeError(`the handler of ${this.service.name}.${method.localName} returned nothing`),
      )
      this.#finish()
      throw failure
    }
    if (this.#map !== undefined) {
      try {
        answer = this.#map(answer)
      } catch (error) {
        // Also an RpcError about an answer that cannot be sent is the handler's fault, not its verdict.
        const failure = this.unexpected(error)
        this.#finish()
        throw failure
      }
    }
    this.#finish()
    return answer
  }

  #fail(error: unknown): void {
    if (this.#state === 'abandoned') {
      this.#forget()
      return
    }
    const failure = this.#failure(error)
    this.#finish()
    this.#reject?.(failure)
  }

  /** A streamed response: the call goes on until the stream ends. Headers count as sent with the first message. */
  #respond(value: unknown): void {
    if (!isAsyncIterable(value)) {
      this.#fail(
        new TypeError(
          `${this.service.name}.${this.method.localName} must answer with an AsyncIterable, not ${describe(value)}`,
        ),
      )
      return
    }
    const ambient = this.#ambient ?? ambientStore()
    const response = new CallStream(ambient === undefined ? value : enterEach(ambient, this, value), {
      map: this.#map === undefined ? undefined : (message) => this.#mapMessage(message),
      mapError: (error) => this.#failure(error),
      onEnd: (how) => this.#responded(how),
      onGone: () => this.#gone(),
    })
    if (this.#state === 'abandoned') {
      this.#lingers = true
      this.#state = 'over'
      this.end()
      response.return()
      return
    }
    this.#state = 'responding'
    this.#response = response
    response.prefetch().then(
      () => {
        if (this.#replyTo !== undefined) this.#copyBack(this.#replyTo)
        this.#resolve?.(response)
      },
      (error) => this.#reject?.(error),
    )
  }

  #mapMessage(message: unknown): unknown {
    try {
      return this.#map?.(message)
    } catch (error) {
      throw this.unexpected(error)
    }
  }

  #responded(how: 'done' | 'error' | 'left'): void {
    if (this.#state !== 'responding') return
    if (how === 'left') {
      // A caller whose deadline passed has left as well; in process the handler may know why.
      const known = this.#replyTo?.cancelled
      this.cancel(known ?? new RpcError('CANCELLED', 'the caller left the stream', { stack: false }))
    }
    this.#lingers = true
    this.#registry.abandoned++
    this.#finish()
  }

  /** The source of the response has ended. */
  #gone(): void {
    if (this.#lingers) {
      this.#lingers = false
      this.#registry.abandoned--
    }
    this.#counter?.ended(this.#givenUp)
  }

  #finish(): void {
    this.#state = 'over'
    if (this.#replyTo !== undefined) this.#copyBack(this.#replyTo)
    this.#leave()
    this.end()
    if (this.#response === undefined) this.#counter?.ended(this.#givenUp)
    this.#request?.return()
  }

  /** An abandoned handler has ended. */
  #forget(): void {
    this.#over()
    this.#counter?.ended(true)
  }

  #over(): void {
    this.#state = 'over'
    this.#registry.abandoned--
    this.end()
  }

  /** In process: hands what has been written for the caller to its context. Each part is handed over once. */
  #copyBack(replyTo: Context): void {
    const { responseHeadersIfAny, responseTrailersIfAny, metainfoIfAny } = this
    if (responseHeadersIfAny !== undefined && !this.#headersCopied) {
      this.#headersCopied = true
      for (const [name, value] of responseHeadersIfAny) replyTo.responseHeaders.append(name, value)
    }
    if (responseTrailersIfAny !== undefined && this.#state === 'over') {
      for (const [name, value] of responseTrailersIfAny) replyTo.responseTrailers.append(name, value)
    }
    const backward = metainfoIfAny?.backwardIfAny
    if (backward !== undefined) addEntries(replyTo.metainfo.backward, backward)
  }

  /** Any throw of the handler as one of the errors a call may end with. */
  #failure(error: unknown): unknown {
    if (!isSendable(error) && !this.#declares(error)) return this.unexpected(error)
    if (this.peer?.kind !== 'inproc' && isRpcError(error) && error.bytesSent !== undefined) {
      return this.#localFailure(error)
    }
    if (this.#unanswered) this.#report(error)
    return error
  }

  /** A call that the handler made failed on this side: its addresses and paths are not for callers outside the process. */
  #localFailure(error: RpcError): RpcError {
    this.#report(error)
    return new RpcError(error.code, 'a service that this call needs has failed', { cause: error, stack: false })
  }

  #declares(error: unknown): boolean {
    if (!isDeclaredException(error)) return false
    return this.method.throws?.some(({ type }) => isInstance(error, type)) === true
  }

  #report(error: unknown): void {
    const failed = (second: unknown): void => {
      printError('volo: onError failed', second)
      printError('volo: while it was told of', error)
    }
    try {
      const told: unknown = this.#registry.onError(error, this)
      if (isThenable(told)) Promise.resolve(told).then(undefined, failed)
    } catch (second) {
      failed(second)
    }
  }

  #enter(): void {
    const registry = this.#registry
    registry.inFlight++
    this.older = registry.newest
    if (registry.newest !== undefined) registry.newest.newer = this
    registry.newest = this
  }

  #leave(): void {
    const { older, newer } = this
    const registry = this.#registry
    if (newer === undefined) registry.newest = older
    else newer.older = older
    if (older !== undefined) older.newer = newer
    this.older = undefined
    this.newer = undefined
    this.#onLeave?.()
    if (--registry.inFlight === 0) registry.onIdle?.()
  }
}

/** Whether no further call may run. */
export function isFull({ inFlight, abandoned, unsent, maxCalls }: CallRegistry): boolean {
  return inFlight + abandoned + unsent >= maxCalls
}

/** The refusal of a call that is one too many. */
export function tooManyCalls({ inFlight, abandoned, unsent, maxCalls }: CallRegistry): RpcError {
  const ended = abandoned === 0 ? '' : `, of which ${abandoned} have ended early and their handlers have not`
  const unread = unsent === 0 ? '' : `, and ${unsent} whose answers their clients have not read`
  const text = `the server has ${inFlight + abandoned} calls in flight${ended}${unread}; the limit is ${maxCalls} (limits.maxConcurrentCalls)`
  return new RpcError('RESOURCE_EXHAUSTED', text, { stack: false, bytesSent: false })
}

/** Whether an error is an RpcError or a BizError with all that a wire reads of it. */
function isSendable(error: unknown): boolean {
  try {
    if (isRpcError(error)) {
      return rpcCodes.includes(error.code) && typeof error.message === 'string' && Array.isArray(error.details)
    }
    return isBizError(error) && typeof error.message === 'string' && typeof error.extra === 'object'
  } catch {
    return false
  }
}

function enterEach(ambient: AmbientStore, cx: Context, stream: AsyncIterable<unknown>): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = ambient.enter(cx, () => stream[Symbol.asyncIterator]())
      return {
        next: () => ambient.enter(cx, () => iterator.next()),
        return: async () => ambient.enter(cx, () => iterator.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}
