/** The shortest way from a client to a router: a call chain in one process, where messages move and no codec runs. */

import type { AmbientStore } from '../context/ambient.ts'
import { lazyParts } from '../context/call-context.ts'
import type { CancelScope } from '../context/cancel-scope.ts'
import type { Context, Peer } from '../context/context.ts'
import type { Service } from '../context/service.ts'
import { RpcError } from '../error.ts'
import { Metadata } from '../metadata.ts'
import { streamsRequest, streamsResponse } from '../method-kind.ts'
import { rawInProcess } from '../raw/raw-service.ts'
import type { CallCounter, Route, Router, ServerCall, ServerCallInit } from '../router.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { CallStream } from '../stream/call-stream.ts'
import { type MessageTransfer, moving } from './message-transfer.ts'
import { rawBridge } from './raw-bridge.ts'

/** A Service that can also be called without a caller's context, where nobody would see that context. */
export interface DirectService extends Service {
  /**
   * Calls a unary or oneway method for a caller with neither layers nor options; the callee enforces the deadline.
   * Undefined when calls of the method may have to wait.
   */
  readonly direct: (
    method: MethodType,
    caller: string,
  ) => ((request: unknown, deadline: number | undefined) => Promise<unknown>) | undefined
}

/** Decides when the calls of a method start. */
export interface Admission extends CallCounter {
  /** Every call starts at once: it only counts. */
  readonly isOpen: boolean
  /**
   * Runs `start` now or later and gives its outcome; of a oneway call the promise resolves when the call is accepted.
   * Rejects when there is no room, and when the call is cancelled before it could start.
   */
  admit(call: ServerCall, start: () => Promise<unknown>): Promise<unknown>
}

/** Runs handlers in an asynchronous context that is not their caller's. */
export interface Enclosure {
  /** Stands in for the process's store, and runs what it runs outside the caller's context. */
  readonly ambient: AmbientStore
  /** Remembers the context of whoever calls it; what comes back runs functions there. */
  readonly here: () => <T>(run: () => T) => T
}

/** Options of {@link directService}. */
export interface DirectOptions {
  /** What handlers see as `cx.peer`. */
  readonly peer: Peer
  /** Asked before each call: why it may not be made. */
  readonly refusal?: (() => RpcError | undefined) | undefined
  /** How messages cross. Default: they move. */
  readonly crossing?: ((service: ServiceType, method: MethodType) => MessageTransfer) | undefined
  /** When calls start. Default: at once, and nobody counts. */
  readonly admission?: ((service: ServiceType, method: MethodType) => Admission) | undefined
  /** Default: handlers run in their caller's context, as any function does. */
  readonly enclosure?: Enclosure | undefined
}

/**
 * The Service that calls a router's services directly. The callee's context is fresh: deadline, caller, metadata and
 * metainfo cross, headers, trailers and backward metainfo come back. Requests are completed at the callee's door,
 * responses at the caller's. Cancellation crosses in both directions. A oneway call ends when it has been accepted.
 */
export function directService(service: ServiceType, router: Router, options: DirectOptions): DirectService {
  const { peer, refusal, enclosure } = options
  const ways = new Map<MethodType, Way>()
  const wayOf = (method: MethodType): Way => ways.get(method) ?? findWay(method)
  const open = (method: MethodType, route: Route, init: ServerCallInit): ServerCall => {
    try {
      return router.open(route, init)
    } catch (error) {
      throw refused(method, error)
    }
  }
  const refused = (method: MethodType, error: unknown): unknown => {
    router.refused({ peer, service: service.fullName, method: method.name, error: RpcError.from(error) })
    return error
  }
  const findWay = (method: MethodType): Way => {
    const route = router.find(service.idl, service.fullName, method.name) ?? unknownRoute(service, router, method)
    if (route === undefined) throw refused(method, unimplemented(service, router, method))
    const way: Way = {
      route,
      inBytes: rawBridge(method, route),
      crossing: (options.crossing ?? moving)(service, route.method),
      admission: options.admission?.(service, method),
      ambient: enclosure?.ambient,
    }
    ways.set(method, way)
    return way
  }
  const refuse = (): void => {
    const refused = refusal?.()
    if (refused !== undefined) throw refused
  }
  const direct: Service = (cx, request) => {
    try {
      const way = wayOf(cx.method)
      refuse()
      const init = callInit(cx, peer, way)
      const call = open(cx.method, way.route, init)
      const accepted = way.inBytes === undefined ? accept(way, request, enclosure, call) : request
      cx.peer = peer
      if ((cx as Partial<CancelScope>).cancellable !== false) cx.onCancel((reason) => call.cancel(reason))
      const { admission } = way
      if (admission === undefined || admission.isOpen) return start(call, way, accepted)
      if (accepted instanceof CallStream) call.cx.onCancel(() => accepted.return())
      return admission.admit(call, () => start(call, way, accepted))
    } catch (error) {
      return Promise.reject(error)
    }
  }
  const withoutContext: DirectService['direct'] = (method, caller) => {
    if (options.admission?.(service, method).isOpen === false) return undefined
    let way: Way | undefined
    let unlimited: ServerCallInit | undefined
    return (request, deadline) => {
      try {
        way ??= wayOf(method)
        refuse()
        const { admission: counter, ambient } = way
        // The same object for all calls without a deadline: nothing in it is theirs.
        unlimited ??= { peer, caller, deadline: undefined, counter, ambient }
        const init = deadline === undefined ? unlimited : { peer, caller, deadline, counter, ambient }
        const call = open(method, way.route, init)
        return start(call, way, way.inBytes === undefined ? way.crossing.request(request, call) : request)
      } catch (error) {
        return Promise.reject(error)
      }
    }
  }
  return Object.assign(direct, { direct: withoutContext })
}

/** How a method is reached. */
interface Way {
  readonly route: Route
  /** How calls run of which one side moves bytes. */
  readonly inBytes: ReturnType<typeof rawBridge>
  readonly crossing: MessageTransfer
  readonly admission: Admission | undefined
  readonly ambient: AmbientStore | undefined
}

function isOneway(way: Way): boolean {
  return way.route.method.kind === 'oneway'
}

function accept(way: Way, request: unknown, enclosure: Enclosure | undefined, call: ServerCall): unknown {
  const { crossing, route } = way
  if (!streamsRequest(route.method.kind)) return crossing.request(request, call)
  const messages = request as AsyncIterable<unknown>
  return new CallStream(enclosure === undefined ? messages : inside(enclosure.here(), messages), {
    map: (message) => crossing.request(message, call),
  })
}

/** The same messages, made in the context of whoever sends them. */
function inside(run: <T>(run: () => T) => T, messages: AsyncIterable<unknown>): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = run(() => messages[Symbol.asyncIterator]())
      return {
        next: () => run(() => iterator.next()),
        return: async () => run(() => iterator.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}

function start(call: ServerCall, way: Way, request: unknown): Promise<unknown> {
  return way.inBytes === undefined ? run(call, way, request) : way.inBytes(call, request)
}

function run(call: ServerCall, way: Way, request: unknown): Promise<unknown> {
  const outcome = call.handle(request, way.crossing.response)
  if (isOneway(way)) {
    outcome.catch(() => {})
    return Promise.resolve()
  }
  const crossError = way.crossing.error
  if (crossError === undefined) return outcome
  const mapError = (error: unknown): unknown => {
    try {
      return crossError(error)
    } catch (second) {
      return call.unexpected(second)
    }
  }
  const streams = streamsResponse(way.route.method.kind)
  return outcome.then(
    (response) => (streams ? new CallStream(response as AsyncIterable<unknown>, { mapError }) : response),
    (error) => {
      throw mapError(error)
    },
  )
}

function callInit(cx: Context, peer: Peer, way: Way): ServerCallInit {
  const { requestHeadersIfAny: headers, metainfoIfAny: metainfo } = lazyParts(cx)
  return {
    peer,
    caller: cx.caller,
    deadline: cx.deadline,
    requestHeaders: headers === undefined ? undefined : new Metadata(headers),
    persistent: metainfo === undefined ? undefined : copyOf(metainfo.persistentIfAny),
    transient: metainfo === undefined ? undefined : copyOf(metainfo.transientIfAny),
    unanswered: cx.method.kind === 'oneway',
    replyTo: cx,
    counter: way.admission,
    ambient: way.ambient,
  }
}

function copyOf(entries: Map<string, string> | undefined): Map<string, string> | undefined {
  return entries === undefined ? undefined : new Map(entries)
}

/** What the server answers unknown calls with; undefined when it has nothing for that. */
function unknownRoute(service: ServiceType, router: Router, method: MethodType): Route | undefined {
  const { idl, fullName } = service
  const oneway = method.kind === 'oneway'
  const kind = idl === 'protobuf' ? 'bidi_streaming' : oneway ? 'oneway' : 'unary'
  const call = { idl, service: fullName, method: method.name, oneway }
  return router.findUnknown(call, () => rawInProcess({ ...call, kind }))
}

function unimplemented(service: ServiceType, router: Router, method: MethodType): RpcError {
  const { fullName, idl } = service
  const known = router.has(idl, fullName)
  const message = known ? `the service ${fullName} has no method ${method.name}` : `there is no service ${fullName}`
  return new RpcError('UNIMPLEMENTED', message, { stack: false })
}
