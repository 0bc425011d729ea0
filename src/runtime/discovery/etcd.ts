/** etcd(): a Discover of the instances that etcd v3 knows, by a range and a watch that goes on where it ended. */

import { exponentialBackoff } from '../core/backoff.ts'
import { quoted } from '../core/text/printable.ts'
import { type Discover, type DiscoverOptions, type DiscoverReport, discover } from './discover.ts'
import { bytesOf, EtcdClient, type EtcdOptions, etcdFailure, rangeEnd, textOf } from './etcd-client.ts'
import { defaultPrefix, readEntry, servicePrefix } from './etcd-entry.ts'
import { Event_EventType, type WatchRequestInput } from './gen/etcd.ts'
import type { Instance } from './instance.ts'
import { pause } from './pause.ts'

/** Options of {@link etcd}. */
export interface EtcdDiscoverOptions extends DiscoverOptions, EtcdOptions {
  /** Name of the service. */
  readonly service: string
  /** What keys begin with. Default `kitex/registry-etcd`. */
  readonly prefix?: string | undefined
  /** Is told of values that are no instance, by key. Default: `console.warn`. */
  readonly onWarning?: ((text: string) => void) | undefined
}

const backoff = exponentialBackoff({ initialMs: 100, maxMs: 10_000 })

/**
 * The instances of a service below `prefix/service/`, as Kitex's registry-etcd stores them. The watch goes on after a
 * lost connection, a change of leader and a compaction, at the next of the endpoints (`10.0.0.1:2379,10.0.0.2:2379`, or a
 * list). A value that is no instance is left out with a warning that names its key. While somebody watches, the process
 * is kept alive. Throws TypeError where there is no endpoint, and for a service whose name has a slash.
 */
export function etcd(endpoints: string | readonly string[], options: EtcdDiscoverOptions): Discover {
  const { service, prefix = defaultPrefix, onWarning = (text: string) => console.warn(`volo: ${text}`) } = options
  const { target } = new EtcdClient(endpoints, options)
  const keys = servicePrefix(prefix, service)
  return discover(
    {
      target: `${target}/${service}`,
      start(report) {
        const watch = new EtcdWatch(new EtcdClient(endpoints, options), keys, report, onWarning)
        void watch.run()
        return () => watch.stop()
      },
    },
    options,
  )
}

class EtcdWatch {
  readonly #client: EtcdClient
  readonly #prefix: string
  readonly #report: DiscoverReport
  readonly #onWarning: (text: string) => void
  readonly #stop = new AbortController()
  readonly #known = new Map<string, Instance>()

  constructor(client: EtcdClient, prefix: string, report: DiscoverReport, onWarning: (text: string) => void) {
    this.#client = client
    this.#prefix = prefix
    this.#report = report
    this.#onWarning = onWarning
  }

  stop(): void {
    this.#stop.abort()
    void this.#client.close()
  }

  async run(): Promise<void> {
    let failures = 0
    while (!this.#stop.signal.aborted) {
      try {
        const revision = await this.#read()
        failures = 0
        await this.#follow(revision)
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#report.failed(etcdFailure(this.#client.target, error))
        await this.#client.turn()
        await pause(backoff(++failures), this.#stop.signal)
      }
    }
  }

  /** Reads all keys; gives the revision that they are of. */
  async #read(): Promise<bigint> {
    const { kvs, header } = await this.#client.ask(({ kv }, options) =>
      kv.range({ key: bytesOf(this.#prefix), rangeEnd: rangeEnd(this.#prefix) }, options),
    )
    this.#known.clear()
    for (const { key, value } of kvs) this.#put(key, value)
    this.#tell()
    return header?.revision ?? 0n
  }

  /** Follows the changes after a revision. Returns when they are compacted away, throws when the stream fails. */
  async #follow(revision: bigint): Promise<void> {
    const { services, metadata } = await this.#client.stream()
    const { signal } = this.#stop
    const create: WatchRequestInput = {
      requestUnion: {
        case: 'createRequest',
        value: { key: bytesOf(this.#prefix), rangeEnd: rangeEnd(this.#prefix), startRevision: revision + 1n },
      },
    }
    let finish = (): void => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    try {
      const responses = services.watch.watch(openRequest(create, finished), { signal, metadata })
      for await (const { events, canceled, compactRevision, cancelReason } of responses) {
        for (const { type, kv } of events) {
          if (kv === undefined) continue
          if (type === Event_EventType.DELETE) this.#known.delete(textOf(kv.key))
          else this.#put(kv.key, kv.value)
        }
        if (events.length > 0) this.#tell()
        if (compactRevision > 0n) return
        if (canceled) throw new Error(`the watch was ended: ${cancelReason}`)
      }
      throw new Error('the watch was ended')
    } finally {
      finish()
    }
  }

  #put(key: Uint8Array, value: Uint8Array): void {
    const name = textOf(key)
    try {
      this.#known.set(name, readEntry(textOf(value)))
    } catch (error) {
      this.#known.delete(name)
      this.#onWarning(`the key ${quoted(name)} of etcd is left out: ${(error as Error).message}`)
    }
  }

  #tell(): void {
    this.#report.instances([...this.#known.values()])
  }
}

/** One request, and no end of the stream before the watch has ended. */
async function* openRequest(create: WatchRequestInput, finished: Promise<void>): AsyncGenerator<WatchRequestInput> {
  yield create
  await finished
}
