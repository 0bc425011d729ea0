/** runWorkers(): a server in several processes on one port, exchanged one by one without losing a call. */

import { type BackoffOptions, exponentialBackoff } from '../core/backoff.ts'
import { printable } from '../core/text/printable.ts'
import { workerParent } from '../net/cluster.ts'
import { onStopSignal } from './stop-signal.ts'
import { type WorkerEvent, WorkerGroup } from './worker-group.ts'
import { runAsWorker, type WorkerService } from './worker-process.ts'

/** Options of {@link runWorkers}. */
export interface WorkersOptions {
  /** Processes that serve. 0: none besides this one, which then runs `main` itself. */
  readonly workers: number
  /** The signal that exchanges the workers one after another; `false`: none. Default `SIGHUP`. */
  readonly restartSignal?: NodeJS.Signals | false | undefined
  /** Signals that end it all. Default `SIGINT` and `SIGTERM`. */
  readonly stopSignals?: readonly NodeJS.Signals[] | undefined
  /** Milliseconds until a worker must listen. Default 30,000. */
  readonly startTimeoutMs?: number | undefined
  /** Milliseconds that a worker may take to stop; then it is killed. Longer than its server's `drainMs`. Default 30,000. */
  readonly stopTimeoutMs?: number | undefined
  /** Waits before a worker that ended by itself is replaced. Default: 100 ms, doubled up to 10 s, half of it left to chance. */
  readonly backoff?: BackoffOptions | undefined
  /** Hears of workers, in the first process. Default: what goes wrong is written with `console.error`. */
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined
}

/**
 * Runs `main` in `workers` processes that share the addresses on which it listens; each of them is this program, started
 * once more. The first process only looks after them. One that dies is replaced, after a wait that grows. On
 * `restartSignal` each worker in turn is exchanged for a new one, which runs the code that is on the disk by then: the old
 * one stops when the new one listens. A stop signal stops all, a second one at once. Workers are stopped with `close`, so
 * that no call is lost. Resolves, in each process, when it has nothing left to do: also where its service closed by
 * itself. Rejects in the first process, with the worker's error, when one cannot begin at the start.
 *
 * What stands before the call runs in every process. In a worker Ctrl-C and `restartSignal` do nothing: the first process
 * decides; a SIGTERM of its own stops it, and another one follows.
 *
 * @example
 * await runWorkers({ workers: 4 }, async () => {
 *   const server = new Server().add(Shop, shopHandler())
 *   await server.listen('127.0.0.1:0')
 *   return server
 * })
 */
export async function runWorkers(
  options: WorkersOptions,
  main: (place: number) => Promise<WorkerService> | WorkerService,
): Promise<void> {
  const { workers, restartSignal = 'SIGHUP', stopSignals = ['SIGINT', 'SIGTERM'] } = options
  if (!Number.isInteger(workers) || workers < 0) throw new RangeError(`workers: ${workers} is no number of processes`)
  const parent = workerParent()
  if (parent !== undefined) {
    const deafTo = stopSignals.filter((signal) => signal !== 'SIGTERM')
    await runAsWorker(parent, main, restartSignal === false ? deafTo : [...deafTo, restartSignal])
  } else if (workers === 0) {
    const service = await main(0)
    let unlisten = (): void => {}
    const stopped = new Promise<void>((resolve) => {
      unlisten = onStopSignal(stopSignals, resolve)
    })
    await Promise.race(service.closed === undefined ? [stopped] : [stopped, service.closed])
    unlisten()
    await service.close()
  } else {
    const group = new WorkerGroup({
      size: workers,
      startTimeoutMs: options.startTimeoutMs ?? 30_000,
      stopTimeoutMs: options.stopTimeoutMs ?? 30_000,
      backoff: exponentialBackoff({ initialMs: 100, maxMs: 10_000, ...options.backoff }),
      onEvent: options.onEvent ?? complain,
    })
    let unlisten = onStopSignal(stopSignals, () => {
      unlisten = onStopSignal(stopSignals, () => group.kill())
      group.stop()
    })
    const onRestart = (): void => group.restart()
    if (restartSignal !== false) process.on(restartSignal, onRestart)
    try {
      await group.run()
    } finally {
      unlisten()
      if (restartSignal !== false) process.off(restartSignal, onRestart)
    }
  }
}

function complain({ kind, place, pid, reason, waitMs }: WorkerEvent): void {
  if (kind === 'ready') return
  const which = pid === undefined ? `worker ${place}` : `worker ${place} (process ${pid})`
  const next = waitMs === undefined ? '' : `; another one starts in ${waitMs} ms`
  console.error(printable(`volo: ${which} ${kind}: ${reason}${next}`))
}
