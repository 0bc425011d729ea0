/** Calls that start at a limited rate, in line or refused: `npm run example norpc rate-limit`. */

import { createClient, isRpcError, rateLimit, Server } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { Add } from './gen/norpc.js'

const server = inProcess(new Server().add(Add, { add: (x, y) => x + y }))

// 10 at once, then one every 10 ms; up to 1,000 wait for their turn.
const patient = createClient(Add, server, { layers: [rateLimit({ perSecond: 100, burst: 10, queue: 1_000 })] })
const start = performance.now()
const sums = await Promise.all(Array.from({ length: 40 }, (_, i) => patient.add(i, 1)))
const ms = performance.now() - start
console.log(`${sums.length} answered, the last of them after ${ms.toFixed(0)} ms`)

// Without a line the rest is refused, at once.
const hasty = createClient(Add, server, { layers: [rateLimit({ perSecond: 1, burst: 10 })] })
const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => hasty.add(i, 1)))
const refused = outcomes.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown)
const [reason] = refused
console.log(`${outcomes.length - refused.length} answered, ${refused.length} refused`)
console.log(isRpcError(reason) ? `${reason.code}: ${reason.message}` : reason)
