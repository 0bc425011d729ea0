/** The context of one attempt of a call: what the attempt writes stays its own until it is the one that counts. */

import type { RpcError } from '../error.ts'
import { Metadata } from '../metadata.ts'
import { addEntries, LazyMetainfo, type Metainfo } from '../metainfo.ts'
import { type LazyParts, lazyParts } from './call-context.ts'
import type { Context, ContextKey, Peer } from './context.ts'
import { InnerContext } from './inner-context.ts'

/**
 * A context inside another one, for a layer or transport that makes several attempts of a call, one after the other or
 * side by side. It has the same deadline, is cancelled when the outer one is or alone by {@link abandon}, and starts
 * with a copy of the outer request headers and metainfo. What comes back (response headers and trailers, backward
 * metainfo) reaches the outer context only after {@link commit}. Whoever makes one calls `end` when the attempt is over.
 */
export class AttemptContext extends InnerContext implements Context, LazyParts {
  /** How many attempts of the call were made before this one. */
  readonly previous: number
  readonly #unlink: () => void
  #committed = false
  #started = false
  #ownRequestHeaders: Metadata | undefined
  #ownResponseHeaders: Metadata | undefined = undefined
  #ownResponseTrailers: Metadata | undefined = undefined
  #ownMetainfo: LazyMetainfo | undefined
  #ownPeer: Peer | undefined = undefined
  #ownExtensions: Map<ContextKey<unknown>, unknown> | undefined = undefined

  constructor(outer: Context, previous: number) {
    super(outer, outer.deadline)
    this.previous = previous
    const { requestHeadersIfAny, metainfoIfAny } = lazyParts(outer)
    this.#ownRequestHeaders = requestHeadersIfAny === undefined ? undefined : new Metadata(requestHeadersIfAny)
    this.#ownMetainfo = metainfoIfAny === undefined ? undefined : sentMetainfo(metainfoIfAny)
    this.#unlink = outer.onCancel((reason) => this.cancel(reason))
  }

  /** This attempt is the one that counts: what it got, and will get, is the call's. */
  commit(): void {
    if (this.#committed) return
    this.#committed = true
    const { outer } = this
    const ownResponseHeaders = this.#ownResponseHeaders
    const ownResponseTrailers = this.#ownResponseTrailers
    const ownMetainfo = this.#ownMetainfo
    if (this.#ownPeer !== undefined) outer.peer = this.#ownPeer
    if (ownResponseHeaders !== undefined) append(outer.responseHeaders, ownResponseHeaders)
    if (ownResponseTrailers !== undefined) append(outer.responseTrailers, ownResponseTrailers)
    if (ownMetainfo?.backwardIfAny !== undefined) addEntries(outer.metainfo.backward, ownMetainfo.backwardIfAny)
    if (this.#started) super.responseStarted()
  }

  /** Reaches the caller when this attempt is the one that counts. */
  override responseStarted(): void {
    this.#started = true
    if (this.#committed) super.responseStarted()
  }

  /** Ends this attempt alone. */
  abandon(reason: RpcError): void {
    this.cancel(reason)
    this.end()
  }

  get peer(): Peer | undefined {
    return this.#ownPeer
  }
  set peer(peer: Peer | undefined) {
    this.#ownPeer = peer
    if (this.#committed) this.outer.peer = peer
  }
  get metainfo(): Metainfo {
    this.#ownMetainfo ??= new LazyMetainfo()
    if (this.#committed) this.#ownMetainfo.backwardIfAny = this.outer.metainfo.backward
    return this.#ownMetainfo
  }
  get requestHeaders(): Metadata {
    this.#ownRequestHeaders ??= new Metadata()
    return this.#ownRequestHeaders
  }
  get responseHeaders(): Metadata {
    if (this.#committed) return this.outer.responseHeaders
    this.#ownResponseHeaders ??= new Metadata()
    return this.#ownResponseHeaders
  }
  get responseTrailers(): Metadata {
    if (this.#committed) return this.outer.responseTrailers
    this.#ownResponseTrailers ??= new Metadata()
    return this.#ownResponseTrailers
  }
  get metainfoIfAny(): LazyMetainfo | undefined {
    return this.#ownMetainfo
  }
  get requestHeadersIfAny(): Metadata | undefined {
    return this.#ownRequestHeaders
  }
  get responseHeadersIfAny(): Metadata | undefined {
    return this.#committed ? lazyParts(this.outer).responseHeadersIfAny : this.#ownResponseHeaders
  }
  get responseTrailersIfAny(): Metadata | undefined {
    return this.#committed ? lazyParts(this.outer).responseTrailersIfAny : this.#ownResponseTrailers
  }
  /** What this attempt has set, else what the call has. */
  get<T>(key: ContextKey<T>): T | undefined {
    if (this.#ownExtensions?.has(key) === true) return this.#ownExtensions.get(key) as T
    return this.outer.get(key)
  }
  /** For this attempt only. */
  set<T>(key: ContextKey<T>, value: T): void {
    this.#ownExtensions ??= new Map()
    this.#ownExtensions.set(key, value)
  }

  override end(): void {
    super.end()
    this.#unlink()
  }
}

/** A copy of what travels with a request. */
function sentMetainfo(metainfo: LazyMetainfo): LazyMetainfo {
  const copy = new LazyMetainfo()
  if (metainfo.persistentIfAny !== undefined) copy.persistentIfAny = new Map(metainfo.persistentIfAny)
  if (metainfo.transientIfAny !== undefined) copy.transientIfAny = new Map(metainfo.transientIfAny)
  return copy
}

function append(target: Metadata, source: Metadata): void {
  for (const [name, value] of source) target.append(name, value)
}
