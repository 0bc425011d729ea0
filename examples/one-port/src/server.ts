/** Two services of two IDLs, one server, one port. */

import { type Layer, RpcError, Server } from 'volo-ts'
import { StockFeed } from './gen/stock/v1/feed.js'
import { OutOfStock, Stock } from './gen/stock.js'
import { openWarehouse } from './warehouse.js'

/** Turns away callers that do not say who they are, whatever they speak. */
const identified: Layer = (next) => (cx, request) => {
  if (cx.caller === '') return Promise.reject(new RpcError('UNAUTHENTICATED', 'say who you are: { caller }'))
  return next(cx, request)
}

/** Says what was called. */
const told =
  (tell: (line: string) => void): Layer =>
  (next) =>
  (cx, request) => {
    tell(`${cx.caller} -> ${cx.service.fullName}.${cx.method.name} (${cx.peer?.kind})`)
    return next(cx, request)
  }

/** The server of the lesson; it does not listen yet. */
export function stockServer(tell: (line: string) => void): Server {
  const warehouse = openWarehouse()
  // The first layer sees a call first. Layers of the server are around all services; a service may have its own.
  return new Server({ layers: [identified, told(tell)] })
    .add(Stock, {
      put: (sku, count) => warehouse.change(sku, count),
      take(sku, count) {
        const left = warehouse.count(sku)
        if (left < count) throw new OutOfStock({ sku, left })
        return warehouse.change(sku, -count)
      },
    })
    .add(StockFeed, {
      watch: ({ sku }, cx) => warehouse.watch(sku, cx.signal),
    })
}
