/** One contender in a process of its own: `process.mjs MODULE VARIANT AMBIENT CHUNKS`; prints nanoseconds per call as JSON. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { record } from './record.mjs'

const [, , module, variant, ambient, chunkCount] = process.argv
const warmUpMs = 400
const chunkMs = 20
const laneCount = 64

const { variants } = await import(`./contender/${module}.mjs`)
const contender = await variants[variant]()
const messages = Array.from({ length: laneCount }, (_, i) => record(i))

const loops = {
  noop: {
    async sequential(calls) {
      for (let i = 0; i < calls; i++) await contender.noop()
    },
    lane: async (_, calls) => {
      while (calls.left-- > 0) await contender.noop()
    },
  },
  echo: {
    async sequential(calls) {
      for (let i = 0; i < calls; i++) await contender.echo(messages[i % laneCount])
    },
    lane: async (index, calls) => {
      while (calls.left-- > 0) await contender.echo(messages[index])
    },
  },
}
const flight = (lane) => (calls) => {
  const left = { left: calls }
  return Promise.all(messages.map((_, index) => lane(index, left)))
}

async function time(run, calls) {
  const before = process.cpuUsage()
  const start = performance.now()
  await run(calls)
  const wall = ((performance.now() - start) * 1e6) / calls
  const { user, system } = process.cpuUsage(before)
  return { wall, cpu: ((user + system) * 1e3) / calls }
}

/** The best wall time and the median CPU time of chunks of about the same length, after a warm-up. */
async function measure(run) {
  let calls = laneCount
  for (const end = performance.now() + warmUpMs; performance.now() < end; ) {
    const { wall } = await time(run, calls)
    calls = Math.max(laneCount, Math.min(calls * 4, Math.ceil((chunkMs * 1e6) / wall)))
  }
  const all = []
  for (let i = 0; i < Number(chunkCount); i++) {
    all.push(await time(run, calls))
    await new Promise(setImmediate)
  }
  const sorted = (key) => all.map((one) => one[key]).sort((a, b) => a - b)
  return { best: sorted('wall')[0], cpu: sorted('cpu')[all.length >> 1] }
}

async function main() {
  const answer = await contender.echo(messages[7])
  if (answer.data.length !== 256 || answer.owner.id !== 7) throw new Error(`${module} ${variant}: wrong echo`)
  const results = {}
  for (const [message, { sequential, lane }] of Object.entries(loops)) {
    results[message] = { sequential: await measure(sequential), flight: await measure(flight(lane)) }
  }
  console.log(JSON.stringify(results))
  await contender.close()
}

if (ambient === 'ambient') {
  const { enableAmbient } = await import('volo-ts')
  enableAmbient()
  await new AsyncLocalStorage().run({}, main)
} else await main()
