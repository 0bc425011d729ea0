/** thrift(): the transport of Thrift clients. */

import type { Context } from '../core/context.ts'
import { RpcError } from '../core/error.ts'
import type { Service } from '../core/service.ts'
import type { ServiceType } from '../core/service-type.ts'
import type { Transport } from '../core/transport.ts'
import { type Address, type AddressInit, parseAddress } from '../net/address.ts'
import { dial } from '../net/dial.ts'
import { Pool, type PoolOptions } from '../net/pool.ts'
import type { ClientTlsOptions } from '../net/tls.ts'
import { type CallOwner, ClientCall, type ClientMethod } from './client-call.ts'
import { ClientConnection, type ClientConnectionOptions, type ClientCounters } from './client-connection.ts'
import { defaultMaxFrameBytes } from './frame-reader.ts'
import { MultiplexedConnection } from './multiplexed-connection.ts'
import type { ThriftProtocolName } from './protocol/bytes.ts'
import type { ThriftStruct } from './protocol/protocol.ts'
import { RequestHeader } from './request-header.ts'
import type { ThriftFraming } from './sniff.ts'

/** Options of {@link thrift}. */
export interface ThriftOptions {
  /** What is around each message. Default `ttheader`; only it carries metadata, metainfo, deadlines and names. */
  readonly transport?: ThriftFraming | undefined
  /** Default `binary`. */
  readonly protocol?: ThriftProtocolName | undefined
  /**
   * `pool`: each connection carries one call at a time, which every Thrift server can do. `multiplexed`: one connection
   * carries all calls, replies come in any order; for servers of this package and of Volo or Kitex set up for it.
   * Default `pool`.
   */
  readonly connections?: 'pool' | 'multiplexed' | undefined
  /** Limits of the pool. */
  readonly pool?: PoolOptions | undefined
  /** This service's own name, told to the callee. Default none. */
  readonly caller?: string | undefined
  /** The name of the called service. Default: that of the IDL. */
  readonly callee?: string | undefined
  /** Milliseconds until a connection must stand. Default 3,000. */
  readonly connectTimeoutMs?: number | undefined
  /** TLS; `{}` trusts the system's authorities. Default: none, plain TCP. */
  readonly tls?: ClientTlsOptions | undefined
  /** Milliseconds of silence before the kernel probes the peer; 0 turns it off. Default 30,000. */
  readonly keepAliveMs?: number | undefined
  /** The longest message that is accepted, in bytes. Default 16 MiB. */
  readonly maxFrameBytes?: number | undefined
  /** Unsent bytes on one connection above which calls are refused with RESOURCE_EXHAUSTED. Default 64 MiB. */
  readonly maxUnsentBytes?: number | undefined
}

/** A look at a transport's connections. */
export interface ThriftStats {
  readonly idle: number
  readonly busy: number
  readonly connecting: number
  /** Calls that wait for a connection. */
  readonly waiting: number
  /** Replies that came after their call had ended (multiplexed). */
  readonly lateReplies: number
}

/** The transport that {@link thrift} makes. */
export interface ThriftTransport extends Transport {
  readonly stats: ThriftStats
}

/**
 * A transport to one Thrift server. It connects on the first call, and again after a connection was lost; it may be
 * shared by many clients, also of different services, and is closed by whoever made it. Throws RpcError
 * INVALID_ARGUMENT on an address that cannot be read.
 */
export function thrift(address: AddressInit, options: ThriftOptions = {}): ThriftTransport {
  const target = parseAddress(address)
  const counters: ClientCounters = { lateReplies: 0 }
  const multiplexed = options.connections === 'multiplexed'
  const connections = multiplexed ? shared(target, options, counters) : pooled(target, options, counters)
  let closing: Promise<void> | undefined
  let inFlight = 0
  let onIdle: (() => void) | undefined
  const owner: Owner = {
    get refused() {
      return closing !== undefined
    },
    entered(): void {
      inFlight++
    },
    left(): void {
      if (--inFlight === 0) onIdle?.()
    },
  }
  return {
    bind: (service) => bind(service, { options, multiplexed, owner, start: (call) => connections.start(call) }),
    close({ drainMs = 0 } = {}) {
      closing ??= drained(drainMs).then(() => connections.close(closedReason))
      return closing
    },
    get stats() {
      return { ...connections.stats, lateReplies: counters.lateReplies }
    },
  }

  function drained(drainMs: number): Promise<void> {
    if (inFlight === 0 || drainMs <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(drainMs, 0x7fff_ffff))
      onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

const closedReason = new RpcError('UNAVAILABLE', 'the transport is closed', { bytesSent: false, stack: false })

interface Owner extends CallOwner {
  readonly refused: boolean
  entered(): void
}

interface Binding {
  readonly options: ThriftOptions
  readonly multiplexed: boolean
  readonly owner: Owner
  readonly start: (call: ClientCall) => void
}

function bind(service: ServiceType, binding: Binding): Service {
  if (service.idl !== 'thrift') {
    throw new RpcError(
      'INVALID_ARGUMENT',
      `${service.fullName} is a ${service.idl} service; thrift() carries Thrift services, grpc() this one`,
    )
  }
  const { owner } = binding
  const { caller = '', callee } = binding.options
  const methods = new Map<unknown, ClientMethod>()
  for (const method of service.methods) {
    methods.set(method, {
      method,
      request: method.request as ThriftStruct,
      response: method.response as ThriftStruct,
      oneway: method.kind === 'oneway',
      header: new RequestHeader(service, method, { caller, callee, multiplexed: binding.multiplexed }),
    })
  }
  return (cx: Context, request: unknown) => {
    const target = methods.get(cx.method)
    if (target === undefined) {
      return Promise.reject(new RpcError('UNIMPLEMENTED', `${service.name} has no method ${cx.method.name}`))
    }
    if (owner.refused) return Promise.reject(closedReason)
    owner.entered()
    const call = new ClientCall(owner, target, cx, request)
    if (!call.settled) binding.start(call)
    return call.promise
  }
}

/** The connections of a transport, in either mode. */
interface Connections {
  readonly stats: Omit<ThriftStats, 'lateReplies'>
  start(call: ClientCall): void
  close(reason: RpcError): void
}

function pooled(target: Address, options: ThriftOptions, counters: ClientCounters): Connections {
  const pool = new Pool<ClientConnection>(
    (signal) => open(target, options, counters, signal, connectionOptions),
    options.pool,
  )
  const connectionOptions: ClientConnectionOptions = {
    ...speech(options),
    onFree: (connection) => pool.release(connection),
    onClosed: (connection) => pool.remove(connection),
  }
  return {
    get stats() {
      return pool.stats
    },
    start(call) {
      const connection = pool.take()
      if (connection !== undefined) {
        connection.send(call)
        return
      }
      call.waitIn(pool)
      pool.wait(call)
    },
    close(reason) {
      pool.close(reason)
      pool.destroyBusy(reason)
    },
  }
}

function shared(target: Address, options: ThriftOptions, counters: ClientCounters): Connections {
  const connection = new MultiplexedConnection((signal, events) =>
    open(target, options, counters, signal, { ...speech(options), ...events }),
  )
  return connection
}

function speech(options: ThriftOptions): Omit<ClientConnectionOptions, 'onFree' | 'onClosed'> {
  return {
    framing: options.transport ?? 'ttheader',
    protocol: options.protocol ?? 'binary',
    multiplexed: options.connections === 'multiplexed',
    maxFrameBytes: options.maxFrameBytes ?? defaultMaxFrameBytes,
    maxUnsentBytes: options.maxUnsentBytes ?? 64 * 1024 * 1024,
  }
}

async function open(
  target: Address,
  options: ThriftOptions,
  counters: ClientCounters,
  signal: AbortSignal,
  connectionOptions: ClientConnectionOptions,
): Promise<ClientConnection> {
  const { connectTimeoutMs, tls, keepAliveMs } = options
  const dialed = await dial(target, { connectTimeoutMs, tls, keepAliveMs, signal })
  return new ClientConnection(dialed, connectionOptions, counters)
}
