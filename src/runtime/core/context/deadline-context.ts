/** A context inside another one with an earlier deadline: how a layer gives what it wraps less time. */

import type { RpcError } from '../error.ts'
import type { Metadata } from '../metadata.ts'
import type { LazyMetainfo, Metainfo } from '../metainfo.ts'
import { streamsResponse } from '../method-kind.ts'
import { CallStream } from '../stream/call-stream.ts'
import type { LazyParts } from './call-context.ts'
import { lazyParts } from './call-context.ts'
import type { Context, ContextKey, Peer } from './context.ts'
import { InnerContext } from './inner-context.ts'
import { callService, type Service } from './service.ts'

/**
 * Calls `next` with a context that must end by `deadline` (milliseconds of `performance.now()`) and is otherwise the
 * same: services inside, nested calls and wires see the earlier deadline, and when it passes the result rejects with
 * DEADLINE_EXCEEDED at once while what is inside is cancelled. The outer context is left as it is, so another attempt
 * may follow. A streamed response keeps the deadline until it ends. Without effect when the outer deadline is earlier.
 */
export function withDeadline(cx: Context, deadline: number, next: Service, request: unknown): Promise<unknown> {
  if (cx.deadline !== undefined && cx.deadline <= deadline) return next(cx, request)
  return new Promise((resolve, reject) => {
    const inner = new NarrowedContext(cx, deadline, reject)
    if (!inner.watch()) return
    callService(next, inner, request).then(
      (value) => resolve(inner.answer(value)),
      (error) => {
        inner.end()
        reject(error)
      },
    )
  })
}

class NarrowedContext extends InnerContext implements Context, LazyParts {
  readonly #reject: (reason: unknown) => void
  #unlink: (() => void) | undefined = undefined
  #response: CallStream | undefined = undefined

  constructor(outer: Context, deadline: number, reject: (reason: unknown) => void) {
    super(outer, deadline)
    this.#reject = reject
  }

  get peer(): Peer | undefined {
    return this.outer.peer
  }
  set peer(peer: Peer | undefined) {
    this.outer.peer = peer
  }
  get metainfo(): Metainfo {
    return this.outer.metainfo
  }
  get requestHeaders(): Metadata {
    return this.outer.requestHeaders
  }
  get responseHeaders(): Metadata {
    return this.outer.responseHeaders
  }
  get responseTrailers(): Metadata {
    return this.outer.responseTrailers
  }
  get metainfoIfAny(): LazyMetainfo | undefined {
    return lazyParts(this.outer).metainfoIfAny
  }
  get requestHeadersIfAny(): Metadata | undefined {
    return lazyParts(this.outer).requestHeadersIfAny
  }
  get responseHeadersIfAny(): Metadata | undefined {
    return lazyParts(this.outer).responseHeadersIfAny
  }
  get responseTrailersIfAny(): Metadata | undefined {
    return lazyParts(this.outer).responseTrailersIfAny
  }
  get<T>(key: ContextKey<T>): T | undefined {
    return this.outer.get(key)
  }
  set<T>(key: ContextKey<T>, value: T): void {
    this.outer.set(key, value)
  }

  /** Starts the deadline and follows the outer context; false when it has ended already. */
  watch(): boolean {
    this.#unlink = this.outer.onCancel((reason) => this.cancel(reason))
    return this.cancelled === undefined && this.watchDeadline()
  }

  answer(value: unknown): unknown {
    if (!streamsResponse(this.method.kind)) {
      this.end()
      return value
    }
    const response = new CallStream(value as AsyncIterable<unknown>, { onEnd: () => this.end(), waitsForSource: true })
    if (this.cancelled === undefined) this.#response = response
    else response.return()
    return response
  }

  override end(): void {
    super.end()
    this.#unlink?.()
  }

  protected override endEarly(reason: RpcError): void {
    this.#unlink?.()
    this.#reject(reason)
    this.#response?.fail(reason)
  }
}
