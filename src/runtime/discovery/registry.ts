/** Registry: where a server says that it is there; and Registrations, which keep that true. */

import { exponentialBackoff } from '../core/backoff.ts'
import { delayOf } from '../core/context/delay.ts'
import { RpcError } from '../core/error.ts'
import type { Instance } from './instance.ts'

/** One service at one address. */
export interface Registration extends Instance {
  readonly service: string
}

/** Where servers register. Anybody may implement it. */
export interface Registry {
  /** For messages: `consul://127.0.0.1:8500`. */
  readonly target: string
  /** Says that the instance is there. Doing it again changes nothing. */
  register(registration: Registration): Promise<void>
  /** Says that it is no more. Of one that is not registered it does nothing. */
  deregister(registration: Registration): Promise<void>
  /** Whether the registry still knows it; asked every `checkEveryMs`. Without it registrations are made again and again. */
  isRegistered?(registration: Registration): Promise<boolean>
  /** Milliseconds between two looks at a registration. Default 30,000. */
  readonly checkEveryMs?: number | undefined
  /** Milliseconds after which a request counts as failed, whatever becomes of it. Default 10,000. */
  readonly timeoutMs?: number | undefined
}

const backoff = exponentialBackoff({ initialMs: 500, maxMs: 30_000 })

/** Registers an instance, again when the registry has lost it, until it is stopped. Its timers keep no process alive. */
export class KeptRegistration {
  readonly #registry: Registry
  readonly #registration: Registration
  readonly #onError: (error: unknown) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #isStopped = false
  #running: Promise<void>

  constructor(registry: Registry, registration: Registration, onError: (error: unknown) => void) {
    this.#registry = registry
    this.#registration = registration
    this.#onError = onError
    this.#running = this.#keep(true)
  }

  /** Resolves when the first attempt is over, successful or not. */
  get started(): Promise<void> {
    return this.#running
  }

  /** Deregisters. Resolves when that is done, or has failed and was reported. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#running
    try {
      await this.#inTime(this.#registry.deregister(this.#registration))
    } catch (error) {
      this.#onError(error)
    }
  }

  async #isThere(): Promise<boolean> {
    const { isRegistered } = this.#registry
    return isRegistered !== undefined && (await this.#inTime(isRegistered.call(this.#registry, this.#registration)))
  }

  /** A registry that never answers must not hold up a server that starts or stops. */
  #inTime<T>(request: Promise<T>): Promise<T> {
    const { target, timeoutMs = 10_000 } = this.#registry
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new RpcError('DEADLINE_EXCEEDED', `${target} did not answer within ${timeoutMs} ms`, { stack: false }))
      }, delayOf(timeoutMs))
      request.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }

  async #keep(isFirst = false): Promise<void> {
    const { checkEveryMs = 30_000 } = this.#registry
    let waitMs = checkEveryMs
    try {
      const isThere = !isFirst && this.#failures === 0 && (await this.#isThere())
      if (!isThere && !this.#isStopped) await this.#inTime(this.#registry.register(this.#registration))
      this.#failures = 0
    } catch (error) {
      waitMs = backoff(++this.#failures)
      this.#onError(error)
    }
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#running = this.#keep()
    }, delayOf(waitMs))
    ;(this.#timer as { unref?(): void }).unref?.()
  }
}
