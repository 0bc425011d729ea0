/** inProcess(): a transport to a server in the same process, by plain calls. */

import { here, outsideStore } from '../ambient/enclosure.ts'
import type { Peer } from '../core/context/context.ts'
import { directService } from '../core/direct/direct-service.ts'
import { type MessageTransfer, moving } from '../core/direct/message-transfer.ts'
import { defaultDrainMs, drainFor } from '../core/drain.ts'
import { RpcError } from '../core/error.ts'
import { atLeast, checkOptions, isAnything, isText, type OptionTable, oneOf } from '../core/option-check.ts'
import type { RunningCall } from '../core/server/call.ts'
import type { ServerRouter } from '../core/server/router.ts'
import type { MethodType, ServiceType } from '../core/service-type.ts'
import type { Transport } from '../core/transport.ts'
import { codecIsolation } from './codec-isolation.ts'
import { copying } from './deep-copy.ts'
import { freezing } from './deep-freeze.ts'
import { Gate } from './gate.ts'

/** How many calls of a service, or of one method, run and wait. */
export interface InProcessLimits {
  /**
   * Handlers that run at once. A call that has ended early keeps its place until its handler ends too. Default: no limit
   * in mode `direct`, 1 in mode `mailbox`.
   */
  readonly concurrency?: number | undefined
  /** The line of calls for which there is no place. */
  readonly queue?:
    | {
        /** Calls that may wait. Default 1024. */
        readonly capacity?: number | undefined
        /**
         * What happens when the line is full: `reject` fails the call as RESOURCE_EXHAUSTED; `wait` lets it stand in line
         * nevertheless, where memory is bounded by its callers alone, and a oneway call ends only when it has room.
         * Default `reject`.
         */
        readonly overflow?: 'reject' | 'wait' | undefined
      }
    | undefined
}

/** Options of {@link inProcess}. */
export interface InProcessOptions extends InProcessLimits {
  /** What handlers see as `cx.peer.address`. Default `inproc`. */
  readonly address?: string | undefined
  /**
   * `direct`: a call is a function call; the handler runs up to its first `await` before the call returns. `mailbox`:
   * calls of a service stand in line and start in the order in which they came, one at a time unless `concurrency` says
   * more, as in an actor; the line yields to timers and sockets every 2 ms. Default `direct`.
   */
  readonly mode?: 'direct' | 'mailbox' | undefined
  /**
   * What keeps the two sides from changing each other's messages. `move`: nothing, messages pass as the same object.
   * `copy`: each side has its own. `freeze`: changes throw, for development; typed arrays cannot be frozen. `codec`:
   * bytes are made and read with the codec of the IDL, errors go through the wire's mapping, for tests. Default `move`.
   */
  readonly isolate?: 'move' | 'copy' | 'freeze' | 'codec' | undefined
  /**
   * The AsyncLocalStorages of other libraries: `flow` lets handlers see their callers' as in any function call,
   * `isolated` runs handlers in the context of the program's start. Default `flow`.
   */
  readonly context?: 'flow' | 'isolated' | undefined
  /**
   * Limits of single services (`Shop`, `fleet.v1.Fleet`) and methods (`Shop.checkout`). Each name has places and a line
   * of its own; services without one have those of the transport, each for itself.
   */
  readonly limits?: Readonly<Record<string, InProcessLimits>> | undefined
}

const limitTable: OptionTable<InProcessLimits> = {
  concurrency: atLeast(1),
  queue: { capacity: atLeast(0), overflow: oneOf('reject', 'wait') },
}

const optionTable: OptionTable<InProcessOptions> = {
  ...limitTable,
  address: isText,
  mode: oneOf('direct', 'mailbox'),
  isolate: isAnything,
  context: oneOf('flow', 'isolated'),
  limits: isAnything,
}

/** How busy an in-process transport, or a part of it, is. */
export interface InProcessStats {
  /** Handlers that run, those of calls that have ended early included. */
  readonly running: number
  /** Calls in line. */
  readonly pending: number
  /** Handlers that run although their calls have ended early. */
  readonly abandoned: number
  /** Calls that found no room in line, since the beginning. */
  readonly rejected: number
}

/** What has a router. */
interface Server {
  readonly router: ServerRouter
}

/** The transport that {@link inProcess} makes. */
export interface InProcessTransport extends Transport {
  /** Sums over all services, or the numbers of one name: a service, or a key of `limits`. */
  stats(name?: string): InProcessStats
}

/**
 * A transport to the services of a server (or of a bare router) in this process: both layer stacks run, no bytes are
 * made. Complete messages pass as the same object, so neither side may change one that the other still holds;
 * incomplete ones are copied and filled; required members are checked in every mode. The callee has a context of its
 * own: deadline, caller, metadata and metainfo cross, cancellation crosses in both directions, streams are pulled.
 * Declared exceptions, BizErrors and RpcErrors arrive as the same object; an unknown throw arrives as INTERNAL with the
 * value as its `cause`.
 *
 * A call that would wait for a place held by the very calls it is made for (known through `parent` or ambient
 * inheritance) fails as FAILED_PRECONDITION instead of waiting for ever.
 *
 * `close()` ends what runs or waits in this transport and leaves the server open.
 */
export function inProcess(server: Server | ServerRouter, options: InProcessOptions = {}): InProcessTransport {
  const router: ServerRouter | undefined = (server as Partial<Server> | undefined)?.router ?? (server as ServerRouter)
  if (typeof router?.find !== 'function') {
    throw new TypeError('inProcess() takes a Server or a router; for a handler alone: createClient(Service, handler)')
  }
  checkOptions('inProcess', options, optionTable)
  // The calls of this transport are known by this very object.
  const peer: Peer = { address: options.address ?? 'inproc', kind: 'inproc' }
  const { context = 'flow', isolate = 'move', limits = {} } = options
  const crossing = crossings[isolate]
  if (crossing === undefined)
    throw new RangeError(`isolate: ${isolate} is none of ${Object.keys(crossings).join(', ')}`)
  for (const [name, own] of Object.entries(limits)) checkOptions(`inProcess: limits of ${name}`, own, limitTable)
  const gates = new Map<string, Gate>()
  for (const [name, own] of Object.entries(limits)) gates.set(name, gateOf(name, { ...options, ...own }))
  const gate = (name: string): Gate => {
    const known = gates.get(name)
    if (known !== undefined) return known
    const made = gateOf(name, options)
    gates.set(name, made)
    return made
  }
  let closed: RpcError | undefined
  let closing: Promise<void> | undefined
  const calls = (): RunningCall[] => [...router.calls()].filter((call) => call.peer === peer)
  const settings = {
    peer,
    crossing,
    refusal: () => closed,
    admission: ({ fullName }: ServiceType, { name }: MethodType) => gates.get(`${fullName}.${name}`) ?? gate(fullName),
    enclosure: context === 'isolated' ? { ambient: outsideStore, here } : undefined,
  }
  return {
    bind: (service) => directService(service, router, settings),
    close({ drainMs = defaultDrainMs } = {}) {
      closed ??= new RpcError('UNAVAILABLE', 'the in-process transport is closed', { stack: false, bytesSent: false })
      const reason = closed
      closing ??= drainFor(Promise.all(calls().map((call) => call.left())), drainMs).then(() => {
        for (const call of calls()) call.cancel(reason)
      })
      return closing
    },
    stats(name) {
      const sum = { running: 0, pending: 0, abandoned: 0, rejected: 0 }
      for (const [title, { running, pending, abandoned, rejected }] of gates) {
        if (name !== undefined && name !== title) continue
        sum.running += running
        sum.pending += pending
        sum.abandoned += abandoned
        sum.rejected += rejected
      }
      return sum
    },
  }
}

const crossings: Readonly<Record<string, (service: ServiceType, method: MethodType) => MessageTransfer>> = {
  move: moving,
  copy: copying,
  freeze: freezing,
  codec: codecIsolation,
}

function gateOf(title: string, { mode = 'direct', concurrency, queue }: InProcessOptions): Gate {
  const places = concurrency ?? (mode === 'mailbox' ? 1 : Number.POSITIVE_INFINITY)
  const capacity = queue?.capacity ?? 1024
  return new Gate({
    title,
    concurrency: places,
    capacity,
    overflow: queue?.overflow ?? 'reject',
    hops: mode === 'mailbox',
  })
}
