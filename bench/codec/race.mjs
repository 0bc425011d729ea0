/** Times functions against each other, and prints what came out. */

const warmMs = 150
const sliceMs = 60

/** CPU nanoseconds of one call by name: the best of the rounds, contestants taking turns. */
export function race(contestants, rounds) {
  const best = {}
  const loops = {}
  for (const [name, run] of Object.entries(contestants)) {
    const until = performance.now() + warmMs
    let calls = 0
    while (performance.now() < until) for (let i = 0; i < 100; i++, calls++) run()
    loops[name] = Math.max(10, Math.round((calls / warmMs) * sliceMs))
    best[name] = Number.POSITIVE_INFINITY
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contestants)) {
      const before = process.cpuUsage()
      for (let i = 0; i < loops[name]; i++) run()
      const { user, system } = process.cpuUsage(before)
      best[name] = Math.min(best[name], ((user + system) * 1000) / loops[name])
    }
  }
  return best
}

/**
 * A Markdown table of results `{ shape, best, extra }` against the peers, with the geometric mean of the ratios;
 * `extra` results stand below it and do not count.
 */
export function table(title, peers, results) {
  const ratio = ({ best }, peer) => best[peer] / best.volo
  const row = (result) =>
    [result.shape, nanos(result.best.volo)].concat(
      peers.flatMap((peer) => [nanos(result.best[peer]), `${ratio(result, peer).toFixed(2)}x`]),
    )
  const counted = results.filter((result) => !result.extra)
  const means = peers.flatMap((peer) => [
    '',
    `**${geometric(counted.map((result) => ratio(result, peer))).toFixed(2)}x**`,
  ])
  const rows = [
    ['shape', 'volo ns', ...peers.flatMap((peer) => [`${peer} ns`, 'ratio'])],
    ['---', '---', ...peers.flatMap(() => ['---', '---'])],
    ...counted.map(row),
    ['geometric mean', '', ...means],
    ...results.filter((result) => result.extra).map(row),
  ]
  return `### ${title}\n\n${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

function nanos(value) {
  return value < 10_000 ? String(Math.round(value)) : `${(value / 1000).toFixed(1)}k`
}

function geometric(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}
