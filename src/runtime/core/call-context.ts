/** The implementation of Context for both sides; everything a call may never need is made on first read. */

import type { Context, ContextKey, Peer } from './context.ts'
import { addDeadline, type DeadlineBucket, type DeadlineEntry, removeDeadline } from './deadline-timer.ts'
import { RpcError } from './error.ts'
import { Metadata } from './metadata.ts'
import { LazyMetainfo, type Metainfo } from './metainfo.ts'
import type { MethodType, ServiceType } from './service-type.ts'

interface CancelListener {
  /** Undefined once removed. */
  run: ((reason: RpcError) => void) | undefined
  next: CancelListener | undefined
  previous: CancelListener | undefined
}

const nothing = (): void => {}

/**
 * A context, its cancellation and its place in the deadline timer in one object. The stub and the router extend it:
 * they call `watchDeadline`, `cancel` and, when the call is over, `end`.
 */
export class CallContext implements Context, DeadlineEntry {
  readonly role: 'client' | 'server'
  readonly service: ServiceType
  readonly method: MethodType
  caller = ''
  callee: string
  peer: Peer | undefined = undefined
  readonly deadline: number | undefined
  cancelled: RpcError | undefined = undefined
  /** The call is over: nothing can cancel it any more. */
  ended = false
  /** What has been made of the lazy members; for whoever must not make them by looking. */
  requestHeadersIfAny: Metadata | undefined = undefined
  responseHeadersIfAny: Metadata | undefined = undefined
  responseTrailersIfAny: Metadata | undefined = undefined
  metainfoIfAny: LazyMetainfo | undefined = undefined
  deadlineBucket: DeadlineBucket | undefined = undefined
  deadlineNext: DeadlineEntry | undefined = undefined
  deadlinePrevious: DeadlineEntry | undefined = undefined
  private listeners: CancelListener | undefined = undefined
  private controller: AbortController | undefined = undefined
  private extensions: Map<ContextKey<unknown>, unknown> | undefined = undefined

  constructor(role: 'client' | 'server', service: ServiceType, method: MethodType, deadline: number | undefined) {
    this.role = role
    this.service = service
    this.method = method
    this.callee = service.name
    this.deadline = deadline
  }

  get remainingMs(): number {
    return this.deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.deadline - performance.now())
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.cancelled !== undefined) this.controller.abort(this.cancelled)
    }
    return this.controller.signal
  }

  get metainfo(): Metainfo {
    this.metainfoIfAny ??= new LazyMetainfo()
    return this.metainfoIfAny
  }

  get requestHeaders(): Metadata {
    this.requestHeadersIfAny ??= new Metadata()
    return this.requestHeadersIfAny
  }

  get responseHeaders(): Metadata {
    this.responseHeadersIfAny ??= new Metadata()
    return this.responseHeadersIfAny
  }

  get responseTrailers(): Metadata {
    this.responseTrailersIfAny ??= new Metadata()
    return this.responseTrailersIfAny
  }

  get<T>(key: ContextKey<T>): T | undefined {
    return this.extensions?.get(key) as T | undefined
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.extensions ??= new Map()
    this.extensions.set(key, value)
  }

  onCancel(listener: (reason: RpcError) => void): () => void {
    if (this.cancelled !== undefined) listener(this.cancelled)
    if (this.cancelled !== undefined || this.ended) return nothing
    const node: CancelListener = { run: listener, next: undefined, previous: this.listeners }
    if (this.listeners !== undefined) this.listeners.next = node
    this.listeners = node
    return () => this.removeListener(node)
  }

  /** Ends the call early; the first reason stands. Does nothing once the call is over. */
  cancel(reason: RpcError): void {
    if (this.cancelled !== undefined || this.ended) return
    this.cancelled = reason
    removeDeadline(this)
    this.earlyEnd(reason)
    let node = this.listeners
    this.listeners = undefined
    while (node?.previous !== undefined) node = node.previous
    for (; node !== undefined; node = node.next) {
      try {
        node.run?.(reason)
      } catch (error) {
        console.error(`volo: a cancel listener of ${this.service.name}.${this.method.name} threw`, error)
      }
    }
    this.controller?.abort(reason)
  }

  /** Starts to enforce the deadline. False, with the context cancelled, when it has passed already. */
  watchDeadline(): boolean {
    const { deadline } = this
    if (deadline === undefined) return true
    const now = performance.now()
    if (deadline <= now) {
      this.expire()
      return false
    }
    addDeadline(this, deadline, now)
    return true
  }

  expire(): void {
    this.cancel(
      new RpcError('DEADLINE_EXCEEDED', `the deadline of ${this.service.name}.${this.method.name} passed`, {
        stack: false,
      }),
    )
  }

  /** The call is over: lets go of its timer and listeners. */
  end(): void {
    this.ended = true
    if (this.deadlineBucket !== undefined) removeDeadline(this)
    this.listeners = undefined
  }

  /** What the owner of the call does about a cancellation; runs before the listeners. */
  protected earlyEnd(_reason: RpcError): void {}

  private removeListener(node: CancelListener): void {
    if (node.run === undefined) return
    node.run = undefined
    const { next, previous } = node
    if (previous !== undefined) previous.next = next
    if (next !== undefined) next.previous = previous
    else if (this.listeners === node) this.listeners = previous
  }
}
