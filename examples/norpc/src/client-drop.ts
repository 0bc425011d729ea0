/**
 * A caller that goes away cancels what it asked for, each call by itself: `npm run example norpc client-drop`. (In norpc
 * a dropped client cancels its only call, and a dropped call goes on.)
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, isRpcError, Server } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { Work } from './gen/norpc.js'

const server = new Server().add(Work, {
  async work(ms, cx) {
    cx.onCancel((reason) => console.log(`work of ${ms} ms: cancelled as ${reason.code}`))
    await sleep(ms, undefined, { signal: cx.signal })
    return ms
  },
})
const transport = inProcess(server)
const client = createClient(Work, transport)
const outcome = (call: Promise<number>): Promise<string> =>
  call.then(String, (error: unknown) => (isRpcError(error) ? `${error.code}: ${error.message}` : String(error)))

// One call of several on one client.
const abort = new AbortController()
const first = outcome(client.work(60_000, { signal: abort.signal }))
const second = outcome(client.work(10))
abort.abort()
console.log('first:', await first)
console.log('second:', await second)

// A caller that waits so long and no longer.
console.log('third:', await outcome(client.work(50_000, { timeoutMs: 20 })))

// All calls of a transport.
const fourth = outcome(client.work(40_000))
await transport.close()
console.log('fourth:', await fourth)
