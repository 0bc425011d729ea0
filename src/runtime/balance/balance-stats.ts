/** What a balancer tells of itself. */

import type { Instance } from '../discovery/instance.ts'
import type { EndpointState } from './endpoint.ts'

/** One instance in {@link BalanceStats}. */
export interface InstanceStats extends Instance {
  readonly state: EndpointState
  /** Why it gets no calls; undefined where it does. */
  readonly why: string | undefined
  readonly inFlight: number
  readonly calls: number
  readonly failures: number
  /** Moving average of the time that calls take. */
  readonly latencyMs: number
}

/** A balancer at one moment. */
export interface BalanceStats {
  /** Where the instances come from. */
  readonly target: string
  readonly instances: readonly InstanceStats[]
  /** Calls that wait for the first answer of the registry. */
  readonly waiting: number
  /** Why the registry cannot be asked; undefined where it can. */
  readonly discoverError: string | undefined
}
