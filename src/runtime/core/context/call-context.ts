/** The implementation of Context for both sides; everything a call may never need is made on first read. */

import { Metadata } from '../metadata.ts'
import { LazyMetainfo, type Metainfo } from '../metainfo.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { CancelScope } from './cancel-scope.ts'
import type { Context, ContextKey, Peer } from './context.ts'

/** What has been made of a context's lazy members, for whoever must not make them by looking. */
export interface LazyParts {
  readonly requestHeadersIfAny: Metadata | undefined
  readonly responseHeadersIfAny: Metadata | undefined
  readonly responseTrailersIfAny: Metadata | undefined
  readonly metainfoIfAny: LazyMetainfo | undefined
}

/** A context with its cancellation and its place in the deadline timer in one object; the stub and the router extend it. */
export class CallContext extends CancelScope implements Context, LazyParts {
  readonly role: 'client' | 'server'
  readonly service: ServiceType
  readonly method: MethodType
  caller = ''
  callee: string
  peer: Peer | undefined = undefined
  requestHeadersIfAny: Metadata | undefined = undefined
  responseHeadersIfAny: Metadata | undefined = undefined
  responseTrailersIfAny: Metadata | undefined = undefined
  metainfoIfAny: LazyMetainfo | undefined = undefined
  /** The first value that was set, which is often the only one; the others. */
  #firstKey: ContextKey<unknown> | undefined = undefined
  #firstValue: unknown = undefined
  #extensions: Map<ContextKey<unknown>, unknown> | undefined = undefined

  constructor(role: 'client' | 'server', service: ServiceType, method: MethodType, deadline: number | undefined) {
    super(deadline)
    this.role = role
    this.service = service
    this.method = method
    this.callee = service.name
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
    return (key === this.#firstKey ? this.#firstValue : this.#extensions?.get(key)) as T | undefined
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.#firstKey ??= key
    if (key === this.#firstKey) this.#firstValue = value
    else {
      this.#extensions ??= new Map()
      this.#extensions.set(key, value)
    }
  }

  protected title(): string {
    return `${this.service.name}.${this.method.name}`
  }
}

/** The lazy parts of a context without making them; of a context that somebody else implements, the parts themselves. */
export function lazyParts(cx: Context): LazyParts {
  if ('metainfoIfAny' in cx) return cx as Context & LazyParts
  const { metainfo } = cx
  return {
    requestHeadersIfAny: cx.requestHeaders,
    responseHeadersIfAny: cx.responseHeaders,
    responseTrailersIfAny: cx.responseTrailers,
    metainfoIfAny: {
      persistent: metainfo.persistent,
      transient: metainfo.transient,
      backward: metainfo.backward,
      persistentIfAny: metainfo.persistent,
      transientIfAny: metainfo.transient,
      backwardIfAny: metainfo.backward,
    },
  }
}
