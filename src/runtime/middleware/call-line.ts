/** The line of calls that a limiting layer lets wait. */

import type { Context } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import { type InLine, WaitingLine } from '../core/waiting-line.ts'

interface Waiter extends InLine {
  readonly go: () => void
}

/** Calls that wait for a limit, first come first served. */
export class CallLine {
  readonly #line = new WaitingLine<Waiter>()
  readonly #capacity: number
  readonly #onEmpty: () => void

  /** `onEmpty` runs when the last call has left without having been let through. */
  constructor(capacity: number, onEmpty: () => void = () => {}) {
    this.#capacity = capacity
    this.#onEmpty = onEmpty
  }

  get length(): number {
    return this.#line.length
  }

  /**
   * Resolves when the call is let through. Rejects as RESOURCE_EXHAUSTED, with `why`, when there is no room, and with the
   * reason when the call ends early.
   */
  wait(cx: Context, why: string): Promise<void> {
    if (this.#line.length >= this.#capacity) {
      // On a server the caller is told why; on a client it says that a retry is safe.
      const sent = cx.role === 'client' ? { bytesSent: false } : {}
      return Promise.reject(new RpcError('RESOURCE_EXHAUSTED', why, { stack: false, ...sent }))
    }
    return new Promise((resolve, reject) => {
      let unlisten = (): void => {}
      const waiter: Waiter = {
        next: undefined,
        previous: undefined,
        isInLine: false,
        go() {
          unlisten()
          resolve()
        },
      }
      this.#line.append(waiter)
      unlisten = cx.onCancel((reason) => {
        if (!this.#line.remove(waiter)) return
        reject(reason)
        if (this.#line.length === 0) this.#onEmpty()
      })
    })
  }

  /** Lets the first in line through; false when nobody waits. */
  letOneThrough(): boolean {
    const first = this.#line.shift()
    first?.go()
    return first !== undefined
  }
}
