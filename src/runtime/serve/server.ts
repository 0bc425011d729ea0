/** Server: services behind one port that answers Thrift and gRPC, with TLS or without. */

import { getHeapStatistics } from 'node:v8'
import { enableAmbient } from '../ambient/ambient.ts'
import type { Context } from '../core/context/context.ts'
import { delayOf } from '../core/context/delay.ts'
import { defaultDrainMs, drainFor } from '../core/drain.ts'
import { printError, RpcError } from '../core/error.ts'
import { nextId } from '../core/ids.ts'
import type { Layer } from '../core/layer.ts'
import {
  atLeast,
  checkOptions,
  isAnything,
  isFlag,
  isFunction,
  isFunctions,
  isText,
  type OptionTable,
} from '../core/option-check.ts'
import type { RefusalListener } from '../core/refusal.ts'
import { createRouter, type ServerRouter } from '../core/server/router.ts'
import type { ServerStats } from '../core/server/server-stats.ts'
import type { UnknownHandler } from '../core/server/unknown-service.ts'
import type { ServiceType } from '../core/service-type.ts'
import { KeptRegistration, type Registry } from '../discovery/registry.ts'
import { callTotals, snapshot } from '../grpc/server/counters.ts'
import { type AddressInit, parseAddress } from '../net/address.ts'
import { leaveCluster } from '../net/cluster.ts'
import type { Http1Server } from '../net/http1.ts'
import { type BoundAddress, type Listener, listen } from '../net/listen.ts'
import type { ServerTlsOptions } from '../net/tls.ts'
import { type AdvertiseOptions, registrationOf } from './advertise.ts'
import { Port, type PortLimits } from './port.ts'
import { loadWires, type PortWire, type PortWireOptions, portWires } from './port-wire.ts'
import { portLimitTable, wireOptionTable } from './server-option-table.ts'
import { onStopSignal } from './stop-signal.ts'

/** What the last replies get to leave in, however short the drain. */
const lastBytesMs = 100

/** Several times what one process serves well; Kitex's multiplexer is benchmarked with 5,000 callers. */
const defaultMaxConcurrentCalls = 10_000

/** A quarter of V8's heap limit, at least 64 MiB. */
function defaultRequestMemory(): number {
  return Math.max(64 * 1024 * 1024, getHeapStatistics().heap_size_limit / 4)
}

/** Limits of a server. */
export interface ServerLimits extends PortLimits {
  /**
   * Calls whose handlers run at most, of all wires and in process together, also those that were given up on and those whose
   * answers wait for clients that do not read; further ones are refused at once with RESOURCE_EXHAUSTED. Default 10,000; `thrift.maxConcurrentCalls` and
   * `grpc.maxConcurrentStreams` limit each connection.
   */
  readonly maxConcurrentCalls?: number | undefined
  /**
   * Bytes of memory that the decoded requests of running calls may hold together, by estimate, and half as many more that
   * answers may take which their clients have not read; a request or answer beyond is refused with RESOURCE_EXHAUSTED
   * before it takes the memory. Default: a quarter of V8's heap limit, at least 64 MiB.
   */
  readonly maxRequestMemoryBytes?: number | undefined
  /**
   * Structs, containers and map entries that one message may hold, in any form and over every wire; scalars do not count. A
   * message beyond is refused with RESOURCE_EXHAUSTED. Default 1,000,000.
   */
  readonly maxObjects?: number | undefined
}

/** Options of {@link Server}. */
export interface ServerOptions {
  /** Layers around every call; the first sees the request first. */
  readonly layers?: readonly Layer[] | undefined
  /**
   * Answers calls of services and methods that are not added, over Thrift and gRPC, in bytes or by a description: for
   * proxies and gateways. Default: they fail as UNIMPLEMENTED.
   */
  readonly unknown?: UnknownHandler | undefined
  /** Hears of every failure that its caller is not told. Default: `console.error` with the stack. */
  readonly onError?: ((error: unknown, cx: Context | undefined) => void) | undefined
  /**
   * Hears of every request that is refused before any layer runs, once for each, with what the peer was told: an unknown
   * service or method, arguments that cannot be decoded, a message over a limit, a content type that nothing answers.
   * `stats().refused` counts them, and an `accessLog` among the layers logs them. Default: nothing.
   */
  readonly onRefused?: RefusalListener | undefined
  /**
   * Calls made inside a handler inherit its context (deadline, cancellation, persistent metainfo) without being told.
   * It holds for the whole process and costs every awaited call of it about 100 ns. Default false.
   */
  readonly ambient?: boolean | undefined
  /** Certificate and key; TCP connections must then use TLS, Unix sockets need not. Default: no TLS. */
  readonly tls?: ServerTlsOptions | undefined
  /**
   * With `tls`: serves connections without TLS on the same port too. Default false: they are refused in their own
   * protocol, and `onError` gets a report of them at most once a minute.
   */
  readonly plaintext?: boolean | undefined
  /**
   * Behind a load balancer that sends the PROXY protocol (version 1 or 2; HAProxy `send-proxy-v2`, nginx `proxy_protocol
   * on`, AWS NLB target groups): every TCP connection must begin with its header, TLS follows it, and the peer of a call
   * is the client that the header names. A connection without one is refused and reported to `onError`, at most once a
   * minute; Unix sockets may do without. Set it only where nobody but the balancer reaches the port, since whoever does
   * may claim any address. It does not hold for {@link Server.attach}. Default false.
   */
  readonly proxyProtocol?: boolean | undefined
  readonly limits?: ServerLimits | undefined
  /** Milliseconds that `close` and a signal give calls in flight. Default 10,000. */
  readonly drainMs?: number | undefined
  /**
   * Milliseconds between the start of `close` and the end of listening. Health checks answer NOT_SERVING and 503 during
   * that time, and calls are still accepted, so that a load balancer can stop sending calls before connections are
   * refused. Choose more than the interval of its probes. Default 0.
   */
  readonly readinessDelayMs?: number | undefined
  /**
   * Registers the server when it listens, and again when the registry has lost it; leaves it before the server stops
   * listening. Needs {@link advertise}. Failures go to `onError` and are tried again.
   */
  readonly registry?: Registry | undefined
  /** What the registry is told. */
  readonly advertise?: AdvertiseOptions | undefined
  /** Options of the Thrift wire. */
  readonly thrift?: PortWireOptions['thrift']
  /** Options of the gRPC wire. */
  readonly grpc?: PortWireOptions['grpc']
  /**
   * Answers gRPC-web, JSON and health checks on the same port, over HTTP/1.1 and HTTP/2; `{}` for all of them. Default:
   * none, and HTTP/1.1 is answered with 501.
   */
  readonly http?: PortWireOptions['http']
}

const serverOptionTable: OptionTable<ServerOptions> = {
  layers: isFunctions,
  unknown: isAnything,
  onError: isFunction,
  onRefused: isFunction,
  ambient: isFlag,
  tls: isAnything,
  plaintext: isFlag,
  proxyProtocol: isFlag,
  limits: {
    maxConcurrentCalls: atLeast(0),
    maxRequestMemoryBytes: atLeast(0),
    maxObjects: atLeast(1),
    ...portLimitTable,
  },
  drainMs: atLeast(0),
  readinessDelayMs: atLeast(0),
  registry: isAnything,
  advertise: { service: isText, address: isText, weight: atLeast(0), tags: isAnything, settleMs: atLeast(0) },
  ...wireOptionTable,
}

/** What a server listens on. */
export interface Listening {
  /** The first bound address: `127.0.0.1:8080`, `unix:/run/shop.sock`. */
  readonly address: string
  /** The port of the first bound TCP address; 0 when there is none. */
  readonly port: number
  /** Every bound address, in the order they were asked for. */
  readonly addresses: readonly BoundAddress[]
}

/** Options of {@link Server.close}. */
export interface CloseOptions {
  /** Milliseconds that calls in flight may still take; then they end as UNAVAILABLE. Default: that of the server. */
  readonly drainMs?: number | undefined
}

/**
 * A server: services, layers around them, and the port that they are reached by. `inProcess(server)` reaches them
 * without one.
 */
export class Server implements AsyncDisposable {
  readonly #id: number = nextId()
  readonly #options: ServerOptions
  readonly #router: ServerRouter
  readonly #wires: readonly PortWire[]
  readonly #port: Port
  readonly #listeners: Listener[] = []
  #registration: KeptRegistration | undefined
  readonly #hooks: { readonly run: () => unknown; readonly when: 'before' | 'after' }[] = []
  #closing: Promise<void> | undefined
  #onClosed = (): void => {}
  /** Resolves when the server has closed, whoever called {@link close}. */
  readonly closed: Promise<void> = new Promise((resolve) => {
    this.#onClosed = resolve
  })

  /** Throws TypeError on an option that there is not, RangeError on a value that it cannot have. */
  constructor(options: ServerOptions = {}) {
    checkOptions('Server', options, serverOptionTable)
    this.#options = options
    if (options.registry !== undefined && options.advertise?.service === undefined)
      throw new TypeError('Server: registry needs advertise.service, the name to register under')
    if (options.ambient === true) enableAmbient()
    const { onError } = options
    this.#router = createRouter({
      layers: options.layers,
      unknown: options.unknown,
      onRefused: options.onRefused,
      maxConcurrentCalls: options.limits?.maxConcurrentCalls ?? defaultMaxConcurrentCalls,
      maxRequestMemoryBytes: options.limits?.maxRequestMemoryBytes ?? defaultRequestMemory(),
      maxObjects: options.limits?.maxObjects,
      ...(onError === undefined ? {} : { onError }),
    })
    this.#wires = portWires({
      thrift: options.thrift,
      grpc: options.grpc,
      http: options.http,
      onError: (error) => this.#report(error),
    })
    this.#port = new Port({
      router: this.#router,
      wires: this.#wires,
      tls: options.tls,
      plaintext: options.plaintext ?? false,
      proxyProtocol: options.proxyProtocol ?? false,
      limits: options.limits ?? {},
      onError: (error) => this.#report(error),
    })
  }

  /** The services and the way a call enters them. */
  get router(): ServerRouter {
    return this.#router
  }

  /** The server as it is now. Calls are counted where `addChannelz` or `countCalls` of `volo-ts/grpc` has asked for it. */
  stats(): ServerStats {
    const { inFlight, abandoned, unsent, refusals, isDraining } = this.#router
    return {
      id: this.#id,
      addresses: this.#listeners.map(({ bound }) => bound.address),
      inFlight,
      abandoned,
      unsent,
      refused: refusals,
      isDraining,
      requestMemoryBytes: this.#router.memory.used,
      calls: snapshot(callTotals(this.#router)),
      connections: [...this.#port.connections].map(({ id, wire, peer, since, connection }) => {
        const figures = connection.figures?.()
        return { id, wire, peer, since, openCalls: figures?.openCalls, calls: snapshot(figures?.calls) }
      }),
    }
  }

  /** Connections that stand. */
  get connections(): number {
    return this.#port.size
  }

  /**
   * Adds a service with what answers it. Throws a TypeError when the handler lacks a method, an Error when a service of
   * that name is there already.
   */
  add<C, H>(
    service: ServiceType<C, H>,
    handler: H,
    options: { readonly layers?: readonly Layer[] | undefined } = {},
  ): this {
    this.#router.add(service, handler, options)
    return this
  }

  /**
   * Listens on one or several addresses (see {@link AddressInit}); port 0 picks a free one. All are bound or none.
   * Rejects with an RpcError that names the address and says what to do.
   */
  async listen(...addresses: readonly [AddressInit, ...AddressInit[]]): Promise<Listening> {
    if (this.#closing !== undefined) throw new RpcError('FAILED_PRECONDITION', 'the server is closed; make a new one')
    const parsed = addresses.map(parseAddress)
    await loadWires(this.#wires, this.#router)
    const bound: Listener[] = []
    try {
      for (const address of parsed) {
        const listener = await listen(address, {
          onSocket: (socket, { path }) => this.#port.accept(socket, path),
          onAcceptError: (error) => this.#report(error),
        })
        this.#port.listens(listener.bound)
        bound.push(listener)
      }
    } catch (error) {
      await Promise.all(bound.map((listener) => listener.close()))
      throw error
    }
    this.#listeners.push(...bound)
    if (this.#closing !== undefined) await Promise.all(bound.map((listener) => listener.close()))
    const all = bound.map((listener) => listener.bound)
    await this.#register(all)
    return {
      address: all[0]?.address ?? '',
      port: all.find(({ port }) => port !== undefined)?.port ?? 0,
      addresses: all,
    }
  }

  /**
   * Answers on the port of an HTTP server of `node:http` or `node:https` that belongs to somebody else: gRPC (over TLS
   * only where that server offers `ALPNProtocols: ['h2', 'http/1.1']`), Thrift, and with the option `http` gRPC-web, JSON
   * and health; all else goes on to the listeners that the HTTP server has by now. Resolves with what lets go of it
   * again. `close` ends the calls and closes the connections that are not HTTP/1.1; the HTTP server is not touched.
   */
  async attach(httpServer: Http1Server): Promise<() => void> {
    if (this.#closing !== undefined) throw new RpcError('FAILED_PRECONDITION', 'the server is closed; make a new one')
    const { attach } = await import('./attach.ts')
    await loadWires(this.#wires, this.#router)
    const { http, grpc = {} } = this.#options
    return attach(httpServer, this.#port, this.#router, http, grpc, (error) => this.#report(error))
  }

  /**
   * Takes a new certificate, key and authorities for connections from now on, without closing any: when they have been
   * renewed. Default: those of the server's options, whose files are read again. Throws on what cannot be used, and goes
   * on with the old ones then.
   */
  reloadTls(options: ServerTlsOptions | undefined = this.#options.tls): void {
    if (options === undefined) throw new RpcError('FAILED_PRECONDITION', 'the server was made without TLS')
    this.#port.reloadTls(options)
  }

  /**
   * Adds what is to be done when the server closes: `after` its last call (close a database; the default) or `before` it
   * stops listening (leave a registry). Hooks run one after another, the last added first; what one throws goes to
   * `onError`, and the others run all the same.
   */
  onClose(hook: () => unknown, when: 'before' | 'after' = 'after'): this {
    this.#hooks.push({ run: hook, when })
    return this
  }

  /**
   * Fails health checks for `readinessDelayMs`, stops listening, tells peers to go elsewhere, lets calls in flight end,
   * then closes every connection; hooks of {@link onClose} run before and after. Calls of peers that have not heard of it yet are still answered. Resolves when
   * all is done; calling it again waits for the same end.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? this.#options.drainMs ?? defaultDrainMs)
    return this.#closing
  }

  /**
   * Closes when the process is told to stop, so that it can end by itself with exit code 0; a second signal ends it at
   * once. A worker of `node:cluster`, as pm2 starts them, then leaves its channel to the first process, which would keep it
   * alive. Resolves when the server has closed, also when {@link close} was called without a signal. Default signals: SIGINT and SIGTERM. Under `npm start` and its like it
   * also closes when the script's shell ends, since some shells die of a SIGTERM without passing it on.
   */
  closeOnSignal(signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): Promise<void> {
    let isStopping = false
    const unlisten = onStopSignal(signals, () => {
      isStopping = true
      void this.close()
    })
    return this.closed.then(() => {
      unlisten()
      if (isStopping) leaveCluster()
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(drainMs: number): Promise<void> {
    if (this.#registration !== undefined) await this.#deregister(this.#registration)
    if (this.#hooks.length > 0) await this.#runHooks('before')
    this.#router.setUnready()
    const { readinessDelayMs = 0 } = this.#options
    if (readinessDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayOf(readinessDelayMs)))
    const listeners = Promise.all(this.#listeners.map((listener) => listener.close()))
    const started = performance.now()
    const drained = this.#port.drain()
    await drainFor(Promise.all([drained, this.#router.drain()]), drainMs)
    await this.#router.close()
    await drainFor(drained, Math.max(lastBytesMs, drainMs - (performance.now() - started)))
    this.#port.destroy()
    await Promise.all([listeners, drained])
    await this.#runHooks('after')
    this.#onClosed()
  }

  /** Once, whatever it listens on later. */
  async #register(bound: readonly BoundAddress[]): Promise<void> {
    const { registry, advertise } = this.#options
    if (registry === undefined || advertise === undefined || this.#registration !== undefined) return
    this.#registration = new KeptRegistration(registry, registrationOf(advertise, bound), (error) =>
      this.#report(error),
    )
    await this.#registration.started
  }

  async #deregister(registration: KeptRegistration): Promise<void> {
    await registration.stop()
    const { settleMs = 2_000 } = this.#options.advertise ?? {}
    await new Promise((resolve) => setTimeout(resolve, delayOf(settleMs)))
  }

  async #runHooks(when: 'before' | 'after'): Promise<void> {
    for (const hook of this.#hooks.filter((one) => one.when === when).reverse()) {
      try {
        await hook.run()
      } catch (error) {
        this.#report(error)
      }
    }
  }

  #report(error: unknown): void {
    const { onError } = this.#options
    if (onError === undefined) printError('volo: a connection failed', error)
    else onError(error, undefined)
  }
}
