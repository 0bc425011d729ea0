/** Server: services behind one port that answers Thrift and gRPC, plain and over TLS. */

import { enableAmbient } from '../ambient/ambient.ts'
import type { Context } from '../core/context.ts'
import { RpcError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import { createRouter, drainFor, type ServerRouter } from '../core/server-router.ts'
import type { ServiceType } from '../core/service-type.ts'
import { type AddressInit, parseAddress } from '../net/address.ts'
import { type BoundAddress, type Listener, listen } from '../net/listen.ts'
import type { ServerTlsOptions } from '../net/tls.ts'
import { onOrphaned } from './on-orphaned.ts'
import { Port, type PortLimits } from './port.ts'
import { loadWires, type PortWire, type PortWireOptions, portWires } from './port-wire.ts'

/** What the last replies get to leave in, however short the drain. */
const lastBytesMs = 100

/** Options of {@link Server}. */
export interface ServerOptions {
  /** Layers around every call; the first sees the request first. */
  readonly layers?: readonly Layer[] | undefined
  /** Hears of every failure that its caller is not told. Default: `console.error` with the stack. */
  readonly onError?: ((error: unknown, cx: Context | undefined) => void) | undefined
  /**
   * Calls made inside a handler inherit its context (deadline, cancellation, persistent metainfo) without being told.
   * It holds for the whole process and costs every awaited call of it about 100 ns. Default false.
   */
  readonly ambient?: boolean | undefined
  /** Certificate and key; the same port then answers plain and TLS connections. Default: plain only. */
  readonly tls?: ServerTlsOptions | undefined
  readonly limits?: PortLimits | undefined
  /** Milliseconds that `close` and a signal give calls in flight. Default 10,000. */
  readonly drainMs?: number | undefined
  /** Options of the Thrift wire. */
  readonly thrift?: PortWireOptions['thrift']
  /** Options of the gRPC wire. */
  readonly grpc?: PortWireOptions['grpc']
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
  readonly #options: ServerOptions
  readonly #router: ServerRouter
  readonly #wires: readonly PortWire[]
  readonly #port: Port
  readonly #listeners: Listener[] = []
  #closing: Promise<void> | undefined

  constructor(options: ServerOptions = {}) {
    this.#options = options
    if (options.ambient === true) enableAmbient()
    const { onError } = options
    this.#router = createRouter({ layers: options.layers, ...(onError === undefined ? {} : { onError }) })
    this.#wires = portWires({ thrift: options.thrift, grpc: options.grpc })
    this.#port = new Port({
      router: this.#router,
      wires: this.#wires,
      tls: options.tls,
      limits: options.limits ?? {},
      onError: (error) => this.#report(error),
    })
  }

  /** The services and the way a call enters them. */
  get router(): ServerRouter {
    return this.#router
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
        const unixPath = address.kind === 'unix' ? address.path : undefined
        bound.push(
          await listen(address, {
            onSocket: (socket) => this.#port.accept(socket, unixPath),
            onAcceptError: (error) => this.#report(error),
          }),
        )
      }
    } catch (error) {
      await Promise.all(bound.map((listener) => listener.close()))
      throw error
    }
    this.#listeners.push(...bound)
    if (this.#closing !== undefined) await Promise.all(bound.map((listener) => listener.close()))
    const all = bound.map((listener) => listener.bound)
    return {
      address: all[0]?.address ?? '',
      port: all.find(({ port }) => port !== undefined)?.port ?? 0,
      addresses: all,
    }
  }

  /**
   * Stops listening, tells peers to go elsewhere, lets calls in flight end, then closes every connection. Resolves when
   * all is closed; calling it again waits for the same end.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? this.#options.drainMs ?? 10_000)
    return this.#closing
  }

  /**
   * Closes when the process is told to stop, so that it can end by itself with exit code 0; a second signal ends it at
   * once. Resolves when the server is closed. Default signals: SIGINT and SIGTERM. Under `npm start` and its like it
   * also closes when the script's shell ends, since some shells die of a SIGTERM without passing it on.
   */
  closeOnSignal(signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): Promise<void> {
    return new Promise((resolve) => {
      const onSignal = (): void => {
        for (const signal of signals) process.off(signal, onSignal)
        stopWatching()
        this.close().then(resolve)
      }
      for (const signal of signals) process.on(signal, onSignal)
      const stopWatching = onOrphaned(onSignal)
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(drainMs: number): Promise<void> {
    const listeners = Promise.all(this.#listeners.map((listener) => listener.close()))
    const drained = this.#port.drain()
    const started = performance.now()
    await this.#router.close({ drainMs })
    await drainFor(drained, Math.max(lastBytesMs, drainMs - (performance.now() - started)))
    this.#port.destroy()
    await Promise.all([listeners, drained])
  }

  #report(error: unknown): void {
    const { onError } = this.#options
    if (onError === undefined) console.error('volo: a connection failed', error)
    else onError(error, undefined)
  }
}
