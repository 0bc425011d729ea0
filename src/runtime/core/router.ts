/** Router: the services of one server and the way a call enters them; every wire and the in-process transport end here. */

import type { MemoryAccount, MemoryHolder } from './bytes/memory-account.ts'
import type { AmbientStore } from './context/ambient.ts'
import type { Context, Peer } from './context/context.ts'
import type { RpcError } from './error.ts'
import type { Metadata } from './metadata.ts'
import type { Refusal } from './refusal.ts'
import type { MethodType, ServiceType } from './service-type.ts'

/** A method that a router can call. */
export interface Route {
  readonly service: ServiceType
  readonly method: MethodType
}

/** A call that no registered service takes. */
export interface UnknownCall {
  readonly idl: 'thrift' | 'protobuf'
  /** Thrift: TTHeader's `isn`, or what a multiplexed name says, else empty. protobuf: the full name. */
  readonly service: string
  readonly method: string
  /** Thrift: the caller waits for no answer. */
  readonly oneway: boolean
}

/** Counts the handlers that run, for a limit: a call that was given up on keeps its place until its handler really ends. */
export interface CallCounter {
  /** The handler is about to run. */
  started(): void
  /** The call has ended early and its handler goes on. */
  gaveUp(): void
  /** The handler, or its stream, is over; the last thing that is heard of a call. */
  ended(wasAbandoned: boolean): void
}

/** What a wire knows of a call when it opens it. */
export interface ServerCallInit {
  readonly peer: Peer
  readonly caller?: string | undefined
  /** Absolute, in milliseconds of `performance.now()`. */
  readonly deadline?: number | undefined
  readonly requestHeaders?: Metadata | undefined
  /** Persistent and transient entries as they arrived. */
  readonly persistent?: Map<string, string> | undefined
  readonly transient?: Map<string, string> | undefined
  /** It came on a connection whose client may not know yet that the server drains: it is served all the same. */
  readonly admitted?: boolean | undefined
  /** The caller gets no answer, not even an error, although the method may have one: errors go to `onError`. */
  readonly unanswered?: boolean | undefined
  /** Counts the call for whoever limits how many handlers run. */
  readonly counter?: CallCounter | undefined
  /** In process: stands in for the process's ambient store, to run the handler outside its caller's context. */
  readonly ambient?: AmbientStore | undefined
  /** In process: the caller's context. Response headers, trailers and backward metainfo are copied into it. */
  readonly replyTo?: Context | undefined
}

/** One call on the server. */
export interface ServerCall extends MemoryHolder {
  readonly cx: Context
  /** The call has ended early: the peer left, reset the stream, or the port closes. */
  cancel(reason: RpcError): void
  /**
   * The request is still on its way: the deadline runs from now on, and `early` hears when the call ends before `handle`.
   */
  awaitRequest(early: { refuse(reason: RpcError): void }): void
  /** The call stands in line. It counts as in flight until it is handled or cancelled. */
  wait(): void
  /**
   * Runs layers and handler. Call it once. It settles when the handler does, or at once when the call is cancelled or
   * its deadline passes; it rejects with a DeclaredException, BizError or RpcError and nothing else (an unknown throw
   * has gone to `onError` and becomes INTERNAL). A streamed response settles it with an AsyncIterable that keeps the
   * same promise, once its first message or its end is there: what the handler wrote into `cx.responseHeaders` by then
   * are the headers. Leaving that iterable (`return()`) cancels the call. The request is complete: the wire decoded it,
   * or `complete`d it in process. A streamed request is closed with `return()` when the call ends before it.
   * `map` changes the response, or each message of a streamed one, on its way out: completes or encodes it. What it
   * throws counts as a failure of the handler.
   */
  handle(request: unknown, map?: (message: unknown) => unknown): Promise<unknown>
  /**
   * Charges the memory of a decoded request until the handler has ended; where requests are streamed, that of the latest
   * message alone.
   */
  holdMemory(bytes: number): void
  /** Bytes that it holds now. */
  readonly heldMemory: number
  /** Charges bytes beside those, for what the handler makes of its request. Throws RESOURCE_EXHAUSTED where there is no room. */
  holdMore(bytes: number): void
  /**
   * Keeps the place of the call, which has ended, among the calls of its server: its answer waits for a client that does
   * not read. Returns what gives the place up.
   */
  holdPlace(): () => void
  /** A failure after the handler, such as a response that cannot be encoded: tells `onError`, returns what the peer may hear. */
  unexpected(error: unknown): RpcError
}

/** What wires see of a server's services. */
export interface Router {
  /** Every registered service. */
  readonly services: readonly ServiceType[]
  /**
   * The route of a method. Thrift: `service` is the `isn`, or undefined for the default service (the first Thrift
   * service that has the method). protobuf: `service` is the full name. Undefined when there is none.
   */
  find(idl: 'thrift' | 'protobuf', service: string | undefined, method: string): Route | undefined
  /** Whether a Thrift or protobuf service of that name exists, to tell an unknown service from an unknown method. */
  has(idl: 'thrift' | 'protobuf', service: string): boolean
  /**
   * The route of a call that `find` has none for: to whatever the server answers unknown calls with. `raw` makes the
   * type of a service of which only the name is known, in the bytes of the wire. Undefined when they are refused.
   */
  findUnknown(call: UnknownCall, raw: (call: UnknownCall) => ServiceType): Route | undefined
  /**
   * Reports a request that is refused before a call is opened for it: the wire calls it once for each. Refusals of calls that
   * were opened are reported by the router.
   */
  refused(refusal: Refusal): void
  /** Opens a call. Throws RpcError UNAVAILABLE when the server is closing, RESOURCE_EXHAUSTED when it has too many. */
  open(route: Route, init: ServerCallInit): ServerCall
  /** Calls whose handler runs or whose response stream is open, without those that were ended early. */
  readonly inFlight: number
  /** Health checks answer that it serves. False from the start of the shutdown, while calls may still be accepted. */
  readonly isReady: boolean
  /** It takes no new call any more. */
  readonly isDraining: boolean
  /** What decoded requests hold: a wire reads no message for which it has no room, and charges the call that it is for. */
  readonly memory: MemoryAccount
}
