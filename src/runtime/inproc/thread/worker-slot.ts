/** The places of a pool: each has a worker or waits for the next one, and calls stand in line for it. */

import type { RpcError } from '../../core/error.ts'
import type { CallHolder, ThreadCall } from './client-call.ts'
import type { ThreadStats, ThreadsStats } from './stats.ts'
import type { ThreadWorker } from './worker.ts'

/** A worker, or the pause before the next one. */
export class WorkerSlot {
  worker: ThreadWorker | undefined = undefined
  timer: ReturnType<typeof setTimeout> | undefined = undefined
  /** Ends without a long life in between. */
  failures = 0
  restarts = 0
  /** Calls of earlier workers. */
  earlierCalls = 0
  /** Why nothing can be hoped for here now: the last start failed, or there is no restart. */
  hopeless: RpcError | undefined = undefined
  readonly line: WorkerQueue

  constructor(line: WorkerQueue) {
    this.line = line
  }
}

/** Calls that wait, first come first served. */
export class WorkerQueue implements CallHolder {
  readonly calls: Set<ThreadCall> = new Set()
  readonly #onLeft: () => void

  constructor(onLeft: () => void) {
    this.#onLeft = onLeft
  }

  cancel(call: ThreadCall): void {
    if (this.calls.delete(call)) this.#onLeft()
  }

  /** Takes the first one out. */
  next(): ThreadCall | undefined {
    for (const call of this.calls) {
      this.calls.delete(call)
      return call
    }
    return undefined
  }
}

/** The number of a key (FNV-1a). */
export function hashOf(key: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < key.length; i++) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/** What a pool says about itself. */
export function statsOf(places: readonly WorkerSlot[], queued: number, rejected: number): ThreadsStats {
  const workers = places.map(({ worker, timer, restarts, earlierCalls }): ThreadStats => {
    return {
      address: worker?.address,
      state: worker?.state ?? (timer === undefined ? 'ended' : 'waiting'),
      inFlight: worker?.running ?? 0,
      abandoned: worker?.abandoned ?? 0,
      calls: earlierCalls + (worker?.total ?? 0),
      restarts,
    }
  })
  const sum = (count: (one: ThreadStats) => number): number => workers.reduce((total, one) => total + count(one), 0)
  return {
    workers,
    queued,
    rejected,
    inFlight: sum((one) => one.inFlight),
    abandoned: sum((one) => one.abandoned),
    calls: sum((one) => one.calls),
    restarts: sum((one) => one.restarts),
  }
}
