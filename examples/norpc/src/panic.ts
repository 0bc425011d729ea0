/**
 * What a handler throws by mistake fails one call and nothing else: `npm run example norpc panic`. (In norpc the client
 * panics too.)
 */

import { createClient, isRpcError, Server } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { Add } from './gen/norpc.js'

const server = new Server({
  onError: (error, cx) => console.log(`told to the server: ${cx?.method.name}: ${error}`),
}).add(Add, {
  add(x, y) {
    if (x === 13) throw new Error('I do not do that number')
    return x + y
  },
})
const client = createClient(Add, inProcess(server))

try {
  await client.add(13, 1)
} catch (error) {
  if (!isRpcError(error)) throw error
  console.log(`told to the caller: ${error.code}: ${error.message}`)
  console.log(`its cause stays in this process: ${error.cause}`)
}
console.log(await client.add(1, 2))
