/** Takes orders; it knows the other services by their generated clients, and not where they run. */

import type { CatalogueClient } from './gen/catalogue.js'
import type { OrdersHandler } from './gen/orders.js'
import type { PaymentsClient } from './gen/payments.js'

export function ordersHandler(catalogue: CatalogueClient, payments: PaymentsClient): OrdersHandler {
  return {
    async place(lines, card, cx) {
      // With `parent` what is left of this call's time, its cancellation and its metainfo go on to the next service.
      const products = await Promise.all(lines.map(({ sku }) => catalogue.find(sku, { parent: cx })))
      const cents = products.reduce((sum, product, i) => sum + product.cents * (lines[i]?.count ?? 0), 0)
      const receipt = await payments.charge(card, cents, { parent: cx })
      return { lines, cents, receipt }
    },
  }
}
