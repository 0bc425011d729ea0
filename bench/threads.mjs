/** The price of a call to a worker thread against a raw postMessage, as Markdown tables: `node bench/threads.mjs`. Needs `npm run build`. */

import { once } from 'node:events'
import { isMainThread, MessageChannel, parentPort, Worker } from 'node:worker_threads'
import { createClient, createRouter } from 'volo-ts'
import { serveThread, threads } from 'volo-ts/inproc'
import { generate } from './generate.mjs'

const rounds = Number(process.env['ROUNDS'] ?? 10)
const here = new URL(import.meta.url)

if (isMainThread) await main()
else if (process.argv.includes('raw')) raw()
else {
  const { Records } = await import('./gen/record-thrift.js')
  serveThread(createRouter().add(Records, { noop() {}, echo: (record) => record }))
}

/** Answers each message with itself; answers arrays of one message element by element, in one array. */
function raw() {
  parentPort.once('message', ({ port }) => {
    let answers = []
    const flush = () => {
      const batch = answers
      answers = []
      port.postMessage(batch)
    }
    port.on('message', (message) => {
      if (message.batch === undefined) {
        port.postMessage(message)
        return
      }
      for (const one of message.batch) {
        Promise.resolve(one).then((answer) => {
          if (answers.length === 0) process.nextTick(flush)
          answers.push(answer)
        })
      }
    })
  })
}

async function rawCalls() {
  const worker = new Worker(here, { argv: ['raw'] })
  const { port1: port, port2 } = new MessageChannel()
  worker.postMessage({ port: port2 }, [port2])
  const waiting = new Map()
  let next = 0
  let requests = []
  const flush = () => {
    const batch = requests
    requests = []
    port.postMessage({ batch })
  }
  const settle = ({ id, value }) => {
    waiting.get(id)(value)
    waiting.delete(id)
  }
  port.on('message', (message) => {
    if (Array.isArray(message)) for (const one of message) settle(one)
    else settle(message)
  })
  const call = (post) => (value) =>
    new Promise((resolve) => {
      const id = next++
      waiting.set(id, resolve)
      post({ id, value })
    })
  return {
    single: call((message) => port.postMessage(message)),
    batched: call((message) => {
      if (requests.length === 0) process.nextTick(flush)
      requests.push(message)
    }),
    async close() {
      port.close()
      worker.terminate()
      await once(worker, 'exit')
    },
  }
}

function record() {
  return {
    title: 'A record of about three hundred and fifty bytes',
    data: new Uint8Array(200).fill(7),
    numbers: Array.from({ length: 16 }, (_, i) => i * 1000),
    owner: { name: 'somebody', id: 12 },
    labels: { colour: 'green', size: 'large' },
  }
}

async function sequential(call, count) {
  for (let i = 0; i < count; i++) await call()
}

async function concurrent(call, count, lanes) {
  let left = count
  const lane = async () => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** Interleaved, so that what else the machine does meets all of them alike, after two rounds to warm up; nanoseconds per call. */
async function race(contenders, count, run) {
  const times = new Map(Object.keys(contenders).map((name) => [name, []]))
  for (let round = -2; round < rounds; round++) {
    for (const [name, call] of Object.entries(contenders)) {
      const start = performance.now()
      await run(call, count)
      if (round >= 0) times.get(name).push(((performance.now() - start) * 1e6) / count)
    }
  }
  return [...times].map(([name, all]) => {
    const sorted = all.sort((a, b) => a - b)
    return { name, best: sorted[0], median: sorted[sorted.length >> 1] }
  })
}

function table(title, rows) {
  console.log(
    `\n## ${title}\n\n| | us per call, best | median | calls/s at best | best against the first |\n|---|--:|--:|--:|--:|`,
  )
  for (const { name, best, median } of rows) {
    const perSecond = Math.round(1e9 / best).toLocaleString('en')
    const ratio = (best / rows[0].best).toFixed(2)
    console.log(`| ${name} | ${(best / 1000).toFixed(2)} | ${(median / 1000).toFixed(2)} | ${perSecond} | ${ratio} |`)
  }
}

async function main() {
  generate(['idl/record.thrift'])
  const { Records } = await import('./gen/record-thrift.js')
  const pools = []
  const client = async (options, clientOptions) => {
    const pool = threads(here, { size: 1, window: 4096, queue: 100_000, ...options })
    pools.push(pool)
    await pool.ready()
    return createClient(Records, pool, clientOptions)
  }
  const coded = await client({ payload: 'codec' })
  const cloned = await client({ payload: 'clone' })
  const limited = await client({ payload: 'codec' }, { timeoutMs: 60_000 })
  const bare = await rawCalls()
  const noops = {
    'raw postMessage': () => bare.single(undefined),
    'threads()': () => coded.noop(),
    'threads() with a deadline': () => limited.noop(),
  }
  const noopBatches = {
    'raw postMessage': () => bare.single(undefined),
    'raw postMessage, batched': () => bare.batched(undefined),
    'threads()': () => coded.noop(),
    'threads() with a deadline': () => limited.noop(),
  }
  const echoes = {
    'raw postMessage': () => bare.single(record()),
    "threads(), payload 'codec'": () => coded.echo(record()),
    "threads(), payload 'clone'": () => cloned.echo(record()),
  }
  const echoBatches = { ...echoes, 'raw postMessage, batched': () => bare.batched(record()) }
  table('noop, one call at a time', await race(noops, 5_000, sequential))
  for (const lanes of [64, 256, 1024]) {
    const run = (call, count) => concurrent(call, count, lanes)
    table(`noop, ${lanes} in flight`, await race(noopBatches, 50_000, run))
  }
  table('echo of 350 B, one call at a time', await race(echoes, 5_000, sequential))
  table('echo of 350 B, 64 in flight', await race(echoBatches, 10_000, (call, count) => concurrent(call, count, 64)))
  await bare.close()
  await Promise.all(pools.map((pool) => pool.close()))
}
