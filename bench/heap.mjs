/** Whether many in-process calls leave anything behind: `node --expose-gc bench/heap.mjs [calls]`, default 10 million. Needs `npm run build`. */

import { createClient, createRouter } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { generate } from './generate.mjs'

const calls = Number(process.argv[2] ?? 10_000_000)
if (globalThis.gc === undefined) throw new Error('run it as `node --expose-gc bench/heap.mjs`')
generate(['idl/record.thrift'])
const { Records } = await import(new URL('gen/record-thrift.js', import.meta.url).href)

const handler = {
  async noop() {},
  echo: async (record) => record,
}
const stop = new AbortController()
const doors = {
  direct: [{}, undefined],
  'direct, deadline and signal': [{}, { timeoutMs: 60_000, signal: stop.signal }],
  mailbox: [{ mode: 'mailbox', concurrency: 8 }, undefined],
  'mailbox, deadline and signal': [
    { mode: 'mailbox', concurrency: 8 },
    { timeoutMs: 60_000, signal: stop.signal },
  ],
}

const heap = () => {
  globalThis.gc()
  return process.memoryUsage().heapUsed / 2 ** 20
}

console.log(
  `# Heap over ${calls.toLocaleString('en')} calls each\n\n| mode | MiB after 1 % | after half | at the end | running, waiting |`,
)
console.log('|---|--:|--:|--:|--:|')
let failed = false
for (const [name, [options, callOptions]] of Object.entries(doors)) {
  const transport = inProcess(createRouter().add(Records, handler), options)
  const client = createClient(Records, transport)
  const marks = []
  let left = calls
  const marksAt = new Set([Math.ceil(calls * 0.99), Math.ceil(calls / 2), 0])
  const lane = async () => {
    while (left > 0) {
      left--
      await client.noop(callOptions)
      if (marksAt.has(left) && marksAt.delete(left)) marks.push(heap())
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  const { running, pending } = transport.stats()
  if (marks.at(-1) - marks[0] > 1 || running + pending > 0) failed = true
  console.log(`| ${name} | ${marks.map((mib) => mib.toFixed(2)).join(' | ')} | ${running}, ${pending} |`)
}
if (failed) {
  console.log('\nSomething stayed behind.')
  process.exitCode = 1
}
