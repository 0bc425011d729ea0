import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

const idl = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../examples/shop/idl/${path}`, import.meta.url)), 'utf8')

describe('generated code of the shop example', () => {
  let shop: GeneratedModule
  let server: Server
  let port: number
  const viewed: unknown[] = []

  beforeAll(async () => {
    shop = await generated({ 'shop.thrift': idl('shop.thrift'), 'common/money.thrift': idl('common/money.thrift') })
    const product = {
      sku: 'b1',
      title: 'Book',
      tags: new Set(['new']),
      thumbnail: new Uint8Array([1, 2, 3]),
      rating: 4.5,
    }
    server = new Server({ onError: () => {} }).add(shop['Shop'], {
      version: () => '1.2.3',
      listProducts: (_category: number, pageSize: number, after?: string) => ({
        products: Array.from({ length: pageSize }, () => product),
        ...(after === undefined ? { next: 'page 2' } : {}),
      }),
      getProduct(sku: string) {
        if (sku === 'gone') throw new shop['OutOfStock']({ message: 'sold', skus: [sku] })
        return product
      },
      checkout(cart: unknown, payment: { case: string }) {
        if (payment.case === 'voucher') throw new shop['PaymentDeclined']({ reason: 'expired' })
        return { id: 7n, cart, total: { amount: 12n } }
      },
      ordersById: (ids: Set<bigint>) =>
        new Map([...ids].map((id) => [id, { id, cart: { customerId: 1n, lines: [] }, total: { amount: id } }])),
      rate: () => undefined,
      viewed: (customerId: bigint, sku: string) => void viewed.push([customerId, sku]),
    })
    port = (await server.listen('127.0.0.1:0')).port
  })
  afterAll(() => server.close({ drainMs: 0 }))

  for (const transport of ['ttheader', 'framed', 'buffered'] as const) {
    for (const protocol of ['binary', 'compact'] as const) {
      it(`travels over ${transport}, ${protocol}`, async () => {
        const wire = thrift({ host: '127.0.0.1', port }, { transport, protocol })
        const client = createClient<GeneratedModule, unknown>(shop['Shop'], wire, { timeoutMs: 15_000 })
        try {
          expect(await client['version']()).toBe('1.2.3')
          const page = await client['listProducts'](shop['Category'].BOOKS, 3)
          expect(page).toMatchObject({
            next: 'page 2',
            products: [{ sku: 'b1', tags: new Set(['new']), rating: 4.5 }, {}, {}],
          })
          expect(page.products[0].thumbnail).toEqual(new Uint8Array([1, 2, 3]))
          expect((await client['listProducts'](shop['Category'].BOOKS, 1, 'page 2')).next).toBeUndefined()
          const gone = await client['getProduct']('gone').catch((error: unknown) => error)
          expect(gone).toBeInstanceOf(shop['OutOfStock'])
          expect(gone).toMatchObject({ message: 'sold', skus: ['gone'] })
          const cart = { customerId: 2n ** 60n, lines: [{ sku: 'b1' }] }
          const order = await client['checkout'](cart, { case: 'transfer', value: { iban: 'DE00' } })
          expect(order).toMatchObject({
            id: 7n,
            cart: { customerId: 2n ** 60n, lines: [{ sku: 'b1', quantity: 1 }] },
            express: false,
          })
          const declined = await client['checkout'](cart, {
            case: 'voucher',
            value: { amount: 1n },
          }).catch((error: unknown) => error)
          expect(declined).toBeInstanceOf(shop['PaymentDeclined'])
          expect(declined).toMatchObject({ reason: 'expired', attemptsLeft: 3 })
          const orders = await client['ordersById'](new Set([1n, 2n]))
          expect([...orders.keys()]).toEqual([1n, 2n])
          expect(await client['rate']('b1', 5)).toBeUndefined()
          await client['viewed'](1n, `${transport} ${protocol}`)
          await expect.poll(() => viewed.at(-1)).toEqual([1n, `${transport} ${protocol}`])
        } finally {
          await wire.close()
        }
      })
    }
  }
})
