/** Unknown services: what answers the calls of services and methods that nobody registered. */

import type { Context } from '../context/context.ts'
import type { Service } from '../context/service.ts'
import { type Layer, layered } from '../layer.ts'
import type { Route, UnknownCall } from '../router.ts'
import type { ServiceType } from '../service-type.ts'

/**
 * What answers unknown calls; `cx.service.fullName` and `cx.method.name` say what was called. Layers of the server run
 * around it.
 *
 * Without a description of the service it moves bytes. Thrift: the request is the argument struct as a `Uint8Array` in
 * the binary protocol, whatever protocol it came in; the answer is the result struct in the same form (field 0 is the
 * result, the others are declared exceptions), and nothing for a oneway call. gRPC: requests and responses are
 * AsyncIterables of `Uint8Array`, one per message, for all four kinds of calls.
 */
export interface UnknownService {
  readonly handle: Service
  /**
   * The type of a service that is described somewhere: its calls are then decoded and encoded by it, the handler sees
   * messages (Thrift: the argument struct in, the value of the result out), and its unknown methods are refused.
   * Undefined: bytes. Called for each unknown call, so it should remember what it finds.
   */
  readonly describe?: ((call: UnknownCall) => ServiceType | undefined) | undefined
}

/** A function alone answers every unknown call in bytes. */
export type UnknownHandler = Service | UnknownService

/** Finds the route of an unknown call; `raw` makes the type of a service whose messages are bytes. */
export type FindUnknown = (call: UnknownCall, raw: (call: UnknownCall) => ServiceType) => RunnableUnknown | undefined

interface RunnableUnknown extends Route {
  readonly run: (cx: Context, request: unknown) => unknown
}

/** Composes layers and handler once; undefined calls have no route where nobody answers them. */
export function unknownRoutes(handler: UnknownHandler | undefined, layers: readonly Layer[]): FindUnknown {
  if (handler === undefined) return () => undefined
  const { handle, describe } = typeof handler === 'function' ? { handle: handler, describe: undefined } : handler
  const run = layered(layers, handle)
  return (call, raw) => {
    const service = describe?.(call) ?? raw(call)
    const method = service.methods.find(({ name }) => name === call.method)
    return method === undefined ? undefined : { service, method, run }
  }
}
