/** The shortest way from a client to a router: a call chain in one process, where messages move and no codec runs. */

import { lazyParts } from './call-context.ts'
import { CallStream } from './call-stream.ts'
import type { Context, Peer } from './context.ts'
import { RpcError } from './error.ts'
import type { MessageType } from './message.ts'
import { Metadata } from './metadata.ts'
import { streamsRequest } from './method-kind.ts'
import type { Route, Router, ServerCall, ServerCallInit } from './router.ts'
import type { Service } from './service.ts'
import type { MethodType, ServiceType } from './service-type.ts'

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
): Service {
  const ways = new Map<MethodType, Service>()
  return (cx, request) => {
    const refused = refusal()
    if (refused !== undefined) return Promise.reject(refused)
    let way = ways.get(cx.method)
    if (way === undefined) {
      const route = router.find(service.idl, service.fullName, cx.method.name)
      if (route === undefined) return Promise.reject(unimplemented(service, router, cx.method))
      way = directMethod(router, route, peer)
      ways.set(cx.method, way)
    }
    cx.peer = peer
    return way(cx, request)
  }
}

function directMethod(router: Router, route: Route, peer: Peer): Service {
  const { method } = route
  const { kind, request: requestType } = method
  const complete = responseCompletion(method)
  return (cx, request) => {
    let call: ServerCall
    let accepted: unknown
    try {
      call = router.open(route, callInit(cx, peer))
      accepted = streamsRequest(kind)
        ? completeEach(request as AsyncIterable<unknown>, requestType)
        : requestType.complete(request)
    } catch (error) {
      return Promise.reject(error)
    }
    cx.onCancel((reason) => call.cancel(reason))
    const outcome = call.handle(accepted, complete)
    if (kind !== 'oneway') return outcome
    outcome.catch(() => {})
    return Promise.resolve()
  }
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

function completeEach(messages: AsyncIterable<unknown>, type: MessageType): AsyncIterable<unknown> {
  return new CallStream(messages, { map: (message) => type.complete(message) })
}

function unimplemented(service: ServiceType, router: Router, method: MethodType): RpcError {
  const { fullName, idl } = service
  const known = router.has(idl, fullName)
  const message = known ? `the service ${fullName} has no method ${method.name}` : `there is no service ${fullName}`
  return new RpcError('UNIMPLEMENTED', message, { stack: false })
}
