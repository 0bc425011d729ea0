/** The race of calls inside one process: every contender in fresh processes, interleaved rounds, with and without ambient context. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const script = fileURLToPath(new URL('./process.mjs', import.meta.url))

/** Title, module in contender/, variant. The first is what the others are held against. */
export const contenders = [
  ['direct async call', 'direct', 'plain'],
  ['**volo**, client over a handler', 'volo', 'handler'],
  ['**volo**, direct', 'volo', 'direct'],
  ['**volo**, direct, 5 layers that pass', 'volo', 'layers-pass'],
  ['**volo**, direct, 5 layers that await', 'volo', 'layers-await'],
  ['**volo**, direct, deadline and signal', 'volo', 'deadline'],
  ['**volo**, direct, `isolate: copy`', 'volo', 'copy'],
  ['**volo**, direct, `isolate: freeze`', 'volo', 'freeze'],
  ['**volo**, direct, `isolate: codec`', 'volo', 'codec'],
  ['**volo**, mailbox', 'volo', 'mailbox'],
  ['moleculer', 'moleculer', 'plain'],
  ['moleculer, 5 middlewares that await', 'moleculer', 'layers-await'],
  ['tRPC createCaller', 'trpc', 'plain'],
  ['tRPC createCaller, 5 middlewares that await', 'trpc', 'layers-await'],
  ['connect-es router transport', 'connect', 'plain'],
  ['connect-es router transport, 5 interceptors', 'connect', 'layers-await'],
  ['connect-es router transport, deadline and signal', 'connect', 'deadline'],
  ['raw MessageChannel, same thread', 'raw', 'channel'],
  ['**volo**, one thread', 'volo', 'threads'],
  ['**volo**, one thread, `payload: clone`', 'volo', 'threads-clone'],
  ['raw postMessage, worker', 'raw', 'worker'],
  ['raw postMessage in batches, worker', 'raw', 'worker-batched'],
  ['comlink, worker', 'comlink', 'worker'],
  ['piscina, one worker', 'piscina', 'worker'],
]

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Rows of `{ title, noop, echo }`, each with `plain` and `ambient`: `{ sequential, flight }` of `{ best, cpu }` in ns. */
export async function race({ rounds, chunks }) {
  const samples = contenders.map(() => ({ plain: [], ambient: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, module, variant]] of contenders.entries()) {
      for (const mode of ['plain', 'ambient']) {
        const { stdout } = await run(process.execPath, [script, module, variant, mode, String(chunks)])
        samples[index][mode].push(JSON.parse(stdout))
      }
    }
  }
  const over = (all, message, load) => ({
    best: Math.min(...all.map((one) => one[message][load].best)),
    cpu: median(all.map((one) => one[message][load].cpu)),
  })
  return contenders.map(([title], index) => {
    const of = (message, mode) => ({
      sequential: over(samples[index][mode], message, 'sequential'),
      flight: over(samples[index][mode], message, 'flight'),
    })
    const both = (message) => ({ plain: of(message, 'plain'), ambient: of(message, 'ambient') })
    return { title, noop: both('noop'), echo: both('echo') }
  })
}

const duration = (ns) => (ns < 10_000 ? `${ns.toFixed(0)} ns` : `${(ns / 1000).toFixed(1)} us`)
const ratio = (one, base) => Number((one.best / base.best).toPrecision(2)).toLocaleString('en')
const rate = ({ best }) => (1e6 / best).toLocaleString('en', { maximumSignificantDigits: 3 })

/** The rows of one message as a Markdown table. */
export function table(rows, message) {
  const loads = 'one by one | times direct | CPU | 64 in flight, k calls/s | CPU'
  const lines = [`| | ${loads} | with ambient context: ${loads} |`, `|---|${'--:|'.repeat(10)}`]
  const base = rows[0][message]
  for (const row of rows) {
    const cells = [row.title]
    for (const mode of ['plain', 'ambient']) {
      const { sequential, flight } = row[message][mode]
      const times = ratio(sequential, base[mode].sequential)
      cells.push(duration(sequential.best), times, duration(sequential.cpu), rate(flight), duration(flight.cpu))
    }
    lines.push(`| ${cells.join(' | ')} |`)
  }
  return lines.join('\n')
}
