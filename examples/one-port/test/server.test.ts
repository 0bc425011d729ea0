/** The services as each kind of client sees them: `npm run example one-port test`. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, isRpcError, type Transport } from 'volo-ts'
import { grpc } from 'volo-ts/grpc'
import { inProcess } from 'volo-ts/inproc'
import { thrift } from 'volo-ts/thrift'
import { StockFeed } from '../src/gen/stock/v1/feed.js'
import { OutOfStock, Stock } from '../src/gen/stock.js'
import { stockServer } from '../src/server.js'

const server = stockServer(() => {})
const { address } = await server.listen('127.0.0.1:0')
test.after(() => server.close())

const stockClients: Record<string, () => Transport> = {
  'over Thrift': () => thrift(address),
  'in process': () => inProcess(server),
}
for (const [way, connect] of Object.entries(stockClients)) {
  test(`Stock ${way}`, async () => {
    const transport = connect()
    const stock = createClient(Stock, transport, { caller: 'test' })
    assert.equal(await stock.put(way, 2), 2)
    assert.equal(await stock.take(way, 1), 1)
    await assert.rejects(stock.take(way, 5), new OutOfStock({ sku: way, left: 1 }))
    await transport.close()
  })

  test(`Stock ${way} turns nobody's calls away`, async () => {
    const transport = connect()
    const nobody = createClient(Stock, transport)
    await assert.rejects(nobody.put(way, 2), (error) => isRpcError(error) && error.code === 'UNAUTHENTICATED')
    await transport.close()
  })
}

const feedClients: Record<string, () => Transport> = {
  'over gRPC': () => grpc(address),
  'in process': () => inProcess(server),
}
for (const [way, connect] of Object.entries(feedClients)) {
  test(`StockFeed ${way}`, async () => {
    const sku = `fed ${way}`
    const transport = connect()
    const stock = createClient(Stock, inProcess(server), { caller: 'test' })
    const feed = createClient(StockFeed, transport, { caller: 'test' })
    await stock.put(sku, 1)
    const seen: number[] = []
    for await (const { count } of feed.watch({ sku }, { timeoutMs: 10_000 })) {
      seen.push(count)
      if (count === 3) break
      await stock.put(sku, 1)
    }
    assert.deepEqual(seen, [1, 2, 3])
    await transport.close()
  })
}
