import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Keepalive, type KeepaliveHost } from '../../../src/runtime/http2/keepalive.ts'
import type { Http2Keepalive } from '../../../src/runtime/http2/sink.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

class Host implements KeepaliveHost {
  busy = false
  taken = -1
  /** What keepalive did, and at which millisecond. */
  readonly log: string[] = []
  readonly #start = performance.now()
  isBusy(): boolean {
    return this.busy
  }
  sendPing(): void {
    this.#write('ping')
  }
  bytesTaken(): number {
    return this.taken
  }
  suspect(): void {
    this.#write('suspect')
  }
  giveUp(reason: string): void {
    this.#write(`gave up: ${reason}`)
  }
  #write(what: string): void {
    this.log.push(`${Math.round(performance.now() - this.#start)} ${what}`)
  }
}

function make(options: Http2Keepalive): { readonly host: Host; readonly keepalive: Keepalive } {
  const host = new Host()
  return { host, keepalive: new Keepalive(host, options) }
}

const advance = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

describe('keepalive', () => {
  it('counts silence from the last byte, not by ticks of its own', async () => {
    const { host, keepalive } = make({ intervalMs: 1_000, timeoutMs: 500 })
    host.busy = true
    await advance(900)
    keepalive.heard()
    await advance(999)
    expect(host.log).toEqual([])
    await advance(2)
    expect(host.log).toEqual(['1900 ping'])
    keepalive.heard()
    await advance(1_001)
    expect(host.log).toEqual(['1900 ping', expect.stringMatching(/^290[01] ping$/)])
  })

  it('sends a PING that became due while no stream was open with the next stream, however short its call', async () => {
    const { host, keepalive } = make({ intervalMs: 1_000, timeoutMs: 500 })
    await advance(5_000)
    expect(host.log).toEqual([])
    host.busy = true
    keepalive.opened()
    host.busy = false
    expect(host.log).toEqual(['5000 ping'])
    await advance(501)
    expect(host.log[1]).toMatch(/^550[01] gave up: did not answer a keepalive PING within 500 ms$/)
  })

  it('sends none with a stream while the last byte is recent', async () => {
    const { host, keepalive } = make({ intervalMs: 1_000, timeoutMs: 500 })
    for (let i = 0; i < 5; i++) {
      await advance(700)
      keepalive.opened()
      keepalive.heard()
    }
    expect(host.log).toEqual([])
  })

  it('waits for a peer that still takes bytes', async () => {
    const { host } = make({ intervalMs: 1_000, timeoutMs: 500, whileIdle: true })
    host.taken = 1
    await advance(1_400)
    host.taken = 2
    await advance(200)
    expect(host.log).toEqual(['1000 ping'])
    await advance(500)
    expect(host.log).toHaveLength(2)
  })

  it('asks after a call without an answer: suspect after a second, given up at the end', async () => {
    const { host, keepalive } = make({ intervalMs: 300_000 })
    await advance(10)
    keepalive.doubt()
    keepalive.doubt()
    await advance(20_001)
    expect(host.log).toEqual([
      '10 ping',
      expect.stringMatching(/^101[01] suspect$/),
      expect.stringMatching(/^2001[01] gave up: did not answer a keepalive PING within 20000 ms$/),
    ])
  })

  it('suspects nobody who answers, and asks again only when a gRPC server takes no offence', async () => {
    const { host, keepalive } = make({ intervalMs: 300_000 })
    keepalive.doubt()
    keepalive.heard()
    await advance(2_000)
    keepalive.doubt()
    expect(host.log).toEqual(['0 ping'])
    keepalive.answered()
    keepalive.doubt()
    expect(host.log).toEqual(['0 ping', '2000 ping'])
    keepalive.heard()
    await advance(300_000)
    keepalive.doubt()
    expect(host.log).toHaveLength(3)
  })

  it('does nothing once it is stopped', async () => {
    const { host, keepalive } = make({ intervalMs: 100, whileIdle: true })
    keepalive.stop()
    keepalive.opened()
    keepalive.doubt()
    await advance(60_000)
    expect(host.log).toEqual([])
  })
})
