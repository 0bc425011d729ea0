/** createTransportClient(): the methods of a service as functions whose calls a transport carries. */

import { ambientContext } from '../context/ambient.ts'
import { lazyParts } from '../context/call-context.ts'
import type { Context } from '../context/context.ts'
import { callService, type Service } from '../context/service.ts'
import { messageOf } from '../error.ts'
import { Metadata } from '../metadata.ts'
import { addEntries } from '../metainfo.ts'
import { streamsRequest, streamsResponse } from '../method-kind.ts'
import { isNumber } from '../option-check.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import type { Transport } from '../transport.ts'
import { type BoundClient, bindClient } from './bound-client.ts'
import { ClientCall } from './call.ts'
import type { CallOptions, ClientOptions, MethodOptions } from './call-options.ts'
import { retryOption } from './retry-option.ts'

type Call = (request: unknown, options: CallOptions | undefined) => unknown

/**
 * A client of a service over a transport. Its methods need no `this`. A call rejects with an exception declared in the
 * IDL, a BizError or an RpcError; it settles at once when its deadline passes (DEADLINE_EXCEEDED) or its signal aborts
 * (CANCELLED), whatever the transport does. Streamed responses are AsyncIterables: the call starts at the call, leaving
 * the loop cancels it. Throws RangeError on a time that is no number, TypeError on options of a method that the service
 * does not have.
 */
export function createTransportClient<C, H>(
  service: ServiceType<C, H>,
  transport: Transport,
  options: ClientOptions<NoInfer<C>> = {},
): C {
  return clientOver(service, transport.bind(service), transport, options)
}

/** The client whose calls `innermost` makes, for `transport` where there is one. */
export function clientOver<C, H>(
  service: ServiceType<C, H>,
  innermost: Service,
  transport: Transport | undefined,
  options: ClientOptions<NoInfer<C>>,
): C {
  const { layers = [], attemptLayers = [] } = options
  const bound = bindClient({
    layers,
    attemptLayers: [...layers.flatMap(({ attempt }) => (attempt === undefined ? [] : [attempt])), ...attemptLayers],
    innermost,
    attempts: transport?.attempts === undefined ? undefined : (attempt) => transport.attempts!(service, attempt),
    takesAddress: transport?.takesAddress === true,
  })
  checkOptions(service, options, bound.retries)
  const client: Record<string, unknown> = {}
  for (const method of service.methods) client[method.localName] = stub(method, caller(service, method, bound, options))
  return client as C
}

function checkOptions(service: ServiceType, options: ClientOptions, canRetry: boolean): void {
  const { metadata, timeoutMs, methods = {} } = options
  const name = service.fullName
  try {
    new Metadata(metadata)
  } catch (error) {
    throw new TypeError(`bad options of a client of ${name}: ${messageOf(error)}`, { cause: error })
  }
  if (timeoutMs !== undefined && !isNumber(timeoutMs))
    throw new RangeError(`the timeoutMs of a client of ${name} is not a number`)
  for (const [method, ofMethod] of Object.entries<MethodOptions | undefined>(methods)) {
    if (!service.methods.some(({ localName }) => localName === method)) {
      const known = service.methods.map(({ localName }) => localName).join(', ')
      throw new TypeError(`options for ${method}, but the methods of ${name} are ${known}`)
    }
    if (ofMethod?.timeoutMs !== undefined && !isNumber(ofMethod.timeoutMs))
      throw new RangeError(`the timeoutMs of ${name}.${method} is not a number`)
    if (typeof ofMethod?.retry === 'object' && !canRetry) {
      throw new TypeError(`retry settings for ${name}.${method}, but the client has no retry() among its layers`)
    }
  }
}

/** The function that a client has for a method: gathers Thrift's positional arguments; call options stand after them. */
function stub(method: MethodType, call: Call): (...args: never[]) => unknown {
  type Options = CallOptions | undefined
  const { args } = method
  if (args === undefined) return (request: unknown, options: Options) => call(request, options)
  const [first, second] = args
  if (first === undefined) return (options: Options) => call({}, options)
  if (second === undefined) return (a: unknown, options: Options) => call({ [first]: a }, options)
  if (args.length === 2) return (a: unknown, b: unknown, options: Options) => call({ [first]: a, [second]: b }, options)
  return (...values: unknown[]) => {
    const request: Record<string, unknown> = {}
    for (let i = 0; i < args.length; i++) request[args[i] as string] = values[i]
    return call(request, values[args.length] as Options)
  }
}

function caller(service: ServiceType, method: MethodType, bound: BoundClient, client: ClientOptions): Call {
  const { metadata: clientMetadata, caller: callerName = '' } = client
  const ofMethod = (client.methods as Readonly<Record<string, MethodOptions>> | undefined)?.[method.localName]
  const clientTimeout = ofMethod?.timeoutMs ?? client.timeoutMs
  const methodRetry = ofMethod?.retry
  const isStream = streamsResponse(method.kind)
  const alwaysGuarded = isStream || streamsRequest(method.kind)
  const direct =
    alwaysGuarded || clientMetadata !== undefined || methodRetry !== undefined
      ? undefined
      : bound.direct?.(method, callerName)
  return (request, options) => {
    const parent = options?.parent === undefined ? ambientContext() : (options.parent ?? undefined)
    const ms = least(clientTimeout, options?.timeoutMs)
    const now = ms === undefined ? undefined : performance.now()
    const deadline = now === undefined ? parent?.deadline : earliest(now + ms!, parent?.deadline)
    if (direct !== undefined && options === undefined && parent === undefined) return direct(request, deadline)
    const cx = new ClientCall(service, method, deadline, options, parent)
    cx.caller = callerName
    if (clientMetadata !== undefined) cx.requestHeadersIfAny = new Metadata(clientMetadata)
    if (methodRetry !== undefined) cx.set(retryOption, methodRetry)
    if (parent !== undefined) inherit(cx, parent)
    if (isStream) return cx.stream(bound, request, now)
    if (alwaysGuarded || deadline !== undefined || options !== undefined || parent !== undefined) {
      return cx.run(bound, request, now)
    }
    // Nothing can end this call early, so its promise is the caller's: a second one would double the price.
    cx.cancellable = false
    return callService(bound.call, cx, request)
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}

function earliest(own: number, parent: number | undefined): number | undefined {
  if (parent !== undefined && !(own < parent)) return parent
  return own === Number.POSITIVE_INFINITY ? undefined : own
}

function inherit(cx: ClientCall, parent: Context): void {
  const persistent = lazyParts(parent).metainfoIfAny?.persistentIfAny
  if (persistent !== undefined && persistent.size > 0) addEntries(cx.metainfo.persistent, persistent)
}
