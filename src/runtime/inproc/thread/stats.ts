/** What a pool of threads says about itself. */

/** One worker of a pool. */
export interface ThreadStats {
  /** `thread:3`; the number is Node's `threadId`. A restarted worker has another one. */
  readonly address: string | undefined
  /** `waiting`: it has ended and will be started again. `ended`: it will not. */
  readonly state: 'starting' | 'ready' | 'closing' | 'waiting' | 'ended'
  /** Calls that it has, those given up on included. */
  readonly inFlight: number
  /** Calls whose handlers run although nobody waits for them. */
  readonly abandoned: number
  /** Calls that it has been given, its predecessors in the same place included. */
  readonly calls: number
  readonly restarts: number
}

/** How busy a pool is. */
export interface ThreadsStats {
  readonly workers: readonly ThreadStats[]
  /** Calls in line. */
  readonly queued: number
  /** The sums over the workers. */
  readonly inFlight: number
  readonly abandoned: number
  readonly calls: number
  readonly restarts: number
  /** Calls refused because the line was full. */
  readonly rejected: number
}
