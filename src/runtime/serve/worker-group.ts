/** WorkerGroup: starts the workers of a program, replaces those that end, and exchanges all of them one by one. */

import type { Backoff } from '../core/backoff.ts'
import { delayOf } from '../core/context/delay.ts'
import { type RpcCode, RpcError, rpcCodes } from '../core/error.ts'
import { startWorker, type WorkerFailure, type WorkerHandle } from '../net/cluster.ts'

/** What has become of a worker. */
export interface WorkerEvent {
  /**
   * `ready`: it listens. `ended`: it ended without having been told to. `failed`: it could not begin. `killed`: it took
   * too long to stop.
   */
  readonly kind: 'ready' | 'ended' | 'failed' | 'killed'
  /** The number of its place, from 0. */
  readonly place: number
  readonly pid: number | undefined
  /** Why, in words; empty where there is nothing to say. */
  readonly reason: string
  /** Milliseconds until another one is started in its place; undefined when none is. */
  readonly waitMs: number | undefined
}

/** How a group is kept. */
export interface WorkerGroupOptions {
  readonly size: number
  readonly startTimeoutMs: number
  readonly stopTimeoutMs: number
  readonly backoff: Backoff
  readonly onEvent: (event: WorkerEvent) => void
}

interface Running {
  readonly place: number
  readonly handle: WorkerHandle
  state: 'starting' | 'ready' | 'stopping'
  readonly startedAt: number
  onExit: (() => void) | undefined
}

interface Place {
  readonly number: number
  current: Running | undefined
  failures: number
  timer: NodeJS.Timeout | undefined
  /** It is being exchanged, so that whoever ends there is not replaced besides. */
  exchanging: boolean
}

/** A worker that lived this long was not broken from the start. */
const soundMs = 10_000

/** The workers of one program, in the process that started them. */
export class WorkerGroup {
  readonly #options: WorkerGroupOptions
  readonly #places: readonly Place[]
  readonly #alive = new Set<Running>()
  #stopping = false
  #rolling = false
  #rollAgain = false
  #failure: unknown
  #onEnd: () => void = () => {}

  constructor(options: WorkerGroupOptions) {
    this.#options = options
    this.#places = Array.from({ length: options.size }, (_, number) => ({
      number,
      current: undefined,
      failures: 0,
      timer: undefined,
      exchanging: false,
    }))
  }

  /** Resolves when all workers have ended after `stop`; rejects when one could not begin at first, after the others ended. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onEnd = () => (this.#failure === undefined ? resolve() : reject(this.#failure))
      const fill = async (place: Place): Promise<void> => {
        place.current = await this.#launch(place)
      }
      Promise.all(this.#places.map(fill)).catch((error: unknown) => {
        if (!this.#stopping) this.#failure = error
        this.stop()
      })
    })
  }

  /** Exchanges the workers one after another, the old one leaving when the new one listens. A new one that cannot begin ends it. */
  restart(): void {
    if (this.#stopping) return
    this.#rollAgain = true
    if (!this.#rolling) void this.#roll()
  }

  /** Lets all workers end. */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    for (const place of this.#places) clearTimeout(place.timer)
    for (const running of this.#alive) void this.#end(running)
    if (this.#alive.size === 0) this.#onEnd()
  }

  /** Ends all workers at once. */
  kill(): void {
    for (const { handle } of this.#alive) handle.kill('SIGKILL')
  }

  async #roll(): Promise<void> {
    this.#rolling = true
    while (this.#rollAgain && !this.#stopping) {
      this.#rollAgain = false
      for (const place of this.#places) {
        if (this.#stopping || !(await this.#exchange(place))) break
      }
    }
    this.#rolling = false
  }

  async #exchange(place: Place): Promise<boolean> {
    place.exchanging = true
    clearTimeout(place.timer)
    try {
      const next = await this.#launch(place)
      if (!this.#alive.has(next)) throw new RpcError('UNAVAILABLE', 'the new worker ended at once')
      const old = place.current
      place.current = next
      place.failures = 0
      place.exchanging = false
      if (old !== undefined) await this.#end(old)
      return true
    } catch (error) {
      place.exchanging = false
      if (!this.#stopping) {
        const waitMs = place.current === undefined ? this.#plan(place) : undefined
        this.#tell('failed', place, undefined, reasonOf(error), waitMs)
      }
      return false
    }
  }

  /** Starts a worker; resolves when it listens. */
  #launch(place: Place): Promise<Running> {
    return new Promise((resolve, reject) => {
      let failure: RpcError | Error | undefined
      const onLate = (): void => {
        failure = new RpcError('UNAVAILABLE', `a worker did not listen within ${this.#options.startTimeoutMs} ms`)
        running.handle.kill('SIGKILL')
      }
      const handle = startWorker({
        message: (message) => {
          if (message.kind === 'hello') {
            // What was said earlier, nobody there heard.
            handle.send(running.state === 'stopping' ? { kind: 'stop' } : { kind: 'start', place: place.number })
          } else if (message.kind === 'failed') failure = errorOf(message.error)
          else if (message.kind === 'ready') {
            clearTimeout(timer)
            if (running.state === 'starting') running.state = 'ready'
            this.#tell('ready', place, running, '', undefined)
            resolve(running)
          }
        },
        exited: (how) => {
          clearTimeout(timer)
          this.#alive.delete(running)
          if (running.state === 'ready') this.#lost(place, running, how)
          else reject(failure ?? new RpcError('UNAVAILABLE', `a worker ${how} before it listened`))
          running.onExit?.()
          if (this.#stopping && this.#alive.size === 0) this.#onEnd()
        },
      })
      // Not before: starting throws where the system has no memory for a process.
      const timer = setTimeout(onLate, delayOf(this.#options.startTimeoutMs))
      const running: Running = {
        place: place.number,
        handle,
        state: 'starting',
        startedAt: performance.now(),
        onExit: undefined,
      }
      this.#alive.add(running)
    })
  }

  /** A worker has ended by itself. */
  #lost(place: Place, running: Running, how: string): void {
    if (place.current === running) place.current = undefined
    if (this.#stopping) return
    if (performance.now() - running.startedAt >= soundMs) place.failures = 0
    this.#tell('ended', place, running, how, place.exchanging ? undefined : this.#plan(place))
  }

  /** Plans the next worker of an empty place; gives the milliseconds until then. */
  #plan(place: Place): number {
    const waitMs = Math.round(this.#options.backoff(++place.failures))
    place.timer = setTimeout(() => {
      if (place.exchanging) return
      this.#launch(place).then(
        (running) => {
          // It may have ended in the same turn, or an exchange may have been faster.
          if (place.current === undefined && this.#alive.has(running)) place.current = running
          else if (place.current !== running) void this.#end(running)
        },
        (error: unknown) => {
          if (!this.#stopping) this.#tell('failed', place, undefined, reasonOf(error), this.#plan(place))
        },
      )
    }, delayOf(waitMs))
    return waitMs
  }

  /** Tells a worker to stop; resolves when it has ended. */
  #end(running: Running): Promise<void> {
    if (!this.#alive.has(running)) return Promise.resolve()
    running.state = 'stopping'
    running.handle.send({ kind: 'stop' })
    return new Promise((resolve) => {
      const { stopTimeoutMs } = this.#options
      const timer = setTimeout(() => {
        const reason = `it did not end within ${stopTimeoutMs} ms`
        this.#options.onEvent({
          kind: 'killed',
          place: running.place,
          pid: running.handle.pid,
          reason,
          waitMs: undefined,
        })
        running.handle.kill('SIGKILL')
      }, delayOf(stopTimeoutMs))
      const earlier = running.onExit
      running.onExit = () => {
        clearTimeout(timer)
        earlier?.()
        resolve()
      }
    })
  }

  #tell(
    kind: WorkerEvent['kind'],
    place: Place,
    running: Running | undefined,
    reason: string,
    waitMs: number | undefined,
  ): void {
    this.#options.onEvent({ kind, place: place.number, pid: running?.handle.pid, reason, waitMs })
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The error of a worker, as near to itself as it can be in another process. */
function errorOf({ code, message, stack }: WorkerFailure): Error {
  const known = rpcCodes.find((one): one is RpcCode => one === code)
  const error = known === undefined ? new Error(message) : new RpcError(known, message)
  if (stack !== undefined) error.stack = stack
  return error
}
