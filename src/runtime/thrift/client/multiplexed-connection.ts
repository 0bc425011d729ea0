/** The one connection that all calls of a multiplexed client share; made on demand and again after a loss. */

import { RpcError } from '../../core/error.ts'
import type { DialBackoff } from '../../net/dial-backoff.ts'
import type { PoolStats } from '../../net/pool.ts'
import type { ThriftClientCall } from './call.ts'
import type { ClientConnection, ConnectionEvents } from './connection.ts'
import { maintainConnection, type OpenConnection, type SharedMaintenance } from './connection-maintenance.ts'

/** Opens the connection with the first call and hands every call to it. */
export class MultiplexedConnection {
  readonly #open: OpenConnection
  readonly #care: SharedMaintenance
  readonly #backoff: DialBackoff
  readonly #abort = new AbortController()
  readonly #waiting = new Set<ThriftClientCall>()
  /** Standing connections: the current one, and those that only finish what they have. */
  readonly #standing = new Set<ClientConnection>()
  #current: ClientConnection | undefined
  #connecting = false
  #connected: Promise<void> = Promise.resolve()
  #closed: RpcError | undefined
  #opened = 0
  #gone = 0
  #failed = 0

  constructor(open: OpenConnection, care: SharedMaintenance, backoff: DialBackoff) {
    this.#open = open
    this.#care = care
    this.#backoff = backoff
  }

  get stats(): PoolStats {
    let busy = 0
    for (const connection of this.#standing) if (connection.inFlight > 0) busy++
    return {
      idle: this.#standing.size - busy,
      busy,
      connecting: this.#connecting ? 1 : 0,
      waiting: this.#waiting.size,
      opened: this.#opened,
      closed: this.#gone,
      failed: this.#failed,
      refused: 0,
    }
  }

  /** Connects unless a connection stands. Rejects when that fails. */
  async warmUp(): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed
    if (this.#current?.usable) return
    if (this.#backoff.waitMs > 0) throw this.#backoff.refusal()
    this.#connect()
    await this.#connected
  }

  start(call: ThriftClientCall): void {
    if (this.#current?.usable) {
      this.#current.send(call)
      return
    }
    if (this.#backoff.waitMs > 0) {
      call.failed(this.#backoff.refusal())
      return
    }
    call.waitIn(this)
    this.#waiting.add(call)
    this.#connect()
  }

  cancel(call: ThriftClientCall): void {
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
    const events: ConnectionEvents<ClientConnection> = {
      onFree: () => {},
      onClosed: (connection) => {
        this.#gone++
        this.#standing.delete(connection)
        if (this.#current === connection) this.#current = undefined
      },
    }
    this.#connected = this.#backoff
      .attempt(() => this.#open(this.#abort.signal, events))
      .then(
        (connection) => {
          this.#connecting = false
          if (this.#closed !== undefined) {
            connection.destroy(this.#closed)
            return
          }
          this.#opened++
          this.#standing.add(connection)
          this.#current = connection
          maintainConnection(connection, this.#care)
          const calls = [...this.#waiting]
          this.#waiting.clear()
          for (const call of calls) call.ready(connection)
        },
        (error: unknown) => {
          this.#connecting = false
          this.#failed++
          this.#fail(this.#closed ?? this.#backoff.refusal())
          throw RpcError.from(error)
        },
      )
    // The calls have heard of it.
    this.#connected.catch(() => {})
  }

  #fail(error: RpcError): void {
    const calls = [...this.#waiting]
    this.#waiting.clear()
    for (const call of calls) call.fail(error)
  }
}
