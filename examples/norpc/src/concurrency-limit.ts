/**
 * 10,000 calls at once, of which 100 run and the others wait in line: `npm run example norpc concurrency-limit`. (In
 * norpc the queue has no bound, and one handler that never ends stops it for good.)
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { concurrencyLimit, createClient, isRpcError, Server } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { Work, type WorkHandler } from './gen/norpc.js'

let running = 0
let most = 0

const handler: WorkHandler = {
  async work(ms) {
    running++
    most = Math.max(most, running)
    await sleep(ms)
    running--
    return ms
  },
}

const settled = async (calls: Promise<number>[]): Promise<string> => {
  const outcomes = await Promise.allSettled(calls)
  const refused = outcomes.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown)
  if (!refused.every((error) => isRpcError(error) && error.code === 'RESOURCE_EXHAUSTED')) throw refused[0]
  return `${outcomes.length - refused.length} answered, ${refused.length} refused, at most ${most} at once`
}

async function race(title: string, queue: number): Promise<void> {
  most = 0
  const server = new Server({ layers: [concurrencyLimit(100, { queue })] }).add(Work, handler)
  const client = createClient(Work, inProcess(server))
  console.log(`${title}: ${await settled(Array.from({ length: 10_000 }, () => client.work(1)))}`)
}

await race('room for all', 9_900)
await race('room for 900', 900)
