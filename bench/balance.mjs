/** What a pick of each policy costs among a thousand instances, and what a change of them costs. Needs `npm run build`. */

import {
  consistentHash,
  instance,
  leastRequest,
  peakEwma,
  roundRobin,
  smoothWeightedRoundRobin,
  weightedRandom,
} from 'volo-ts/discovery'

const count = 1_000
const rounds = 5
const policies = { weightedRandom, roundRobin, smoothWeightedRoundRobin, leastRequest, peakEwma, consistentHash }
const endpoints = Array.from({ length: count }, (_, i) => ({
  instance: instance(`10.0.${i >> 8}.${i & 255}:80`, 1),
  weight: 1,
  inFlight: i % 7,
  latencyMs: i % 13,
}))
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

console.log(`## Balancing\n\n${count} instances of weight 1; medians of ${rounds} interleaved rounds.\n`)
console.log('| policy | us of CPU per pick | ms to take a change of one instance |\n|---|--:|--:|')
const figures = Object.fromEntries(Object.keys(policies).map((name) => [name, { picks: [], changes: [] }]))
for (let round = 0; round < rounds; round++) {
  for (const [name, make] of Object.entries(policies)) {
    const policy = make()
    policy(endpoints)
    const start = performance.now()
    const pick = policy(endpoints.slice(1))
    figures[name].changes.push(performance.now() - start)
    const picks = name === 'smoothWeightedRoundRobin' ? 20_000 : 500_000
    for (let i = 0; i < picks; i++) pick(BigInt(i))
    const before = process.cpuUsage()
    for (let i = 0; i < picks; i++) pick(123_456_789n)
    const { user, system } = process.cpuUsage(before)
    figures[name].picks.push((user + system) / picks)
  }
}
for (const [name, { picks, changes }] of Object.entries(figures)) {
  console.log(`| ${name} | ${median(picks).toFixed(3)} | ${median(changes).toFixed(2)} |`)
}
