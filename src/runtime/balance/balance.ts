/** balance(): one transport over many instances of a service. */

import { callAddress } from '../core/context/call-target.ts'
import { type Context, type ContextKey, sharedKey } from '../core/context/context.ts'
import type { Service } from '../core/context/service.ts'
import { isRpcError, RpcError } from '../core/error.ts'
import { streamsRequest } from '../core/method-kind.ts'
import { atLeast, checkOptions, isAnything, isFunction, type OptionTable } from '../core/option-check.ts'
import type { ServiceType } from '../core/service-type.ts'
import type { Transport } from '../core/transport.ts'
import type { Change } from '../discovery/change.ts'
import type { Discover } from '../discovery/discover.ts'
import { type Instance, instance } from '../discovery/instance.ts'
import { discoverTarget } from '../discovery/target.ts'
import type { BalanceStats } from './balance-stats.ts'
import { callHash } from './call-hash.ts'
import type { EndpointState, Policy } from './endpoint.ts'
import { InstanceSet } from './instance-set.ts'
import type { InstanceTransport } from './instance-transport.ts'
import { type OutlierOptions, outlierSettings } from './outlier.ts'
import { weightedRandom } from './weighted-random.ts'

/** Options of {@link balance}. */
export interface BalanceOptions {
  /** Makes the transport to one instance: `({ address }) => thrift(address)`. */
  readonly connect: (instance: Instance) => Transport
  /** Default {@link weightedRandom}. */
  readonly policy?: Policy | undefined
  /** Ejection of instances that fail; false: none. Default: Envoy's defaults for consecutive failures. */
  readonly outliers?: OutlierOptions | false | undefined
  /** Milliseconds in which a new instance comes from a tenth of its weight to all of it. Default 0: at once. */
  readonly slowStartMs?: number | undefined
  /** With fewer percent of the instances usable than this, all are used: better a slow answer than none. Default 50. */
  readonly panicPercent?: number | undefined
  /** Milliseconds that calls of a removed instance have. Default: that of its transport, 10,000. */
  readonly drainMs?: number | undefined
}

/** The transport that {@link balance} makes. */
export interface BalanceTransport extends Transport {
  stats(): BalanceStats
}

const optionTable: OptionTable<BalanceOptions> = {
  connect: isFunction,
  policy: isFunction,
  outliers: isAnything,
  slowStartMs: atLeast(0),
  panicPercent: atLeast(0),
  drainMs: atLeast(0),
}

/** The instances that the attempts of a call have gone to. */
const triedKey: ContextKey<Set<InstanceTransport>> = sharedKey('balance.tried')

/**
 * A transport over the instances of a service, whatever the protocol: each call, and each attempt of `retry()`, goes to the
 * instance that the policy picks, an attempt to one that the call has not tried where there is one. An instance that
 * cannot be connected gets no calls while others can; a call that finds out goes on to another at once, since no byte of
 * it had left. New instances are connected by their first call, removed ones end their calls and are closed. A call that
 * names an `address` goes there. Without an instance calls wait for the first answer of the registry, then fail as
 * UNAVAILABLE with what is known. `source` may be a name, see {@link discoverTarget}. Throws TypeError and RangeError for
 * options that cannot be, RpcError INVALID_ARGUMENT for a name that is none.
 *
 * @example
 * const shop = balance(dns('shop.default.svc:8080'), { connect: ({ address }) => thrift(address), policy: peakEwma() })
 * const client = createClient(Shop, shop, { layers: [retry()] })
 */
export function balance(source: Discover | string, options: BalanceOptions): BalanceTransport {
  checkOptions('balance', options, optionTable)
  if (options.connect === undefined)
    throw new TypeError('balance: connect, which makes the transport to one instance, is missing')
  return new Balancer(typeof source === 'string' ? discoverTarget(source) : source, options)
}

interface Waiter {
  readonly go: () => void
  readonly fail: (error: RpcError) => void
}

class Balancer implements BalanceTransport {
  readonly takesAddress = true
  readonly #source: Discover
  readonly #set: InstanceSet
  readonly #waiters = new Set<Waiter>()
  #unwatch: (() => void) | undefined
  #hasAnswer = false
  #failure: Error | undefined
  #closed: Promise<void> | undefined

  constructor(source: Discover, options: BalanceOptions) {
    this.#source = source
    this.#set = new InstanceSet({
      connect: options.connect,
      policy: options.policy ?? weightedRandom(),
      outliers: options.outliers === false ? undefined : outlierSettings(options.outliers ?? {}),
      slowStartMs: options.slowStartMs ?? 0,
      panicPercent: options.panicPercent ?? 50,
      drainMs: options.drainMs,
      onLost: () => source.refresh?.(),
    })
  }

  bind(service: ServiceType): Service {
    return (cx, request) => {
      if (this.#closed !== undefined) return Promise.reject(closedReason())
      const address = cx.get(callAddress)
      if (address !== undefined) return this.#set.at(instance(address)).call(service, cx, request)
      this.#unwatch ??= this.#watch()
      if (this.#hasAnswer) return this.#call(service, cx, request)
      return this.#firstAnswer(cx).then(() => this.#call(service, cx, request))
    }
  }

  stats(): BalanceStats {
    return {
      target: this.#source.target,
      instances: this.#set.stats(),
      waiting: this.#waiters.size,
      discoverError: this.#failure?.message,
    }
  }

  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(options)
    return this.#closed
  }

  async #close({ drainMs }: { readonly drainMs?: number }): Promise<void> {
    this.#unwatch?.()
    for (const waiter of [...this.#waiters]) waiter.fail(closedReason())
    await this.#set.close(drainMs)
  }

  #watch(): () => void {
    return this.#source.watch({
      changed: (change) => this.#changed(change),
      failed: (error) => {
        this.#failure = error
        if (!this.#hasAnswer) for (const waiter of [...this.#waiters]) waiter.fail(this.#noAnswer(error))
      },
    })
  }

  #changed(change: Change): void {
    this.#failure = undefined
    this.#hasAnswer = true
    this.#set.change(change)
    for (const waiter of [...this.#waiters]) waiter.go()
  }

  #firstAnswer(cx: Context): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#noAnswer(this.#failure))
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter)
        unlisten()
      }
      const waiter: Waiter = {
        go: () => {
          leave()
          resolve()
        },
        fail: (error) => {
          leave()
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      const unlisten = cx.onCancel((reason) => waiter.fail(reason))
    })
  }

  #call(service: ServiceType, cx: Context, request: unknown): Promise<unknown> {
    const tried = cx.get(triedKey) ?? new Set()
    const picked = this.#set.pick(cx.get(callHash), tried)
    if (picked === undefined) return Promise.reject(this.#noInstance(service, tried))
    // Only a call that is tried again looks at it, and then by its own context or that of an attempt.
    if (tried.size === 0) cx.set(triedKey, tried)
    tried.add(picked)
    const outcome = picked.call(service, cx, request)
    if (streamsRequest(cx.method.kind)) return outcome
    return outcome.catch((error: unknown) => {
      const unsent = isRpcError(error) && error.code === 'UNAVAILABLE' && error.bytesSent === false
      if (!unsent || cx.cancelled !== undefined || this.#closed !== undefined) throw error
      if (!this.#set.hasUntried(tried)) throw this.#set.size === 1 ? error : this.#noInstance(service, tried, error)
      return this.#call(service, cx, request)
    })
  }

  #noAnswer(error: Error): RpcError {
    const text = `the instances of ${this.#source.target} are not known: ${error.message}`
    return new RpcError('UNAVAILABLE', text, { cause: error, bytesSent: false, stack: false })
  }

  #noInstance({ name }: ServiceType, tried: ReadonlySet<InstanceTransport>, cause?: unknown): RpcError {
    const all = this.#set.stats()
    const count = (state: EndpointState): number => all.filter((one) => one.state === state).length
    const parts = [
      `${all.length} known`,
      ...(count('ejected') > 0 ? [`${count('ejected')} ejected`] : []),
      ...(count('unreachable') > 0 ? [`${count('unreachable')} refused the connection`] : []),
      ...(tried.size > 0 ? [`tried ${[...tried].map((one) => one.instance.address).join(', ')}`] : []),
      ...(this.#failure === undefined ? [] : [`the registry: ${this.#failure.message}`]),
    ]
    const text = `no instance of '${name}' (${this.#source.target}: ${parts.join(', ')})`
    return new RpcError('UNAVAILABLE', text, {
      bytesSent: false,
      stack: false,
      ...(cause === undefined ? {} : { cause }),
    })
  }
}

function closedReason(): RpcError {
  return new RpcError('UNAVAILABLE', 'the transport is closed', { bytesSent: false, stack: false })
}
