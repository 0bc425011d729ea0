/** One worker of runWorkers(): runs the program's part, and ends it when it is told to. */

import { isRpcError } from '../core/error.ts'
import type { WorkerFailure, WorkerParent } from '../net/cluster.ts'

/** What a worker runs: a `Server`, or whatever else ends with `close`. */
export interface WorkerService {
  /** Lets what is under way end, and resolves when all is closed. */
  close(): Promise<unknown>
  /** Resolves when it has closed, also by itself: the worker then ends, and is replaced if it was not told to stop. */
  readonly closed?: Promise<unknown>
}

/** Runs `main` until the first process says stop, or has gone, or this process gets SIGTERM. `deafTo` does nothing here. */
export async function runAsWorker(
  parent: WorkerParent,
  main: (place: number) => Promise<WorkerService> | WorkerService,
  deafTo: readonly NodeJS.Signals[],
): Promise<void> {
  let onStop = (): void => {}
  const stopped = new Promise<undefined>((resolve) => {
    onStop = () => resolve(undefined)
  })
  const started = new Promise<number>((resolve) => {
    parent.listen((message) => {
      if (message.kind === 'start') resolve(message.place)
      else if (message.kind === 'stop') onStop()
    })
  })
  // A terminal sends its signals to every process in front of it.
  for (const signal of deafTo) process.on(signal, ignore)
  process.on('SIGTERM', onStop)
  try {
    await parent.send({ kind: 'hello' })
    const place = await Promise.race([started, stopped])
    if (place === undefined) return
    let service: WorkerService
    try {
      service = await main(place)
    } catch (error) {
      await parent.send({ kind: 'failed', error: failureOf(error) })
      return
    }
    await parent.send({ kind: 'ready' })
    await Promise.race(service.closed === undefined ? [stopped] : [stopped, service.closed])
    await service.close()
  } finally {
    process.off('SIGTERM', onStop)
    parent.leave()
  }
}

function failureOf(error: unknown): WorkerFailure {
  return {
    code: isRpcError(error) ? error.code : undefined,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  }
}

const ignore = (): void => {}
