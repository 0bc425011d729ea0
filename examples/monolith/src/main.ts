/** A shop of three services; where payments run is one line: `npm run example monolith [here | threads | process]`. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { places } from './places.js'
import { openShop } from './shop.js'
import { startPayments } from './start-payments.js'

const place = (process.argv[2] ?? 'here') as keyof typeof places
if (!(place in places)) throw new Error(`payments run at one of: ${Object.keys(places).join(', ')}`)
const stopPayments = place === 'process' ? await startPayments() : async () => {}

const payments = places[place]()
const orders = openShop(payments)

const first = await orders.place([{ sku: 'apple', count: 3 }, { sku: 'pear' }], 'visa')
console.log(`${first.cents} cents, receipt ${first.receipt.id}`)

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
await sleep(20)
const start = performance.now()
await Promise.all(Array.from({ length: 100 }, (_, i) => orders.place([{ sku: 'apple', count: i + 1 }], 'visa')))
const ms = performance.now() - start
await sleep(20)
delay.disable()
console.log(
  `payments ${place}: 100 orders in ${ms.toFixed(0)} ms,`,
  `the shop was deaf for up to ${(delay.max / 1e6).toFixed(0)} ms`,
)

await payments.close()
await stopPayments()
