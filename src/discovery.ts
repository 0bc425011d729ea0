/** volo-ts/discovery: services of many instances: registries that know them, and transports that balance calls over them. */

export { type BalanceOptions, type BalanceTransport, balance } from './runtime/balance/balance.ts'
export type { BalanceStats, InstanceStats } from './runtime/balance/balance-stats.ts'
export { callHash } from './runtime/balance/call-hash.ts'
export { type ConsistentHashOptions, consistentHash, hashOf } from './runtime/balance/consistent-hash.ts'
export type { Endpoint, EndpointState, Picker, Policy } from './runtime/balance/endpoint.ts'
export type { OutlierOptions } from './runtime/balance/outlier.ts'
export { roundRobin, smoothWeightedRoundRobin } from './runtime/balance/round-robin.ts'
export { leastRequest, peakEwma } from './runtime/balance/two-choices.ts'
export { weightedRandom } from './runtime/balance/weighted-random.ts'
export type { Change } from './runtime/discovery/change.ts'
export { type ConsulOptions, consul } from './runtime/discovery/consul.ts'
export { type ConsulRegistryOptions, consulRegistry } from './runtime/discovery/consul-registry.ts'
export {
  type Discover,
  type DiscoverListener,
  type DiscoverOptions,
  type DiscoverReport,
  type DiscoverSource,
  discover,
} from './runtime/discovery/discover.ts'
export { type DnsOptions, dns } from './runtime/discovery/dns.ts'
export { type EtcdDiscoverOptions, etcd } from './runtime/discovery/etcd.ts'
export type { EtcdOptions } from './runtime/discovery/etcd-client.ts'
export { type EtcdRegistryOptions, etcdRegistry } from './runtime/discovery/etcd-registry.ts'
export { defaultWeight, type Instance, instance } from './runtime/discovery/instance.ts'
export type { Registration, Registry } from './runtime/discovery/registry.ts'
export { type InstanceInit, staticInstances } from './runtime/discovery/static-instances.ts'
export { discoverTarget } from './runtime/discovery/target.ts'
