/** Refusal: a request that reached the routing of a server, and that no layer and no handler has seen. */

import type { Peer } from './context/context.ts'
import { printError, type RpcError } from './error.ts'

/**
 * A request that a server refused before its layers ran: an unknown service or method, arguments that cannot be decoded,
 * a message over a limit, one call too many, a content type or an HTTP method that nothing answers.
 */
export interface Refusal {
  readonly peer: Peer
  /** Full name of the service as the request has it; undefined where the request names none. */
  readonly service: string | undefined
  /** Undefined where the request names none. */
  readonly method: string | undefined
  /** What the peer was told: its code and message. A oneway request was told nothing. */
  readonly error: RpcError
  /** The status of the response where it is one of HTTP without a status of gRPC: 404, 405, 415, 505. */
  readonly httpStatus?: number | undefined
}

/** Hears of refusals. */
export type RefusalListener = (refusal: Refusal) => void

/** Tells each listener; what one throws goes to the console. */
export function tellRefusal(listeners: readonly RefusalListener[], refusal: Refusal): void {
  for (const listener of listeners) {
    try {
      listener(refusal)
    } catch (error) {
      printError('volo: onRefused failed', error)
    }
  }
}
