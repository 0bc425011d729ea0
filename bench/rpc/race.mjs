/** Races of one unary echo: every stack with its own pair of processes, the same calls, interleaved rounds. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./process.mjs', import.meta.url))

async function start(...words) {
  const child = fork(script, words)
  const [{ port }] = await once(child, 'message')
  return { child, port }
}

async function ask(side, message) {
  side.child.send(message)
  const [answer] = await once(side.child, 'message')
  return answer
}

async function stop(side) {
  side.child.send({ kind: 'stop' })
  await once(side.child, 'exit')
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/**
 * Runs contenders `{ name, stack, variant? }` over sizes and lanes; gives one row per combination with the median of
 * the rounds: CPU microseconds per call of client and server, p50 and p99 in microseconds.
 */
export async function race({ contenders, sizes, lanes, calls, rounds }) {
  const rows = []
  const pairs = []
  for (const contender of contenders) {
    const server = await start('server', contender.stack)
    const client = await start('client', contender.stack, String(server.port), contender.variant ?? '')
    pairs.push({ contender, server, client })
  }
  for (const size of sizes) {
    for (const lane of lanes) {
      const count = Math.max(200, lane === 1 ? Math.floor(calls / 4) : calls)
      const samples = new Map(pairs.map(({ contender }) => [contender.name, []]))
      for (let round = -1; round < rounds; round++) {
        for (const { contender, server, client } of pairs) {
          const before = (await ask(server, { kind: 'cpu' })).cpu
          const result = await ask(client, { kind: 'run', calls: count, lanes: lane, size })
          const after = (await ask(server, { kind: 'cpu' })).cpu
          const serverCpu = after.user + after.system - before.user - before.system
          if (round >= 0)
            samples.get(contender.name).push({ ...result, client: result.cpu / count, server: serverCpu / count })
        }
      }
      for (const { contender } of pairs) {
        const taken = samples.get(contender.name)
        const of = (key) => median(taken.map((one) => one[key]))
        rows.push({
          size,
          lanes: lane,
          name: contender.name,
          client: of('client'),
          server: of('server'),
          p50: of('p50'),
          p99: of('p99'),
        })
      }
    }
  }
  for (const { server, client } of pairs) {
    await stop(client)
    await stop(server)
  }
  return rows
}

/** The rows as a Markdown table; the ratio is the baseline's CPU per call over the row's. */
export function table(rows, baseline) {
  const lines = [
    '| bytes | in flight | stack | client CPU us | server CPU us | both | ratio | p50 us | p99 us |',
    '|--:|--:|---|--:|--:|--:|--:|--:|--:|',
  ]
  for (const row of rows) {
    const base = rows.find((one) => one.name === baseline && one.size === row.size && one.lanes === row.lanes)
    const both = row.client + row.server
    const ratio = row.name === baseline ? '1.0' : ((base.client + base.server) / both).toFixed(1)
    const cells = [
      row.size,
      row.lanes,
      row.name,
      row.client.toFixed(1),
      row.server.toFixed(1),
      both.toFixed(1),
      ratio,
      row.p50.toFixed(0),
      row.p99.toFixed(0),
    ]
    lines.push(`| ${cells.join(' | ')} |`)
  }
  return lines.join('\n')
}
