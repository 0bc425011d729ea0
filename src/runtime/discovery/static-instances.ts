/** staticInstances(): a Discover of instances that are known from the start. */

import type { Discover } from './discover.ts'
import { type Instance, instance } from './instance.ts'

/** An instance as people write it: an address, or an address with its weight and tags. */
export type InstanceInit =
  | string
  | { readonly address: string; readonly weight?: number; readonly tags?: Instance['tags'] }

/**
 * Instances that never change: `staticInstances(['10.0.0.1:8080', { address: '10.0.0.2:8080', weight: 20 }])`. Throws
 * TypeError for an address without a port and for one that is there twice, RangeError for a weight below 0.
 */
export function staticInstances(instances: readonly InstanceInit[]): Discover {
  const all = instances.map((one) =>
    typeof one === 'string' ? instance(one) : instance(one.address, one.weight, one.tags),
  )
  const addresses = all.map(({ address }) => address)
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i)
  if (twice !== undefined) throw new TypeError(`the address ${twice} is among the instances twice`)
  return {
    target: `static:///${addresses.join(',')}`,
    watch(listener) {
      listener.changed({ all, added: all, updated: [], removed: [] })
      return () => {}
    },
  }
}
