/** The implementation of Router: registers services with their handlers, opens calls, drains and closes. */

import { MemoryAccount } from '../bytes/memory-account.ts'
import type { Context } from '../context/context.ts'
import type { Service } from '../context/service.ts'
import { drainFor } from '../drain.ts'
import { printError, RpcError } from '../error.ts'
import { type Layer, layered } from '../layer.ts'
import { streamsResponse } from '../method-kind.ts'
import { type RefusalListener, tellRefusal } from '../refusal.ts'
import type { Route, Router, ServerCall, ServerCallInit } from '../router.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { type CallRegistry, isFull, RunningCall, tooManyCalls } from './call.ts'
import { checkHandler, dispatcher, invoker } from './dispatch.ts'
import { type UnknownHandler, unknownRoutes } from './unknown-service.ts'

/** A service with what answers it. */
export interface ServiceEntry<H = unknown> {
  readonly service: ServiceType<unknown, H>
  readonly handler: H
  /** Layers around this service alone, inside those of the router. */
  readonly layers?: readonly Layer[] | undefined
}

/** Options of {@link createRouter}. */
export interface RouterOptions {
  /** Layers around every call; the first sees the request first. They are composed once. */
  readonly layers?: readonly Layer[] | undefined
  /**
   * Hears of every failure that its caller is not told: an unknown throw of a handler or layer, and every error of a
   * oneway method. Default: `console.error` with the stack.
   */
  readonly onError?: ((error: unknown, cx: Context) => void) | undefined
  /** Hears of every request that is refused before any layer runs, once for each. */
  readonly onRefused?: RefusalListener | undefined
  /** Answers calls of services and methods that are not registered, for proxies and gateways. Default: they are UNIMPLEMENTED. */
  readonly unknown?: UnknownHandler | undefined
  /**
   * Calls whose handlers run at most, also those that were given up on, and those whose answers wait for their clients; further ones are refused at once with
   * RESOURCE_EXHAUSTED. Default: no limit.
   */
  readonly maxConcurrentCalls?: number | undefined
  /** Bytes that decoded requests may hold in memory, by estimate. Default: no limit. */
  readonly maxRequestMemoryBytes?: number | undefined
  /** Structs, containers and map entries that one message may hold. Default 1,000,000. */
  readonly maxObjects?: number | undefined
  /** Services to start with; more can be added. */
  readonly services?: readonly ServiceEntry[] | undefined
}

/** A Router with what its owner needs. */
export interface ServerRouter extends Router {
  /**
   * Registers a service. Throws a TypeError when the handler lacks methods, an Error when a service of that name and
   * IDL is there already.
   */
  add<C, H>(service: ServiceType<C, H>, handler: H, options?: { readonly layers?: readonly Layer[] | undefined }): this
  /** Calls that were ended early and whose handlers still run. */
  readonly abandoned: number
  /** Calls that have ended and whose answers their clients have not read. */
  readonly unsent: number
  /** Requests that were refused before any layer ran, since the beginning. */
  readonly refusals: number
  /** The calls in flight, newest first. */
  calls(): Iterable<RunningCall>
  /** Takes no new call from now on; resolves when no call is in flight. */
  drain(): Promise<void>
  /** From now on health checks answer that it does not serve; calls are still accepted. Idempotent. */
  setUnready(): void
  /** Registers a function to run when the router is no longer ready. It runs at once if it is not ready now. */
  onUnready(listener: () => void): void
  /** Registers a function to run when the draining begins: streams without an end have to end then. It runs at once if it has begun. */
  onDrain(listener: () => void): void
  /** Drains for `drainMs` (default 0) milliseconds, then ends the calls left as UNAVAILABLE. Idempotent. */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

interface RunnableRoute extends Route {
  readonly run: (cx: Context, request: unknown) => unknown
}

type Routes = Map<string, Map<string, RunnableRoute>>

/** Makes a router. A server owns one; tests and in-process calls can do with it alone. */
export function createRouter(options: RouterOptions = {}): ServerRouter {
  const registry: CallRegistry = {
    newest: undefined,
    inFlight: 0,
    abandoned: 0,
    unsent: 0,
    maxCalls: options.maxConcurrentCalls ?? Number.POSITIVE_INFINITY,
    onError: options.onError ?? logError,
    onRefused: (refusal) => router.refused(refusal),
    memory: new MemoryAccount(options.maxRequestMemoryBytes ?? Number.POSITIVE_INFINITY, options.maxObjects),
    onIdle: undefined,
    closed: undefined,
  }
  const services: ServiceType[] = []
  const routes: { readonly thrift: Routes; readonly protobuf: Routes } = { thrift: new Map(), protobuf: new Map() }
  const defaultRoutes = new Map<string, RunnableRoute>()
  const innermost = new Map<ServiceType, Service>()
  const { layers = [] } = options
  const outermost =
    layers.length === 0 ? undefined : layered(layers, (cx, request) => innermost.get(cx.service)!(cx, request))
  const refusalListeners = listenersOf(layers)
  if (options.onRefused !== undefined) refusalListeners.push(options.onRefused)
  const ownRefusalListeners = new Map<string, RefusalListener[]>()
  let refusals = 0
  let closing: Promise<void> | undefined
  let refusal: RpcError | undefined
  let isReady = true
  const unreadyListeners: (() => void)[] = []
  const drainListeners: (() => void)[] = []

  const router: ServerRouter = {
    services,
    add(service, handler, { layers: own = [] } = {}) {
      const byMethod = routes[service.idl]
      if (byMethod.has(service.fullName)) throw new Error(`the service ${service.fullName} is registered already`)
      checkHandler(service, handler)
      const methods = new Map<MethodType, Service>()
      const table = new Map<string, RunnableRoute>()
      const inner = layered(own, (cx, request) => methods.get(cx.method)!(cx, request))
      for (const method of service.methods) {
        const dispatch = dispatcher(service, method, handler)
        methods.set(method, dispatch)
        const bare = streamsResponse(method.kind) ? dispatch : invoker(method, handler)
        const route = { service, method, run: outermost ?? (own.length === 0 ? bare : inner) }
        table.set(method.name, route)
        if (service.idl === 'thrift' && !defaultRoutes.has(method.name)) defaultRoutes.set(method.name, route)
      }
      innermost.set(service, inner)
      ownRefusalListeners.set(service.fullName, listenersOf(own))
      byMethod.set(service.fullName, table)
      services.push(service)
      return this
    },
    find(idl, service, method) {
      if (service !== undefined) return routes[idl].get(service)?.get(method)
      return idl === 'thrift' ? defaultRoutes.get(method) : undefined
    },
    findUnknown: unknownRoutes(options.unknown, layers),
    has: (idl, service) => routes[idl].has(service),
    refused(refusal) {
      refusals++
      tellRefusal(refusalListeners, refusal)
      if (refusal.service !== undefined) tellRefusal(ownRefusalListeners.get(refusal.service) ?? [], refusal)
    },
    open(route: Route, init: ServerCallInit): ServerCall {
      if (refusal !== undefined && init.admitted !== true) throw refusal
      if (isFull(registry)) throw tooManyCalls(registry)
      return new RunningCall(registry, route.service, route.method, (route as RunnableRoute).run, init)
    },
    get inFlight() {
      return registry.inFlight
    },
    get abandoned() {
      return registry.abandoned
    },
    get unsent() {
      return registry.unsent
    },
    get refusals() {
      return refusals
    },
    memory: registry.memory,
    get isReady() {
      return isReady
    },
    setUnready() {
      isReady = false
      for (const listener of unreadyListeners.splice(0)) listener()
    },
    onUnready(listener) {
      if (isReady) unreadyListeners.push(listener)
      else listener()
    },
    get isDraining() {
      return refusal !== undefined
    },
    onDrain(listener) {
      if (refusal === undefined) drainListeners.push(listener)
      else listener()
    },
    *calls() {
      for (let call = registry.newest; call !== undefined; ) {
        const { older }: RunningCall = call
        yield call
        call = older
      }
    },
    drain() {
      refusal ??= new RpcError('UNAVAILABLE', 'the server is closing', { stack: false, bytesSent: false })
      router.setUnready()
      for (const listener of drainListeners.splice(0)) listener()
      if (registry.inFlight === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const earlier = registry.onIdle
        registry.onIdle = () => {
          registry.onIdle = undefined
          earlier?.()
          resolve()
        }
      })
    },
    close({ drainMs = 0 } = {}) {
      closing ??= drainFor(router.drain(), drainMs).then(() => {
        const reason = new RpcError('UNAVAILABLE', 'the server has closed', { stack: false })
        registry.closed = reason
        for (const call of [...router.calls()]) call.cancel(reason)
      })
      return closing
    },
  }
  for (const { service, handler, layers: own } of options.services ?? []) router.add(service, handler, { layers: own })
  return router
}

function listenersOf(layers: readonly Layer[]): RefusalListener[] {
  return layers.flatMap(({ onRefused }) => (onRefused === undefined ? [] : [onRefused]))
}

function logError(error: unknown, cx: Context): void {
  printError(`volo: ${cx.service.name}.${cx.method.name} failed`, error)
}
