/** A client of `grpc()` that makes one call and stays until the connection has ended: `client.mjs URL`. */

import { grpc, Health } from '../../../dist/grpc.js'
import { createClient } from '../../../dist/index.js'

const transport = grpc(new URL(process.argv[2]).host)
// A case may end without a word; the tool gives a client three seconds.
setTimeout(() => process.exit(), 2_500)
await createClient(Health, transport)
  .check({})
  .catch(() => {})
while (transport.state === 'READY') await new Promise((resolve) => setTimeout(resolve, 20))
process.exit()
