import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { type InProcessOptions, inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { turns } from '../../support/settle.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function heap(): Promise<number> {
  await turns()
  collect()
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const doors: InProcessOptions[] = [
  {},
  { mode: 'mailbox', concurrency: 8 },
  { concurrency: 2, queue: { overflow: 'wait' }, isolate: 'copy' },
]

test.each(doors)(
  'the heap stays flat over many calls, streams, refusals and cancellations: %j',
  async (options) => {
    const router = createRouter({ onError: () => {} }).add(
      Fleet,
      fleetHandler({
        getVehicle: async ({ id }) => {
          if (id === 'bad') throw new Error('no')
          return {}
        },
      }),
    )
    const transport = inProcess(router, options)
    const fleet = createClient(Fleet, transport)
    const stop = new AbortController()
    const lane = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await fleet.getVehicle({ id: 'a', capacity: 1 })
        await fleet.getVehicle({ id: 'a' }, { timeoutMs: 60_000, signal: stop.signal, metadata: { m: '1' } })
        await fleet.getVehicle({ id: 'bad' }).catch(() => {})
        await fleet.getVehicle({}, { signal: AbortSignal.abort() }).catch(() => {})
        for await (const _ of fleet.listVehicles({ capacity: 3 })) if (i % 2 === 0) break
      }
    }
    const run = (count: number): Promise<unknown> => Promise.all(Array.from({ length: 8 }, () => lane(count)))
    await run(300)
    const before = await heap()
    await run(1000)
    const grown = (await heap()) - before
    // 120,000 calls: one word kept of each would be a megabyte.
    expect(grown).toBeLessThan(0.9)
    expect(transport.stats()).toMatchObject({ running: 0, pending: 0, abandoned: 0 })
    expect(router.inFlight).toBe(0)
  },
  60_000,
)
