/** One timer that looks after all connections of a Thrift wire: a timer for each would be dear to ten thousand idle ones. */

import type { Socket } from '../../net/socket.ts'
import type { ThriftServerConnection } from './connection.ts'
import { defaultIdleTimeoutMs, defaultReadTimeoutMs, type ThriftWireOptions } from './options.ts'

/** Ticks connections while there are any; keeps no process alive. */
export class ConnectionTimeouts {
  readonly #connections = new Set<ThriftServerConnection>()
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined

  constructor({ idleTimeoutMs, readTimeoutMs }: ThriftWireOptions) {
    const shortest = Math.min(idleTimeoutMs ?? defaultIdleTimeoutMs, readTimeoutMs ?? defaultReadTimeoutMs)
    // Late by a quarter at most.
    this.#everyMs = Math.min(Math.max(5, shortest / 4), 5_000)
  }

  /** Looks after a connection until its socket closes. */
  add(connection: ThriftServerConnection, socket: Socket): void {
    this.#connections.add(connection)
    socket.once('close', () => {
      this.#connections.delete(connection)
      if (this.#connections.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
    // What came while this process was busy is read before time is called.
    this.#timer ??= setInterval(() => setImmediate(this.#tick), this.#everyMs).unref()
  }

  readonly #tick = (): void => {
    const now = performance.now()
    for (const one of this.#connections) one.tick(now)
  }
}
