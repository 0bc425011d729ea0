/** The shortest way from a client to a router: a call chain in one process, where messages move and no codec runs. */

import { lazyParts } from './call-context.ts'
import { CallStream } from './call-stream.ts'
import type { CancelScope } from './cancel-scope.ts'
import type { Context, Peer } from './context.ts'
import { isRpcError, RpcError } from './error.ts'
import { Metadata } from './metadata.ts'
import { streamsRequest } from './method-kind.ts'
import type { Route, Router, ServerCall, ServerCallInit } from './router.ts'
import type { Service } from './service.ts'
import type { MethodType, ServiceType } from './service-type.ts'

/** A Service that can also be called without a caller's context, where nobody would see that context. */
export interface DirectService extends Service {
  /** Calls a unary or oneway method for a caller with neither layers nor options; the callee enforces the deadline. */
  readonly alone: (
    method: MethodType,
    caller: string,
  ) => (request: unknown, deadline: number | undefined) => Promise<unknown>
}

/**
 * The Service that calls a router's services directly. The callee's context is fresh: deadline, caller, metadata and
 * metainfo cross, headers, trailers and backward metainfo come back. Requests are completed at the callee's door,
 * responses at the caller's. Cancellation crosses in both directions. A oneway call ends when the handler has started.
 * `refusal` is asked before each call.
 */
export function directService(
  service: ServiceType,
  router: Router,
  peer: Peer,
  refusal: () => RpcError | undefined,
): DirectService {
  const ways = new Map<MethodType, Way>()
  const wayOf = (method: MethodType): Way => {
    let way = ways.get(method)
    if (way === undefined) {
      const route = router.find(service.idl, service.fullName, method.name)
      if (route === undefined) throw unimplemented(service, router, method)
      way = { route, complete: responseCompletion(route.method), isOneway: method.kind === 'oneway' }
      ways.set(method, way)
    }
    return way
  }
  const enter = (way: Way, init: ServerCallInit): ServerCall => {
    const refused = refusal()
    if (refused !== undefined) throw refused
    return router.open(way.route, init)
  }
  const direct: Service = (cx, request) => {
    let way: Way
    let call: ServerCall
    let accepted: unknown
    try {
      way = wayOf(cx.method)
      call = enter(way, callInit(cx, peer))
      accepted = accept(service, way.route.method, request)
    } catch (error) {
      return Promise.reject(error)
    }
    cx.peer = peer
    if ((cx as Partial<CancelScope>).cancellable !== false) cx.onCancel((reason) => call.cancel(reason))
    return answer(way, call.handle(accepted, way.complete))
  }
  const alone: DirectService['alone'] = (method, caller) => {
    const unlimited: ServerCallInit = { peer, caller, deadline: undefined }
    return (request, deadline) => {
      let way: Way
      let call: ServerCall
      let accepted: unknown
      try {
        way = wayOf(method)
        call = enter(way, deadline === undefined ? unlimited : { peer, caller, deadline })
        accepted = completeRequest(service, way.route.method, request)
      } catch (error) {
        return Promise.reject(error)
      }
      return answer(way, call.handle(accepted, way.complete))
    }
  }
  return Object.assign(direct, { alone })
}

/** How a method is reached. */
interface Way {
  readonly route: Route
  readonly complete: ((message: unknown) => unknown) | undefined
  readonly isOneway: boolean
}

function accept(service: ServiceType, method: MethodType, request: unknown): unknown {
  if (!streamsRequest(method.kind)) return completeRequest(service, method, request)
  return new CallStream(request as AsyncIterable<unknown>, {
    map: (message) => completeRequest(service, method, message),
  })
}

function completeRequest(service: ServiceType, method: MethodType, message: unknown): unknown {
  try {
    return method.request.complete(message)
  } catch (error) {
    if (isRpcError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new RpcError('INVALID_ARGUMENT', `not a request of ${service.name}.${method.name}: ${reason}`, {
      cause: error,
    })
  }
}

function answer(way: Way, outcome: Promise<unknown>): Promise<unknown> {
  if (!way.isOneway) return outcome
  outcome.catch(() => {})
  return Promise.resolve()
}

function callInit(cx: Context, peer: Peer): ServerCallInit {
  const { requestHeadersIfAny: headers, metainfoIfAny: metainfo } = lazyParts(cx)
  return {
    peer,
    caller: cx.caller,
    deadline: cx.deadline,
    requestHeaders: headers === undefined ? undefined : new Metadata(headers),
    persistent: metainfo === undefined ? undefined : copyOf(metainfo.persistentIfAny),
    transient: metainfo === undefined ? undefined : copyOf(metainfo.transientIfAny),
    replyTo: cx,
  }
}

function copyOf(entries: Map<string, string> | undefined): Map<string, string> | undefined {
  return entries === undefined ? undefined : new Map(entries)
}

/** How a response, or each message of a streamed one, is completed; undefined when there is nothing to complete. */
function responseCompletion({ kind, isVoid, args, response }: MethodType): ((message: unknown) => unknown) | undefined {
  if (kind === 'oneway' || isVoid === true) return undefined
  if (args === undefined) return (message) => response.complete(message)
  return (success) => (response.complete({ success }) as { readonly success: unknown }).success
}

function unimplemented(service: ServiceType, router: Router, method: MethodType): RpcError {
  const { fullName, idl } = service
  const known = router.has(idl, fullName)
  const message = known ? `the service ${fullName} has no method ${method.name}` : `there is no service ${fullName}`
  return new RpcError('UNIMPLEMENTED', message, { stack: false })
}
