/** What a client's transport tells of itself: its connections and their calls. */

import type { Peer } from '../../core/context/context.ts'
import type { ConnectivityState } from './connectivity.ts'

/** One connection of a transport. */
export interface ChannelConnectionStats {
  /** A number that nothing else of the process has. */
  readonly id: number
  readonly peer: Peer
  /** When it was made, by `Date.now()`. */
  readonly since: number
  /** Calls that are open on it now. */
  readonly openCalls: number
  /** Calls that were opened on it so far. */
  readonly started: number
  /** Whether it takes more calls; one that does not lets its last ones end. */
  readonly usable: boolean
}

/** A transport at one moment. */
export interface ChannelStats {
  /** A number that nothing else of the process has. */
  readonly id: number
  /** Where it goes: the authority of its requests. */
  readonly target: string
  readonly state: ConnectivityState
  /** Calls that wait for a connection. */
  readonly waiting: number
  /** Calls that were opened so far, on connections that are gone, too; each attempt counts. */
  readonly started: number
  readonly connections: readonly ChannelConnectionStats[]
}
