/** What every Discover does: one watch, changes, the last good answer, and no belief in an empty one. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Change } from '../../../src/runtime/discovery/change.ts'
import { type DiscoverReport, discover } from '../../../src/runtime/discovery/discover.ts'
import { type Instance, instance } from '../../../src/runtime/discovery/instance.ts'
import { staticInstances } from '../../../src/runtime/discovery/static-instances.ts'

/** A source that the test speaks for. */
function scripted(): { starts: number; stops: number; report: DiscoverReport; source: Parameters<typeof discover>[0] } {
  const script = {
    starts: 0,
    stops: 0,
    report: undefined as unknown as DiscoverReport,
    source: {
      target: 'script:///shop',
      start(report: DiscoverReport) {
        script.starts++
        script.report = report
        return () => {
          script.stops++
        }
      },
    },
  }
  return script
}

/** What a listener was told, in short. */
function listening(): { told: string[]; listener: { changed(change: Change): void; failed(error: Error): void } } {
  const told: string[] = []
  const names = (all: readonly Instance[]): string => all.map(({ address }) => address.slice(0, 1)).join('')
  return {
    told,
    listener: {
      changed: ({ all, added, updated, removed }) =>
        told.push(`${names(all)} +${names(added)} ~${names(updated)} -${names(removed)}`),
      failed: ({ message }) => told.push(`failed: ${message}`),
    },
  }
}

const [a, b, c] = ['a:1', 'b:1', 'c:1'].map((address) => instance(address)) as [Instance, Instance, Instance]

describe('discover()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('starts one watch for all listeners, and stops it when the last one has gone', () => {
    const script = scripted()
    const found = discover(script.source)
    const [first, second] = [listening(), listening()]
    const leave = found.watch(first.listener)
    script.report.instances([a, b])
    const leaveSecond = found.watch(second.listener)
    expect(script.starts).toBe(1)
    expect(second.told).toEqual(['ab +ab ~ -'])
    leave()
    leave()
    expect(script.stops).toBe(0)
    script.report.instances([b, { ...c, weight: 3 }])
    script.report.instances([b, { ...c, weight: 3 }])
    script.report.instances([
      { ...b, tags: { zone: 'x' } },
      { ...c, weight: 4 },
    ])
    expect(second.told.slice(1)).toEqual(['bc +c ~ -a', 'bc + ~bc -'])
    expect(first.told).toEqual(['ab +ab ~ -'])
    leaveSecond()
    expect(script.stops).toBe(1)
    script.report.instances([a])
    expect(second.told).toHaveLength(3)
    found.watch(listening().listener)
    expect(script.starts).toBe(2)
  })

  it('keeps the last good answer while the source fails', () => {
    const script = scripted()
    const found = discover(script.source)
    const { told, listener } = listening()
    found.watch(listener)
    script.report.failed(new Error('away'))
    script.report.instances([a])
    script.report.failed(new Error('away again'))
    const late = listening()
    found.watch(late.listener)
    expect(told).toEqual(['failed: away', 'a +a ~ -', 'failed: away again'])
    expect(late.told).toEqual(['a +a ~ -'])
  })

  it('believes an empty answer only after emptyAfterMs, but a first one at once', () => {
    const script = scripted()
    const { told, listener } = listening()
    discover(script.source, { emptyAfterMs: 1_000 }).watch(listener)
    script.report.instances([])
    script.report.instances([a])
    script.report.instances([])
    vi.advanceTimersByTime(900)
    script.report.instances([])
    script.report.instances([a])
    vi.advanceTimersByTime(2_000)
    script.report.instances([])
    vi.advanceTimersByTime(1_001)
    expect(told).toEqual([' + ~ -', 'a +a ~ -', ' + ~ -a'])
  })

  it('does not believe an empty answer after which the source failed', () => {
    const script = scripted()
    const { told, listener } = listening()
    discover(script.source, { emptyAfterMs: 1_000 }).watch(listener)
    script.report.instances([a])
    script.report.instances([])
    script.report.failed(new Error('away'))
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual(['a +a ~ -', 'failed: away'])
  })

  it('goes on when a listener throws', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const script = scripted()
    const found = discover(script.source)
    const { told, listener } = listening()
    found.watch({
      changed() {
        throw new Error('mine')
      },
      failed() {},
    })
    found.watch(listener)
    script.report.instances([a])
    expect(told).toEqual(['a +a ~ -'])
    expect(print).toHaveBeenCalledOnce()
    print.mockRestore()
  })
})

describe('an instance', () => {
  it.each(['shop', 'shop:', ':80', 'shop:0', 'shop:70000', 'a b:80', 'x/y:80', 'shop\n:80', '::1:80', 'unix:'])(
    'has no address %j',
    (address) => {
      expect(() => instance(address)).toThrow(TypeError)
    },
  )

  it.each(['shop:80', '10.0.0.1:65535', '[::1]:80', '[fe80::1%eth0]:80', 'unix:/run/shop.sock'])(
    'has an address %s',
    (address) => {
      expect(instance(address)).toEqual({ address, weight: 10, tags: {} })
    },
  )

  it('has no weight below 0', () => {
    expect(() => instance('a:1', -1)).toThrow('the weight -1 of the instance a:1')
    expect(() => instance('a:1', Number.NaN)).toThrow(RangeError)
  })
})

describe('staticInstances()', () => {
  it('tells its instances at once', () => {
    const { told, listener } = listening()
    const found = staticInstances(['a:1', { address: 'b:1', weight: 5 }])
    found.watch(listener)()
    expect(told).toEqual(['ab +ab ~ -'])
    expect(found.target).toBe('static:///a:1,b:1')
    expect(() => staticInstances(['a:1', 'a:1'])).toThrow('a:1 is among the instances twice')
  })
})
