/** One server and its clients in one process, over every wire; prints what the calls gave, where nobody else calls main(). Runs beside `gen/`, on any runtime. */

import { createClient, Server } from 'volo-ts'
import { grpc } from 'volo-ts/grpc'
import { inProcess } from 'volo-ts/inproc'
import { thrift } from 'volo-ts/thrift'
import { grpcWeb } from 'volo-ts/web'
import { Counter } from './gen/counter.js'
import { Shop } from './gen/shop.js'

/** Calls over every wire; what they gave, as JSON. No top-level await, for CommonJS has none. */
export async function main() {
  const server = new Server({ http: {} })
    .add(Counter, {
      async count({ to }) {
        return { to }
      },
      async *list({ to }) {
        for (let i = 1; i <= to; i++) yield { to: i }
      },
    })
    .add(Shop, { total: async (ids) => BigInt(ids.length) })
  const { port } = await server.listen('127.0.0.1:0')
  const address = `127.0.0.1:${port}`
  const transports = { grpc: grpc(address), thrift: thrift(address), inProcess: inProcess(server) }
  const outcome = {}
  const streamed = async (client) => {
    const all = []
    for await (const { to } of client.list({ to: 3 })) all.push(to)
    return all
  }
  const overGrpc = createClient(Counter, transports.grpc)
  outcome.grpc = [(await overGrpc.count({ to: 7 })).to, await streamed(overGrpc)]
  const web = createClient(Counter, grpcWeb(`http://${address}`))
  outcome.grpcWeb = [(await web.count({ to: 7 })).to, await streamed(web)]
  outcome.thrift = String(await createClient(Shop, transports.thrift).total(['a', 'b']))
  outcome.inProcess = String(await createClient(Shop, transports.inProcess).total(['a', 'b', 'c']))
  const json = await fetch(`http://${address}/smoke.Counter/Count`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"to":5}',
  })
  outcome.json = await json.json()
  for (const transport of Object.values(transports)) await transport.close()
  await server.close()
  return JSON.stringify(outcome)
}

if (process.env.JEST_WORKER_ID === undefined) main().then(console.log)
