/** The state of a channel, and those who watch it. */

import { printError, type RpcError } from '../../core/error.ts'

/**
 * What a channel is doing (https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md): `IDLE` has no
 * connection and wants none, `CONNECTING` makes one, `READY` has one, `TRANSIENT_FAILURE` could not make one and waits
 * before it tries again, `SHUTDOWN` is closed.
 */
export type ConnectivityState = 'IDLE' | 'CONNECTING' | 'READY' | 'TRANSIENT_FAILURE' | 'SHUTDOWN'

/** Hears of every change; `error` says why with `TRANSIENT_FAILURE`. */
export type ConnectivityListener = (state: ConnectivityState, error: RpcError | undefined) => void

/** The state, told to listeners when it changes. */
export class Connectivity {
  #state: ConnectivityState = 'IDLE'
  readonly #listeners = new Set<ConnectivityListener>()

  get state(): ConnectivityState {
    return this.#state
  }

  /** Does nothing when that is the state already, or when it is `SHUTDOWN`, which is the last. */
  become(state: ConnectivityState, error?: RpcError): void {
    if (this.#state === state || this.#state === 'SHUTDOWN') return
    this.#state = state
    for (const listener of [...this.#listeners]) {
      try {
        listener(state, error)
      } catch (thrown) {
        printError('volo: a listener of a channel threw', thrown)
      }
    }
  }

  watch(listener: ConnectivityListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}
