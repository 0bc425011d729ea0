/** The one connection that all calls of a multiplexed client share; made on demand and again after a loss. */

import { RpcError } from '../core/error.ts'
import type { PoolStats } from '../net/pool.ts'
import type { ClientCall } from './client-call.ts'
import type { ClientConnection } from './client-connection.ts'

type Events = {
  readonly onFree: (connection: ClientConnection) => void
  readonly onClosed: (connection: ClientConnection) => void
}

/** Opens the connection with the first call and hands every call to it. */
export class MultiplexedConnection {
  readonly #open: (signal: AbortSignal, events: Events) => Promise<ClientConnection>
  readonly #abort = new AbortController()
  readonly #waiting = new Set<ClientCall>()
  /** Standing connections: the current one, and those that only finish what they have. */
  readonly #standing = new Set<ClientConnection>()
  #current: ClientConnection | undefined
  #connecting = false
  #closed: RpcError | undefined

  constructor(open: (signal: AbortSignal, events: Events) => Promise<ClientConnection>) {
    this.#open = open
  }

  get stats(): PoolStats {
    let busy = 0
    for (const connection of this.#standing) if (connection.inFlight > 0) busy++
    return {
      idle: this.#standing.size - busy,
      busy,
      connecting: this.#connecting ? 1 : 0,
      waiting: this.#waiting.size,
    }
  }

  start(call: ClientCall): void {
    if (this.#current?.usable) {
      this.#current.send(call)
      return
    }
    call.waitIn(this)
    this.#waiting.add(call)
    this.#connect()
  }

  cancel(call: ClientCall): void {
    this.#waiting.delete(call)
  }

  close(reason: RpcError): void {
    this.#closed = reason
    this.#abort.abort()
    this.#fail(reason)
    for (const connection of [...this.#standing]) connection.destroy(reason)
  }

  #connect(): void {
    if (this.#connecting) return
    this.#connecting = true
    const events: Events = {
      onFree: () => {},
      onClosed: (connection) => {
        this.#standing.delete(connection)
        if (this.#current === connection) this.#current = undefined
      },
    }
    this.#open(this.#abort.signal, events).then(
      (connection) => {
        this.#connecting = false
        if (this.#closed !== undefined) {
          connection.destroy(this.#closed)
          return
        }
        this.#standing.add(connection)
        this.#current = connection
        const calls = [...this.#waiting]
        this.#waiting.clear()
        for (const call of calls) call.ready(connection)
      },
      (error: unknown) => {
        this.#connecting = false
        this.#fail(RpcError.from(error))
      },
    )
  }

  #fail(error: RpcError): void {
    const calls = [...this.#waiting]
    this.#waiting.clear()
    for (const call of calls) call.fail(error)
  }
}
