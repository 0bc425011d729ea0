/** Layer: wraps a Service into another one; middleware for every protocol and both sides. */

import type { Service } from './service.ts'

/** A function from Service to Service. Return the inner promise un-awaited where nothing follows it: that costs nothing. */
export type Layer = (next: Service) => Service

/** One Service out of layers and an innermost Service; the first layer sees the request first. */
export function compose(layers: readonly Layer[], inner: Service): Service {
  return layers.reduceRight<Service>((next, layer) => layer(next), inner)
}
