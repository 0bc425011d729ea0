/** Races of an echo, unary or streamed: every stack with its own pair of processes, the same calls, interleaved rounds. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./process.mjs', import.meta.url))

async function start(...words) {
  const child = fork(script, words)
  child.once('exit', (code) => {
    if (code !== 0) throw new Error(`${words.join(' ')} exited ${code}`)
  })
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
 * `kind`: `run` for unary calls, `stream` for streams, whose messages are then what is counted.
 * Runs contenders `{ name, stack, variant? }` over sizes and lanes; gives one row per combination with the median of
 * the rounds: CPU microseconds per call of client and server, p50 and p99 in microseconds.
 */
export async function race({ contenders, sizes, lanes, calls, rounds, kind = 'run' }) {
  const rows = []
  const pairs = []
  for (const contender of contenders) {
    const server = await start('server', contender.stack, '0', contender.variant ?? '')
    const client = await start('client', contender.stack, String(server.port), contender.variant ?? '')
    pairs.push({ contender, server, client })
  }
  for (const size of sizes) {
    for (const lane of lanes) {
      const wanted = lane === 1 ? Math.floor(calls / 4) : calls
      // Large messages take their time: fewer of them say as much.
      const count = Math.max(200, size > 16_384 ? Math.floor(wanted / 8) : wanted)
      const samples = new Map(pairs.map(({ contender }) => [contender.name, []]))
      for (let round = -1; round < rounds; round++) {
        for (const { contender, server, client } of pairs) {
          const before = (await ask(server, { kind: 'cpu' })).cpu
          const result = await ask(client, { kind, calls: count, lanes: lane, size })
          const { cpu: after, rss } = await ask(server, { kind: 'cpu' })
          pairs.find((pair) => pair.server === server).memory = rss + (await ask(client, { kind: 'cpu' })).rss
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
          perSecond: of('perSecond'),
          memory: pairs.find((pair) => pair.contender === contender).memory,
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
  const streamed = rows[0]?.perSecond !== undefined
  const last = streamed ? ['messages/s'] : ['p50 us', 'p99 us']
  const lines = [
    `| bytes | ${streamed ? 'streams' : 'in flight'} | stack | client CPU us | server CPU us | both | ratio | ${last.join(' | ')} | MiB |`,
    `|--:|--:|---|--:|--:|--:|--:|${'--:|'.repeat(last.length)}--:|`,
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
      ...(streamed ? [row.perSecond.toFixed(0)] : [row.p50.toFixed(0), row.p99.toFixed(0)]),
      (row.memory / 2 ** 20).toFixed(0),
    ]
    lines.push(`| ${cells.join(' | ')} |`)
  }
  return lines.join('\n')
}

/**
 * Open-loop latency at half the calls per second that each contender does with `lanes` in flight, and the memory of both
 * sides afterwards; one row per contender.
 */
export async function openLoop({ contenders, lanes, size, calls, seconds }) {
  const rows = []
  for (const contender of contenders) {
    const server = await start('server', contender.stack, '', contender.variant ?? '')
    const client = await start('client', contender.stack, String(server.port), contender.variant ?? '')
    await ask(client, { kind: 'run', calls, lanes, size })
    const { wall } = await ask(client, { kind: 'run', calls, lanes, size })
    const rate = Math.floor((calls / wall) * 500)
    const latency = await ask(client, { kind: 'open', rate, seconds, size })
    const [near, far] = [await ask(client, { kind: 'memory' }), await ask(server, { kind: 'memory' })]
    rows.push({ name: contender.name, rate, ...latency, client: near.rss, server: far.rss })
    await stop(client)
    await stop(server)
  }
  return rows
}

/** The rows of {@link openLoop} as a Markdown table. */
export function openLoopTable(rows) {
  const mib = (bytes) => (bytes / 2 ** 20).toFixed(0)
  return [
    '| stack | calls/s | p50 us | p99 us | p999 us | client RSS MiB | server RSS MiB |',
    '|---|--:|--:|--:|--:|--:|--:|',
    ...rows.map(
      ({ name, rate, p50, p99, p999, client, server }) =>
        `| ${[name, rate, p50.toFixed(0), p99.toFixed(0), p999.toFixed(0), mib(client), mib(server)].join(' | ')} |`,
    ),
  ].join('\n')
}
