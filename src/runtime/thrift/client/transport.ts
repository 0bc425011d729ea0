/** thrift(): the transport of Thrift clients. */

import { type BackoffOptions, connectBackoff, exponentialBackoff } from '../../core/backoff.ts'
import { callAddress } from '../../core/context/call-target.ts'
import type { Context } from '../../core/context/context.ts'
import type { Service } from '../../core/context/service.ts'
import { defaultDrainMs, drainFor } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import {
  atLeast,
  checkOptions,
  integerWithin,
  isAnything,
  isText,
  type OptionTable,
  oneOf,
} from '../../core/option-check.ts'
import type { ServiceType } from '../../core/service-type.ts'
import type { Transport } from '../../core/transport.ts'
import { type Address, type AddressInit, parseAddress } from '../../net/address.ts'
import { DialBackoff } from '../../net/dial-backoff.ts'
import type { PoolOptions, PoolStats } from '../../net/pool.ts'
import type { ClientTlsOptions } from '../../net/tls.ts'
import { defaultMaxFrameBytes } from '../frame-reader.ts'
import type { ThriftProtocolName } from '../protocol/bytes.ts'
import { defaultMaxDepth, highestMaxDepth, type ThriftStruct } from '../protocol/protocol.ts'
import type { ThriftFraming } from '../sniff.ts'
import { type CallOwner, type ClientMethod, ThriftClientCall } from './call.ts'
import type { ClientCounters, ClientSpeech } from './connection.ts'
import { type HealthCheckOptions, healthCheck, type SharedMaintenance } from './connection-maintenance.ts'
import { connectionOpener } from './connection-opener.ts'
import { type Connections, ConnectionsByAddress } from './connections-by-address.ts'
import { MultiplexedConnection } from './multiplexed-connection.ts'
import { PooledConnections } from './pooled-connections.ts'
import { RequestHeader } from './request-header.ts'

/** Options of {@link thrift}. */
export interface ThriftOptions {
  /**
   * What is around each message. Only `ttheader` carries metadata, metainfo, deadlines and names. `auto` finds out, before the
   * first connection to an address, by calling a method that no server has: in TTHeader, framed, then buffered form, 1 s
   * each. Default `ttheader`.
   */
  readonly transport?: ThriftFraming | 'auto' | undefined
  /** Default `binary`. */
  readonly protocol?: ThriftProtocolName | undefined
  /**
   * `pool`: each connection carries one call at a time, which every Thrift server can do. `multiplexed`: one connection
   * carries all calls, replies come in any order; for servers of this package and of Volo or Kitex set up for it.
   * `auto`: a pool, until a server says over TTHeader that it answers in any order, as this package's do; then one
   * connection. Default `auto`.
   */
  readonly connections?: 'auto' | 'pool' | 'multiplexed' | undefined
  /** Limits of the pool; of a connection that carries all calls only `idleTimeoutMs` counts. */
  readonly pool?: PoolOptions | undefined
  /** Checks connections that are idle; `{}` for the defaults. Default: none, the kernel's keepalive must do. */
  readonly healthCheck?: HealthCheckOptions | undefined
  /** This service's own name, told to the callee. Default none. */
  readonly caller?: string | undefined
  /** The name of the called service. Default: that of the IDL. */
  readonly callee?: string | undefined
  /** Milliseconds until a connection must stand. Default 3,000. */
  readonly connectTimeoutMs?: number | undefined
  /**
   * Waits after a connection that could not be made, or was lost before the peer said anything; calls that have no
   * connection fail in the meantime. Default: 200 ms, 1.6 times longer each time, at most 30 s, a fifth left to chance.
   */
  readonly backoff?: BackoffOptions | undefined
  /**
   * Milliseconds that the first call of a connection may wait for the peer's first byte. After half of them a method that no
   * server has is called on a connection of its own. Without an answer to that the call fails with UNAVAILABLE, which says
   * what the peer may speak: most servers wait for ever when they meet the wrong `transport`. 0: any time. Default 10,000.
   */
  readonly firstReplyTimeoutMs?: number | undefined
  /**
   * Milliseconds in which the peer must take at least one byte while some wait for it; else the connection is lost. 0: any
   * time. Default 10,000.
   */
  readonly writeTimeoutMs?: number | undefined
  /** TLS; `{}` trusts the system's authorities. Default: none, plain TCP. */
  readonly tls?: ClientTlsOptions | undefined
  /** Milliseconds of silence before the kernel probes the peer; 0 turns it off. Default 30,000. */
  readonly keepAliveMs?: number | undefined
  /** The longest message that is accepted, in bytes. Default 16 MiB. */
  readonly maxFrameBytes?: number | undefined
  /**
   * How deep structs may nest in a message, read or written, 1 to 500; in what no IDL describes, four times as many containers.
   * Default 64, as Apache Thrift.
   */
  readonly maxDepth?: number | undefined
  /** Unsent bytes on one connection above which calls are refused with RESOURCE_EXHAUSTED. Default 64 MiB. */
  readonly maxUnsentBytes?: number | undefined
}

const thriftOptionTable: OptionTable<ThriftOptions> = {
  transport: oneOf('ttheader', 'framed', 'buffered', 'auto'),
  protocol: oneOf('binary', 'compact'),
  connections: oneOf('auto', 'pool', 'multiplexed'),
  pool: {
    maxTotal: atLeast(1),
    maxIdle: atLeast(0),
    minIdle: atLeast(0),
    idleTimeoutMs: atLeast(0),
    maxLifetimeMs: atLeast(0),
    maxWaiting: atLeast(0),
  },
  healthCheck: { everyMs: atLeast(1), timeoutMs: atLeast(1), method: isText },
  caller: isText,
  callee: isText,
  connectTimeoutMs: atLeast(0),
  backoff: { initialMs: atLeast(0), maxMs: atLeast(0), factor: atLeast(1), jitter: atLeast(0) },
  firstReplyTimeoutMs: atLeast(0),
  writeTimeoutMs: atLeast(0),
  tls: isAnything,
  keepAliveMs: atLeast(0),
  maxFrameBytes: atLeast(1),
  maxDepth: integerWithin(1, highestMaxDepth),
  maxUnsentBytes: atLeast(0),
}

/** A look at a transport's connections. */
export interface ThriftStats extends PoolStats {
  /** Replies that came after their call had ended (multiplexed). */
  readonly lateReplies: number
}

/** The transport that {@link thrift} makes. */
export interface ThriftTransport extends Transport {
  /**
   * Connects before the first call: until `connections` of a pool stand, or the one of a multiplexed client. Default:
   * `pool.minIdle`, at least 1. Rejects as a call would when a connection cannot be made.
   */
  warmUp(connections?: number): Promise<void>
  readonly stats: ThriftStats
}

/**
 * A transport to a Thrift server, and to those that calls name with `address`. It connects on the first call, and again after a connection was lost; it may be
 * shared by many clients, also of different services, and is closed by whoever made it. Throws RpcError
 * INVALID_ARGUMENT on an address that cannot be read, TypeError on an option that there is not, RangeError on a value that
 * it cannot have.
 */
export function thrift(address: AddressInit, options: ThriftOptions = {}): ThriftTransport {
  const target = parseAddress(address)
  checkOptions('thrift()', options, thriftOptionTable)
  const counters: ClientCounters = { lateReplies: 0 }
  const book = new ConnectionsByAddress(target, (address) => connectionsTo(address, options, counters))
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
    takesAddress: true,
    bind: (service) => bind(service, { options, owner, book }),
    async warmUp(count = Math.max(1, options.pool?.minIdle ?? 0)) {
      await book.own.warmUp(count)
    },
    close({ drainMs = defaultDrainMs } = {}) {
      closing ??= drainFor(idle(), drainMs).then(() => book.close(closedReason))
      return closing
    },
    get stats() {
      return { ...book.stats, lateReplies: counters.lateReplies }
    },
  }

  function idle(): Promise<void> {
    if (inFlight === 0) return Promise.resolve()
    return new Promise((resolve) => {
      onIdle = resolve
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
  readonly owner: Owner
  readonly book: ConnectionsByAddress
}

function bind(service: ServiceType, binding: Binding): Service {
  if (service.idl !== 'thrift') {
    throw new RpcError(
      'INVALID_ARGUMENT',
      `${service.fullName} is a protobuf service, and thrift() carries Thrift; use grpc() for it, or inProcess()`,
    )
  }
  const { owner, book } = binding
  const { caller = '', callee } = binding.options
  const methods = new Map<unknown, ClientMethod>()
  for (const method of service.methods) {
    methods.set(method, {
      method,
      request: method.request as ThriftStruct,
      response: method.response as ThriftStruct,
      oneway: method.kind === 'oneway',
      header: new RequestHeader(service, method, { caller, callee }),
    })
  }
  return (cx: Context, request: unknown) => {
    const target = methods.get(cx.method)
    if (target === undefined) {
      return Promise.reject(new RpcError('UNIMPLEMENTED', `${service.name} has no method ${cx.method.name}`))
    }
    if (owner.refused) return Promise.reject(closedReason)
    const address = cx.get(callAddress)
    let connections = book.own
    if (address !== undefined) {
      try {
        connections = book.at(address)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    owner.entered()
    const call = new ThriftClientCall(owner, target, cx, request)
    if (!call.settled) connections.start(call)
    return call.promise
  }
}

const defaultFirstReplyTimeoutMs = 10_000

function connectionsTo(target: Address, options: ThriftOptions, counters: ClientCounters): Connections {
  const { pool = {}, connections: mode = 'auto', healthCheck: health } = options
  const backoff = new DialBackoff(exponentialBackoff({ ...connectBackoff, ...options.backoff }))
  const { connectTimeoutMs, tls, keepAliveMs, firstReplyTimeoutMs = defaultFirstReplyTimeoutMs } = options
  const { open, watch } = connectionOpener({
    target,
    dialing: { connectTimeoutMs, tls, keepAliveMs },
    framing: options.transport ?? 'ttheader',
    speech: speech(options),
    firstReplyTimeoutMs: firstReplyTimeoutMs === 0 ? Number.POSITIVE_INFINITY : firstReplyTimeoutMs,
    caller: options.caller ?? '',
    backoff,
    counters,
  })
  const care: SharedMaintenance = {
    idleTimeoutMs: pool.idleTimeoutMs ?? 15_000,
    ...(health === undefined
      ? {}
      : { check: healthCheck(health, options.caller ?? ''), checkEveryMs: health.everyMs ?? 10_000 }),
  }
  if (mode === 'multiplexed') return new MultiplexedConnection(open, care, backoff)
  return new PooledConnections({ open, pool, sharing: mode === 'auto', care, backoff, watch })
}

function speech(options: ThriftOptions): Omit<ClientSpeech, 'framing'> {
  return {
    protocol: options.protocol ?? 'binary',
    multiplexed: options.connections === 'multiplexed',
    maxFrameBytes: options.maxFrameBytes ?? defaultMaxFrameBytes,
    maxDepth: options.maxDepth ?? defaultMaxDepth,
    maxUnsentBytes: options.maxUnsentBytes ?? 64 * 1024 * 1024,
    writeTimeoutMs: options.writeTimeoutMs ?? 10_000,
  }
}
