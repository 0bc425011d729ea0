/** Endpoint: one instance of a service as a balancer sees it: its load, its latency, and whether it may be picked. */

import type { Instance } from '../discovery/instance.ts'

/** Why an endpoint gets no calls, where it gets none. */
export type EndpointState = 'ready' | 'unreachable' | 'ejected' | 'removed'

/** What a policy may look at. */
export interface Endpoint {
  readonly instance: Instance
  /** The weight of the instance, less while it starts slowly. */
  readonly weight: number
  /** Calls that run there now, from this client. */
  readonly inFlight: number
  /** Peak-sensitive moving average of the time that calls take, in milliseconds; 0 before the first one. */
  readonly latencyMs: number
}

/** Picks one of the endpoints that it was made with for a call; undefined where none takes load. `hash`: of the call, where it has one. */
export type Picker = (hash: bigint | undefined) => Endpoint | undefined

/**
 * A policy makes a picker for a set of endpoints, again whenever the set or a weight has changed. `endpoints` has none of
 * weight 0, and none that is ejected or cannot be reached while others can.
 *
 * @example Always the endpoint with the fewest calls
 * const leastLoaded: Policy = (endpoints) => () =>
 *   endpoints.reduce((best, one) => (one.inFlight < best.inFlight ? one : best))
 */
export type Policy = (endpoints: readonly Endpoint[]) => Picker
