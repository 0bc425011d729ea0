/** Discover: the instances of one service, as a registry tells of them. */

import { delayOf } from '../core/context/delay.ts'
import { printError } from '../core/error.ts'
import { type Change, changeBetween } from './change.ts'
import type { Instance } from './instance.ts'

/** Is told of the instances of a service. */
export interface DiscoverListener {
  /** The instances that are known now, and after that each change. The first one may be empty. */
  changed(change: Change): void
  /** The registry cannot be asked. Instances that are known stay. */
  failed(error: Error): void
}

/**
 * The instances of one service. `balance()` takes one; anybody may implement it, best over {@link discover}, which adds
 * what every source needs.
 */
export interface Discover {
  /** Where the instances come from, for messages: `etcd://10.0.0.1:2379/shop`. */
  readonly target: string
  /** Begins to tell a listener, at once where instances are known. Returns what ends it; the last one ends the watch. */
  watch(listener: DiscoverListener): () => void
  /** Says that a connection to an instance was lost, so that a source that asks now and then may ask sooner. */
  refresh?(): void
}

/** What a source reports to. */
export interface DiscoverReport {
  /** All instances there are. */
  instances(all: readonly Instance[]): void
  failed(error: Error): void
}

/** Reads instances from somewhere: it is started by the first listener and stopped when the last one has gone. */
export interface DiscoverSource {
  readonly target: string
  /** Begins to report. Returns what stops it; nothing may be reported after that. */
  start(report: DiscoverReport): () => void
  refresh?(): void
}

/** Options of {@link discover}. */
export interface DiscoverOptions {
  /**
   * Milliseconds for which an empty answer is not believed while instances are known: a registry that has lost its data
   * must not take a service down. Default 30,000.
   */
  readonly emptyAfterMs?: number | undefined
}

/**
 * A Discover over a source: one watch for all listeners, changes computed from whole answers, the last good answer kept
 * while the source fails, and an empty one believed only after `emptyAfterMs`.
 *
 * @example Instances from a page that lists addresses, asked every five seconds
 * const fleet = discover({
 *   target: 'https://fleet.example/shop',
 *   start(report) {
 *     const ask = async () => {
 *       try {
 *         const addresses = await (await fetch('https://fleet.example/shop')).json()
 *         report.instances(addresses.map((address) => instance(address)))
 *       } catch (error) {
 *         report.failed(error)
 *       }
 *     }
 *     void ask()
 *     const timer = setInterval(ask, 5_000)
 *     return () => clearInterval(timer)
 *   },
 * })
 */
export function discover(source: DiscoverSource, options: DiscoverOptions = {}): Discover {
  return new SharedWatch(source, options.emptyAfterMs ?? 30_000)
}

class SharedWatch implements Discover {
  readonly target: string
  readonly #source: DiscoverSource
  readonly #emptyAfterMs: number
  readonly #listeners = new Set<DiscoverListener>()
  #known: readonly Instance[] | undefined
  #failure: Error | undefined
  #stop: (() => void) | undefined
  #emptyTimer: ReturnType<typeof setTimeout> | undefined

  constructor(source: DiscoverSource, emptyAfterMs: number) {
    this.target = source.target
    this.#source = source
    this.#emptyAfterMs = emptyAfterMs
  }

  watch(listener: DiscoverListener): () => void {
    const own = { changed: listener.changed.bind(listener), failed: listener.failed.bind(listener) }
    this.#listeners.add(own)
    if (this.#known !== undefined) {
      const all = this.#known
      tell(() => own.changed({ all, added: all, updated: [], removed: [] }))
    } else if (this.#failure !== undefined) {
      const failure = this.#failure
      tell(() => own.failed(failure))
    }
    if (this.#stop === undefined) this.#start()
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#end()
    }
  }

  refresh(): void {
    if (this.#stop !== undefined) this.#source.refresh?.()
  }

  #start(): void {
    let isOver = false
    // A source may report before `start` has returned.
    this.#stop = () => {
      isOver = true
    }
    const stop = this.#source.start({
      instances: (all) => {
        if (!isOver) this.#answered(all)
      },
      failed: (error) => {
        if (!isOver) this.#failed(error)
      },
    })
    this.#stop = () => {
      isOver = true
      stop()
    }
  }

  #end(): void {
    clearTimeout(this.#emptyTimer)
    this.#emptyTimer = undefined
    this.#stop?.()
    this.#stop = undefined
    this.#known = undefined
    this.#failure = undefined
  }

  #answered(all: readonly Instance[]): void {
    this.#failure = undefined
    if (all.length === 0 && this.#known !== undefined && this.#known.length > 0 && this.#emptyAfterMs > 0) {
      this.#emptyTimer ??= setTimeout(() => this.#become([]), delayOf(this.#emptyAfterMs))
      return
    }
    clearTimeout(this.#emptyTimer)
    this.#emptyTimer = undefined
    this.#become(all)
  }

  #become(all: readonly Instance[]): void {
    this.#emptyTimer = undefined
    const isFirst = this.#known === undefined
    const change = changeBetween(this.#known ?? [], all)
    if (change === undefined && !isFirst) return
    this.#known = change?.all ?? []
    const told = change ?? { all: [], added: [], updated: [], removed: [] }
    for (const listener of [...this.#listeners]) tell(() => listener.changed(told))
  }

  #failed(error: Error): void {
    this.#failure = error
    // The empty answer before it is not confirmed any more.
    clearTimeout(this.#emptyTimer)
    this.#emptyTimer = undefined
    for (const listener of [...this.#listeners]) tell(() => listener.failed(error))
  }
}

function tell(run: () => void): void {
  try {
    run()
  } catch (error) {
    printError('volo: a listener of a Discover threw', error)
  }
}
