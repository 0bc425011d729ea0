/** One server; a Thrift, a gRPC and an in-process client of it: `npm run example one-port`. */

import { createClient } from 'volo-ts'
import { grpc } from 'volo-ts/grpc'
import { inProcess } from 'volo-ts/inproc'
import { thrift } from 'volo-ts/thrift'
import { StockFeed } from './gen/stock/v1/feed.js'
import { OutOfStock, Stock } from './gen/stock.js'
import { stockServer } from './server.js'

const server = stockServer((line) => console.log(`  ${line}`))
const { address } = await server.listen('127.0.0.1:0')

const thriftWire = thrift(address, { caller: 'till' })
const grpcWire = grpc(address)
const till = createClient(Stock, thriftWire, { timeoutMs: 5_000 })
const display = createClient(StockFeed, grpcWire, { caller: 'display' })
const stocktaker = createClient(Stock, inProcess(server), { caller: 'stocktaker' })

// Written in this process, sold over Thrift, shown over gRPC.
await stocktaker.put('apple', 3)
for await (const { sku, count } of display.watch({ sku: 'apple' }, { timeoutMs: 10_000 })) {
  console.log(`display: ${count} of ${sku}`)
  if (count < 2) break
  await till.take('apple', 1)
}
try {
  await till.take('apple', 5)
} catch (error) {
  if (!(error instanceof OutOfStock)) throw error
  console.log(`till: only ${error.left} of ${error.sku} left`)
}

await Promise.all([thriftWire.close(), grpcWire.close()])
await server.close()
