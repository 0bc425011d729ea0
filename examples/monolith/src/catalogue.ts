/** What there is to buy. */

import { type CatalogueHandler, UnknownProduct } from './gen/catalogue.js'

const products = new Map([
  ['apple', { sku: 'apple', name: 'Apple', cents: 40 }],
  ['pear', { sku: 'pear', name: 'Pear', cents: 55 }],
])

export const catalogueHandler: CatalogueHandler = {
  find(sku) {
    const product = products.get(sku)
    if (product === undefined) throw new UnknownProduct({ sku })
    return product
  },
}
