import { describe, expect, it } from 'vitest'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { DialBackoff } from '../../../src/runtime/net/dial-backoff.ts'
import { Pool, type PoolConnection, type PoolOptions, type PoolSource } from '../../../src/runtime/net/pool.ts'

class FakeConnection implements PoolConnection {
  usable = true
  heard = true
  destroyed: string | undefined
  readonly number: number

  constructor(number: number) {
    this.number = number
  }

  destroy(reason: RpcError): void {
    this.usable = false
    this.destroyed = reason.message
  }
}

function make(
  options: PoolOptions = {},
  source: Partial<PoolSource<FakeConnection>> = {},
): {
  pool: Pool<FakeConnection>
  opened: FakeConnection[]
  failNext: (error: Error) => void
} {
  const opened: FakeConnection[] = []
  let failure: Error | undefined
  const open = async (): Promise<FakeConnection> => {
    await Promise.resolve()
    if (failure !== undefined) {
      const error = failure
      failure = undefined
      throw error
    }
    const connection = new FakeConnection(opened.length)
    opened.push(connection)
    return connection
  }
  const pool = new Pool<FakeConnection>({ open, backoff: new DialBackoff(() => 20), ...source }, options)
  return {
    pool,
    opened,
    failNext: (error) => {
      failure = error
    },
  }
}

const wait = (pool: Pool<FakeConnection>): Promise<FakeConnection> =>
  new Promise((ready, failed) => pool.wait({ ready, failed }))

describe('Pool', () => {
  it('opens on demand, then hands out the last used', async () => {
    const { pool, opened } = make()
    expect(pool.take()).toBeUndefined()
    const [a, b] = await Promise.all([wait(pool), wait(pool)])
    expect(opened).toHaveLength(2)
    pool.release(a)
    pool.release(b)
    expect(pool.take()).toBe(b)
    expect(pool.take()).toBe(a)
    expect(pool.take()).toBeUndefined()
    expect(pool.stats).toMatchObject({ idle: 0, busy: 2, connecting: 0, waiting: 0 })
  })

  it('lets callers wait in order once it is full', async () => {
    const { pool, opened } = make({ maxTotal: 1 })
    const first = await wait(pool)
    const order: number[] = []
    const waits = [1, 2, 3].map((number) =>
      wait(pool).then((connection) => {
        order.push(number)
        pool.release(connection)
      }),
    )
    pool.release(first)
    await Promise.all(waits)
    expect(order).toEqual([1, 2, 3])
    expect(opened).toHaveLength(1)
  })

  it('gives a waiter whichever comes first, and keeps the connection it no longer needs', async () => {
    const { pool } = make()
    const first = await wait(pool)
    const second = wait(pool)
    pool.release(first)
    expect(await second).toBe(first)
    await expect.poll(() => pool.stats.idle).toBe(1)
  })

  it('refuses more waiters than it may have, and forgets cancelled ones', async () => {
    const { pool } = make({ maxTotal: 1, maxWaiting: 1 })
    const held = await wait(pool)
    const cancelled = { ready: () => expect.unreachable(), failed: () => expect.unreachable() }
    pool.wait(cancelled)
    await expect(wait(pool)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', bytesSent: false })
    pool.cancel(cancelled)
    const next = wait(pool)
    pool.release(held)
    expect(await next).toBe(held)
  })

  it('fails all who wait when there is no connection, and opens none before the next attempt is due', async () => {
    const { pool, failNext } = make({ maxTotal: 1 })
    failNext(new RpcError('UNAVAILABLE', 'nobody there'))
    const waits = [wait(pool), wait(pool)].map((one) => one.catch((error: RpcError) => error))
    for (const outcome of await Promise.all(waits)) {
      expect(outcome).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
      expect((outcome as RpcError).message).toMatch(/^nobody there; the next attempt to connect is in \d+ ms$/)
    }
    await expect(wait(pool)).rejects.toThrow('nobody there; the next attempt')
    expect(pool.stats).toMatchObject({ failed: 1, opened: 0, waiting: 0 })
    await expect
      .poll(() =>
        wait(pool).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    expect(pool.stats).toMatchObject({ failed: 1, opened: 1 })
  })

  it('makes one attempt for those who wait, also where the next one has not to wait', async () => {
    let attempts = 0
    const open = (): Promise<never> => {
      attempts++
      return Promise.reject(new RpcError('UNAVAILABLE', 'nobody there'))
    }
    const { pool } = make({ maxTotal: 1 }, { open, backoff: new DialBackoff(() => 0) })
    await Promise.all([wait(pool), wait(pool)].map((one) => expect(one).rejects.toThrow('nobody there')))
    expect(attempts).toBe(1)
  })

  it('lets callers wait for other connections when one cannot be opened, and opens more when that is due', async () => {
    const { pool, failNext } = make({ maxTotal: 2 }, { backoff: new DialBackoff(() => 300) })
    const held = await wait(pool)
    failNext(new RpcError('UNAVAILABLE', 'nobody there'))
    const [second, third] = [wait(pool), wait(pool)]
    await expect.poll(() => pool.stats.failed).toBe(1)
    pool.release(held)
    expect(await second).toBe(held)
    expect(await third).not.toBe(held)
    expect(pool.stats).toMatchObject({ failed: 1, opened: 2, busy: 2 })
  })

  it('opens one connection at a time after a failure, until the peer has been heard', async () => {
    const backoff = new DialBackoff(() => 1)
    let dialing = 0
    let most = 0
    const open = async (): Promise<FakeConnection> => {
      most = Math.max(most, ++dialing)
      await new Promise((resolve) => setTimeout(resolve, 1))
      dialing--
      return new FakeConnection(0)
    }
    const { pool } = make({}, { open, backoff })
    await expect(backoff.attempt(() => Promise.reject(new Error('nobody there')))).rejects.toThrow('nobody there')
    await expect.poll(() => backoff.waitMs).toBe(0)
    await Promise.all([wait(pool), wait(pool), wait(pool)])
    expect(most).toBe(1)
    backoff.heard()
    await Promise.all([wait(pool), wait(pool), wait(pool)])
    expect(most).toBe(3)
  })

  it('replaces a connection that died', async () => {
    const { pool, opened } = make({ maxTotal: 1 })
    const first = await wait(pool)
    const waiting = wait(pool)
    first.usable = false
    pool.remove(first)
    expect(await waiting).toBe(opened[1])
    pool.release(opened[1] as FakeConnection)
    ;(opened[1] as FakeConnection).usable = false
    expect(pool.take()).toBeUndefined()
  })

  it('closes what is idle for too long or over the limit', async () => {
    const { pool } = make({ maxIdle: 1, idleTimeoutMs: 20 })
    const [a, b] = await Promise.all([wait(pool), wait(pool)])
    pool.release(a)
    pool.release(b)
    expect(b.destroyed).toBe('the connection was idle')
    await expect.poll(() => a.destroyed).toBe('the connection was idle')
    expect(pool.stats.idle).toBe(0)
  })

  it('replaces a connection that has lived long enough, between two calls', async () => {
    const { pool, opened } = make({ maxLifetimeMs: 20 })
    const first = await wait(pool)
    pool.release(first)
    expect(pool.take()).toBe(first)
    await new Promise((resolve) => setTimeout(resolve, 25))
    expect(first.usable).toBe(true)
    pool.release(first)
    expect(first.destroyed).toBe('the connection was old')
    const second = await wait(pool)
    expect(second).toBe(opened[1])
    pool.release(second)
    await expect.poll(() => second.destroyed).toBe('the connection was old')
  })

  it('keeps the fewest connections that it shall, however idle, and opens new ones for those lost', async () => {
    const { pool, opened, failNext } = make({ minIdle: 2, idleTimeoutMs: 10 })
    expect(opened).toHaveLength(0)
    const connections = await Promise.all([wait(pool), wait(pool), wait(pool)])
    for (const connection of connections) pool.release(connection)
    await expect.poll(() => connections.filter(({ usable }) => usable)).toHaveLength(2)
    for (const connection of connections.filter(({ usable }) => !usable)) pool.remove(connection)
    const standing = connections.filter(({ usable }) => usable)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(standing.map(({ usable }) => usable)).toEqual([true, true])
    failNext(new Error('not yet'))
    const lost = standing[0] as FakeConnection
    lost.usable = false
    pool.remove(lost)
    await expect.poll(() => pool.stats.idle).toBe(2)
    expect(pool.stats).toMatchObject({ opened: 4, closed: 2, failed: 1 })
    pool.close(new RpcError('UNAVAILABLE', 'closed'))
  })

  it('warms up to a number of connections and rejects when one cannot be opened', async () => {
    const { pool, failNext } = make({ maxTotal: 4 })
    await pool.warmUp(3)
    expect(pool.stats).toMatchObject({ idle: 3, opened: 3 })
    await pool.warmUp(3)
    expect(pool.stats.opened).toBe(3)
    failNext(new RpcError('UNAVAILABLE', 'nobody there'))
    await expect(pool.warmUp(100)).rejects.toMatchObject({ message: 'nobody there' })
    await expect(pool.warmUp(100)).rejects.toThrow(/^nobody there; the next attempt to connect is in \d+ ms$/)
    await expect
      .poll(() =>
        pool.warmUp(100).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    expect(pool.stats).toMatchObject({ idle: 4, failed: 1 })
  })

  it('has idle connections checked, without making them younger', async () => {
    const checked: FakeConnection[] = []
    const { pool } = make({ idleTimeoutMs: 100 }, { check: (connection) => checked.push(connection), checkEveryMs: 10 })
    const connection = await wait(pool)
    pool.release(connection)
    await expect.poll(() => checked).toEqual([connection])
    expect(pool.take()).toBeUndefined()
    expect(pool.stats).toMatchObject({ idle: 0, busy: 1 })
    pool.release(connection)
    expect(pool.take()).toBe(connection)
    pool.release(connection)
    const answer = setInterval(() => checked.splice(0).map((one) => pool.release(one)), 1)
    await expect.poll(() => connection.destroyed).toBe('the connection was idle')
    clearInterval(answer)
  })

  it('opens no more connections than a crowded peer serves, and gives those up for others that wait on it', async () => {
    const { pool, opened } = make({ maxTotal: 8 })
    const [first, second, third] = await Promise.all([wait(pool), wait(pool), wait(pool)])
    third.heard = false
    pool.release(first)
    pool.setCrowded(true)
    expect(first.destroyed).toBe('the server serves another connection in its place')
    pool.remove(first)
    const waiting = wait(pool)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(opened).toHaveLength(3)
    third.heard = true
    pool.release(third)
    expect(await waiting).toBe(third)
    pool.setCrowded(false)
    expect(await wait(pool)).toBe(opened[3])
    expect(second.usable).toBe(true)
  })

  it('counts whom it refuses', async () => {
    const { pool } = make({ maxTotal: 1, maxWaiting: 0 })
    await expect(wait(pool)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    expect(pool.stats.refused).toBe(1)
  })

  it('closes: fails waiters, destroys idle and returned connections', async () => {
    const { pool } = make({ maxTotal: 2 })
    const [busy, idle] = await Promise.all([wait(pool), wait(pool)])
    const waiting = wait(pool)
    const failed = expect(waiting).rejects.toMatchObject({ message: 'closed' })
    pool.close(new RpcError('UNAVAILABLE', 'closed'))
    await failed
    pool.release(idle)
    expect(idle.destroyed).toBe('closed')
    pool.destroyBusy(new RpcError('UNAVAILABLE', 'closed now'))
    expect(busy.destroyed).toBe('closed now')
    await expect(wait(pool)).rejects.toMatchObject({ message: 'closed' })
  })
})
