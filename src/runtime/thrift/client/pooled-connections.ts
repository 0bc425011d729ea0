/** The connections of a client that gives each call its own, until one of them turns out to carry many. */

import type { RpcError } from '../../core/error.ts'
import type { DialBackoff } from '../../net/dial-backoff.ts'
import { Pool, type PoolOptions, type PoolStats } from '../../net/pool.ts'
import type { CallCarrier, ThriftClientCall } from './call.ts'
import type { ClientConnection, ConnectionEvents } from './connection.ts'
import { maintainConnection, type OpenConnection, type SharedMaintenance } from './connection-maintenance.ts'
import type { PeerWatch } from './peer-watch.ts'

/** How connections are kept. */
export interface PooledConnectionsOptions {
  readonly open: OpenConnection
  readonly pool: PoolOptions
  /** Share a connection whose peer answers in any order. */
  readonly sharing: boolean
  readonly care: SharedMaintenance
  readonly backoff: DialBackoff
  readonly watch: PeerWatch
}

/** A pool, and beside it one connection that all calls share while there is one that can. */
export class PooledConnections {
  readonly #pool: Pool<ClientConnection>
  readonly #care: SharedMaintenance
  #shared: ClientConnection | undefined

  constructor({ open, pool, sharing, care, backoff, watch }: PooledConnectionsOptions) {
    this.#care = care
    const events: ConnectionEvents<ClientConnection> = {
      onFree: (connection) => this.#pool.release(connection),
      onClosed: (connection) => {
        if (this.#shared === connection) this.#shared = undefined
        this.#pool.remove(connection)
      },
      ...(sharing ? { onAnyOrder: (connection) => this.#share(connection) } : {}),
    }
    const source = { open: (signal: AbortSignal) => open(signal, events), backoff, recheck: () => watch.recheck() }
    const { check, checkEveryMs } = care
    this.#pool = new Pool(check === undefined ? source : { ...source, check, checkEveryMs }, pool)
    watch.onProbed = (isServed) => this.#pool.setCrowded(!isServed)
  }

  get stats(): PoolStats {
    const { stats } = this.#pool
    if (this.#shared === undefined) return stats
    const busy = this.#shared.inFlight > 0 ? 1 : 0
    return { ...stats, busy: stats.busy + busy, idle: stats.idle + 1 - busy }
  }

  start(call: ThriftClientCall): void {
    const carrier: CallCarrier | undefined = this.#shared?.usable ? this.#shared : this.#pool.take()
    if (carrier !== undefined) {
      carrier.send(call)
      return
    }
    call.waitIn(this.#pool)
    this.#pool.wait(call)
  }

  async warmUp(count: number): Promise<void> {
    if (this.#shared === undefined) await this.#pool.warmUp(count)
  }

  close(reason: RpcError): void {
    this.#pool.close(reason)
    this.#pool.destroyBusy(reason)
    this.#shared?.destroy(reason)
  }

  #share(connection: ClientConnection): void {
    if (this.#shared?.usable) return
    this.#pool.detach(connection)
    connection.share()
    this.#shared = connection
    maintainConnection(connection, this.#care)
    this.#pool.serveAll(connection)
  }
}
