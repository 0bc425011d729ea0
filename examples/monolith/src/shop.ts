/** The shop: three services, put together from clients, wherever payments are. */

import { createClient, Server, type Transport } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { catalogueHandler } from './catalogue.js'
import { Catalogue } from './gen/catalogue.js'
import { Orders, type OrdersClient } from './gen/orders.js'
import { Payments } from './gen/payments.js'
import { ordersHandler } from './orders.js'

export function openShop(paymentsTransport: Transport): OrdersClient {
  const server = new Server()
  const here = inProcess(server)
  const catalogue = createClient(Catalogue, here)
  const payments = createClient(Payments, paymentsTransport)
  server.add(Catalogue, catalogueHandler).add(Orders, ordersHandler(catalogue, payments))
  return createClient(Orders, here)
}
