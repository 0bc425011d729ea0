/** Processes that share their listening sockets: what node:cluster is to the folders above. */

import cluster, { type Worker } from 'node:cluster'

/** An error on its way between processes. */
export interface WorkerFailure {
  readonly code: string | undefined
  readonly message: string
  readonly stack: string | undefined
}

/** What passes between a worker and the process that started it. */
export type WorkerMessage =
  /** From a worker: it can be spoken to. */
  | { readonly kind: 'hello' }
  /** To a worker: run, as number `place`. */
  | { readonly kind: 'start'; readonly place: number }
  /** From a worker: it listens. */
  | { readonly kind: 'ready' }
  /** From a worker: it could not begin. */
  | { readonly kind: 'failed'; readonly error: WorkerFailure }
  /** To a worker: end when your calls have. */
  | { readonly kind: 'stop' }

/** A worker, seen by the process that started it. */
export interface WorkerHandle {
  readonly pid: number | undefined
  send(message: WorkerMessage): void
  kill(signal: NodeJS.Signals): void
}

/** What is heard of a worker. */
export interface WorkerListener {
  message(message: WorkerMessage): void
  /** It has ended, or could not even be started; told once. `how` says how, in words. */
  exited(how: string): void
}

/** The first process, seen by a worker. */
export interface WorkerParent {
  /** Hears of messages, and of the first process's end as `stop`. */
  listen(listener: (message: WorkerMessage) => void): void
  /** Resolves when the message is on its way. */
  send(message: WorkerMessage): Promise<void>
  /** Lets the process end when it has nothing left to do. */
  leave(): void
}

const mark = 'volo-ts worker'

/** Starts this program once more. */
export function startWorker(listener: WorkerListener): WorkerHandle {
  const worker = cluster.fork()
  let exited = false
  const exit = (how: string): void => {
    if (exited) return
    exited = true
    listener.exited(how)
  }
  worker.on('message', (message: unknown) => {
    const known = opened(message)
    if (known !== undefined) listener.message(known)
  })
  worker.on('error', (error) => {
    // Later errors are those of a channel to a worker that is about to exit.
    if (worker.process.pid === undefined) exit(`could not be started: ${error.message}`)
  })
  worker.on('exit', (code: number | null, signal: string | null) => {
    exit(signal === null ? `ended with code ${code}` : `was ended by ${signal}`)
  })
  return {
    pid: worker.process.pid,
    send: (message) => void deliver(worker, message),
    kill: (signal) => void worker.process.kill(signal),
  }
}

/** The first process, in a worker that {@link startWorker} started; undefined in any other process. */
export function workerParent(): WorkerParent | undefined {
  const { worker } = cluster
  if (worker === undefined) return undefined
  // Without it Node would end this process at once, calls or not, when the first process has gone.
  worker.exitedAfterDisconnect = true
  // A channel that breaks while something is sent; the end of the first process is told besides.
  worker.on('error', () => {})
  return {
    listen(listener) {
      worker.on('message', (message: unknown) => {
        const known = opened(message)
        if (known !== undefined) listener(known)
      })
      worker.on('disconnect', () => listener({ kind: 'stop' }))
    },
    send: (message) => deliver(worker, message),
    leave() {
      if (worker.isConnected()) process.disconnect()
    },
  }
}

/** Closes the channel of a worker of `node:cluster` to the first process, so that it ends when it has nothing left to do. */
export function leaveCluster(): void {
  const { worker } = cluster
  if (worker === undefined || !worker.isConnected()) return
  // Without it Node would end this process at once.
  worker.exitedAfterDisconnect = true
  process.disconnect()
}

function deliver(worker: Worker, message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    // The other side may have gone; that is told elsewhere.
    if (worker.isConnected()) worker.send({ [mark]: message }, () => resolve())
    else resolve()
  })
}

function opened(message: unknown): WorkerMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  return (message as Partial<Record<string, WorkerMessage>>)[mark]
}
