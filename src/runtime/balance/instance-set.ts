/** InstanceSet: the instances of a service with their transports, and the picker over those that may be used. */

import { delayOf } from '../core/context/delay.ts'
import type { Transport } from '../core/transport.ts'
import type { Change } from '../discovery/change.ts'
import type { Instance } from '../discovery/instance.ts'
import type { InstanceStats } from './balance-stats.ts'
import type { Picker, Policy } from './endpoint.ts'
import { InstanceTransport } from './instance-transport.ts'
import type { OutlierSettings } from './outlier.ts'

/** How a set works. */
export interface InstanceSetOptions {
  readonly connect: (instance: Instance) => Transport
  readonly policy: Policy
  readonly outliers: OutlierSettings | undefined
  readonly slowStartMs: number
  readonly panicPercent: number
  readonly drainMs: number | undefined
  /** A connection could not be made. */
  readonly onLost: () => void
}

/** Milliseconds between two steps of a slow start. */
const slowStartStepMs = 500
/** The part of its weight that a new instance begins with. */
const slowStartPart = 0.1
/** Addresses that calls name and no registry does, each with a transport of its own. */
const mostOthers = 32

/** Owns the transports. */
export class InstanceSet {
  readonly #options: InstanceSetOptions
  readonly #byAddress = new Map<string, InstanceTransport>()
  readonly #others = new Map<string, InstanceTransport>()
  readonly #leaving = new Set<Promise<void>>()
  #picker: Picker | undefined
  /** Those that the picker picks from. */
  #usable: readonly InstanceTransport[] = []
  /** When the picker is out of date: somebody's ejection or wait ends. */
  #staleAt = Number.POSITIVE_INFINITY
  #slowTimer: ReturnType<typeof setInterval> | undefined
  #isFirst = true

  constructor(options: InstanceSetOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#byAddress.size
  }

  change({ added, updated, removed }: Change): void {
    for (const one of removed) this.#remove(one)
    for (const one of updated) {
      const known = this.#byAddress.get(one.address)
      if (known === undefined) continue
      known.instance = one
      known.weight = this.#weightOf(known)
    }
    for (const one of added) this.#add(one)
    this.#isFirst = false
    this.#picker = undefined
    this.#startSlowly()
  }

  /** One that the call has not tried, where there is one. */
  pick(hash: bigint | undefined, tried: ReadonlySet<InstanceTransport>): InstanceTransport | undefined {
    const now = performance.now()
    if (this.#picker === undefined || now >= this.#staleAt) this.#build(now)
    const picked = this.#picker?.(hash) as InstanceTransport | undefined
    if (picked === undefined || !tried.has(picked)) return picked
    for (let i = 0; i < 3; i++) {
      const next = this.#picker?.(undefined) as InstanceTransport | undefined
      if (next !== undefined && !tried.has(next)) return next
    }
    return this.#usable.find((one) => !tried.has(one)) ?? picked
  }

  hasUntried(tried: ReadonlySet<InstanceTransport>): boolean {
    const now = performance.now()
    if (this.#picker === undefined || now >= this.#staleAt) this.#build(now)
    return this.#usable.some((one) => !tried.has(one))
  }

  /** The transport to an address that a call names. */
  at(instance: Instance): InstanceTransport {
    const { address } = instance
    const known = this.#byAddress.get(address) ?? this.#others.get(address)
    if (known !== undefined) return known
    const made = this.#make(instance)
    this.#others.set(address, made)
    for (const [oldest, one] of this.#others) {
      if (this.#others.size <= mostOthers) break
      this.#others.delete(oldest)
      this.#leave(one, this.#options.drainMs)
    }
    return made
  }

  stats(): InstanceStats[] {
    const now = performance.now()
    return [...this.#byAddress.values()].map((one) => ({
      ...one.instance,
      state: one.state(now),
      why: this.#why(one, now),
      inFlight: one.inFlight,
      calls: one.calls,
      failures: one.failures,
      latencyMs: one.latencyMs,
    }))
  }

  async close(drainMs: number | undefined): Promise<void> {
    clearInterval(this.#slowTimer)
    for (const one of [...this.#byAddress.values(), ...this.#others.values()]) this.#leave(one, drainMs)
    this.#byAddress.clear()
    this.#others.clear()
    this.#picker = undefined
    await Promise.all(this.#leaving)
  }

  #why(one: InstanceTransport, now: number): string | undefined {
    if (one.instance.weight === 0) return 'its weight is 0'
    const state = one.state(now)
    if (state === 'ready') return undefined
    const until = state === 'ejected' ? one.outlier.endsAt : one.retryAt
    return `${state} for ${Math.ceil((until - now) / 1000)} s more: ${one.lastError ?? 'no error is known'}`
  }

  #add(instance: Instance): void {
    const other = this.#others.get(instance.address)
    const made = other ?? this.#make(instance)
    this.#others.delete(instance.address)
    made.instance = instance
    made.weight = this.#weightOf(made)
    this.#byAddress.set(instance.address, made)
  }

  #remove({ address }: Instance): void {
    const one = this.#byAddress.get(address)
    if (one === undefined) return
    this.#byAddress.delete(address)
    this.#leave(one, this.#options.drainMs)
  }

  #leave(one: InstanceTransport, drainMs: number | undefined): void {
    const closed = one.remove(drainMs).finally(() => this.#leaving.delete(closed))
    this.#leaving.add(closed)
  }

  #make(instance: Instance): InstanceTransport {
    const { connect, outliers, onLost } = this.#options
    const events = {
      reachableChanged: () => {
        this.#picker = undefined
        onLost()
      },
      misbehaved: (one: InstanceTransport) => this.#eject(one),
    }
    return new InstanceTransport(instance, connect(instance), events, outliers)
  }

  #eject(one: InstanceTransport): void {
    const { outliers } = this.#options
    if (outliers === undefined || this.#byAddress.get(one.instance.address) !== one) return
    const now = performance.now()
    const ejected = [...this.#byAddress.values()].filter(({ outlier }) => outlier.isEjected(now)).length
    const most = Math.max(1, Math.floor((this.#byAddress.size * outliers.maxEjectionPercent) / 100))
    if (ejected >= most || this.#byAddress.size === 1) return
    one.outlier.eject(now, outliers)
    this.#picker = undefined
  }

  #build(now: number): void {
    const all = [...this.#byAddress.values()].filter(({ instance }) => instance.weight > 0)
    let usable = all.filter((one) => one.state(now) === 'ready')
    this.#staleAt = Number.POSITIVE_INFINITY
    for (const one of all) {
      if (one.outlier.isEjected(now)) this.#staleAt = Math.min(this.#staleAt, one.outlier.endsAt)
      if (one.isUnreachable(now)) this.#staleAt = Math.min(this.#staleAt, one.retryAt)
    }
    // Ejections are guesses; that a connection cannot be made is not.
    if (usable.length * 100 < all.length * this.#options.panicPercent) {
      const reachable = all.filter((one) => !one.isUnreachable(now))
      usable = reachable.length > 0 ? reachable : all
    }
    this.#usable = usable
    this.#picker = this.#options.policy(usable)
  }

  #weightOf({ instance, since }: InstanceTransport): number {
    const { slowStartMs } = this.#options
    if (slowStartMs === 0 || this.#isFirst) return instance.weight
    const part = Math.min(1, slowStartPart + ((1 - slowStartPart) * (performance.now() - since)) / slowStartMs)
    return instance.weight * part
  }

  #startSlowly(): void {
    const { slowStartMs } = this.#options
    if (slowStartMs === 0 || this.#slowTimer !== undefined) return
    if (![...this.#byAddress.values()].some(({ weight, instance }) => weight < instance.weight)) return
    this.#slowTimer = setInterval(() => {
      let isSlow = false
      for (const one of this.#byAddress.values()) {
        if (one.weight < one.instance.weight) one.weight = this.#weightOf(one)
        if (one.weight < one.instance.weight) isSlow = true
      }
      this.#picker = undefined
      if (isSlow) return
      clearInterval(this.#slowTimer)
      this.#slowTimer = undefined
    }, delayOf(slowStartStepMs))
    ;(this.#slowTimer as { unref?(): void }).unref?.()
  }
}
