/** What a server tells of itself: connections, calls, and their counts. */

import type { Peer } from '../context/context.ts'
import type { CallCounts } from '../wire.ts'

/** One connection of a server. */
export interface ConnectionStats {
  /** A number that no other connection or server of the process has. */
  readonly id: number
  /** The wire that it speaks: `grpc`, `thrift`, `http/1.1`. */
  readonly wire: string
  readonly peer: Peer
  /** When it was accepted, by `Date.now()`. */
  readonly since: number
  /** Calls that are open now; undefined where the wire does not say. */
  readonly openCalls: number | undefined
  /** What its calls have come to; undefined where they are not counted. */
  readonly calls: CallCounts | undefined
}

/** A server at one moment. */
export interface ServerStats {
  /** A number that no other server or connection of the process has. */
  readonly id: number
  /** The bound addresses. */
  readonly addresses: readonly string[]
  /** Calls whose handler runs or whose response stream is open, over every wire and in process. */
  readonly inFlight: number
  /** Calls that were ended early and whose handlers still run. */
  readonly abandoned: number
  /** Calls that have ended and whose answers their clients have not read. */
  readonly unsent: number
  /** Requests that were refused before any layer ran, since the beginning: unknown methods, bad arguments, too large messages. */
  readonly refused: number
  readonly isDraining: boolean
  /** Bytes of memory that the decoded requests of running calls hold, by estimate, and answers that wait for their clients. */
  readonly requestMemoryBytes: number
  /** What the calls of gRPC, gRPC-web and JSON have come to; undefined where they are not counted. */
  readonly calls: CallCounts | undefined
  readonly connections: readonly ConnectionStats[]
}
