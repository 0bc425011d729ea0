/** What the shop does, wherever payments are: `npm run example monolith test`. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { BizError, isRpcError, type Transport } from 'volo-ts'
import { UnknownProduct } from '../src/gen/catalogue.js'
import type { OrdersClient } from '../src/gen/orders.js'
import { CardDeclined } from '../src/gen/payments.js'
import { places } from '../src/places.js'
import { openShop } from '../src/shop.js'
import { startPayments } from '../src/start-payments.js'

let stopPayments: () => Promise<void>

before(async () => {
  stopPayments = await startPayments()
})

after(() => stopPayments())

for (const [place, connect] of Object.entries(places)) {
  describe(`payments ${place}`, () => {
    let payments: Transport
    let orders: OrdersClient

    before(() => {
      payments = connect()
      orders = openShop(payments)
    })

    after(() => payments.close())

    test('an order is priced and paid', async () => {
      const order = await orders.place([{ sku: 'apple', count: 3 }, { sku: 'pear' }], 'visa')
      assert.equal(order.cents, 175)
      assert.deepEqual(order.receipt, { id: '389a3d76896ddd89', cents: 175 })
    })

    test('exceptions of any service arrive as themselves', async () => {
      await assert.rejects(orders.place([{ sku: 'stone' }], 'visa'), new UnknownProduct({ sku: 'stone' }))
      const declined = new CardDeclined({ reason: 'the card has expired' })
      await assert.rejects(orders.place([{ sku: 'pear' }], 'expired'), declined)
    })

    test('business errors keep status and extra', async () => {
      await assert.rejects(
        orders.place([{ sku: 'pear' }], 'stolen'),
        new BizError(4001, 'call the police', { card: 'stolen' }),
      )
    })

    test('a deadline holds for all that is done for a call', async () => {
      await assert.rejects(
        orders.place([{ sku: 'pear' }], 'visa', { timeoutMs: 0 }),
        (error) => isRpcError(error) && error.code === 'DEADLINE_EXCEEDED',
      )
    })

    test('many orders at once', async () => {
      const placed = await Promise.all(
        Array.from({ length: 50 }, (_, i) => orders.place([{ sku: 'apple', count: i }], 'visa')),
      )
      assert.deepEqual(
        placed.map(({ cents }) => cents),
        placed.map((_, i) => 40 * i),
      )
    })
  })
}
