/** BoundClient: the layers of one client composed over its transport, with what calls may ask of them. */

import type { Service } from '../context/service.ts'
import { processWide } from '../copies/process-wide.ts'
import type { DirectService } from '../direct/direct-service.ts'
import { compose, type Layer } from '../layer.ts'

/** Made once per client. */
export interface BoundClient {
  /** All layers around the transport. */
  readonly call: Service
  /** Calls without layers and options inside the process, where the transport offers them. */
  readonly direct: DirectService['direct'] | undefined
  /** Calls may name an address (`CallOptions.address`). */
  readonly takesAddress: boolean
  /** A retry layer is among the layers, so calls may set `CallOptions.retry`. */
  readonly retries: boolean
}

/** What a client is composed of. */
export interface BoundClientParts {
  readonly layers: readonly Layer[]
  readonly attemptLayers: readonly Layer[]
  readonly innermost: Service
  /** Wraps the Service of one attempt, where the transport makes several. */
  readonly attempts: ((attempt: Service) => Service) | undefined
  readonly takesAddress: boolean
}

const retry = processWide('retry', () => ({ composed: false }))

/** `retry()` calls this when a client composes it, however deep in other layers it stands. */
export function markRetry(): void {
  retry.composed = true
}

/** Composes a client. */
export function bindClient({
  layers,
  attemptLayers,
  innermost,
  attempts,
  takesAddress,
}: BoundClientParts): BoundClient {
  // A layer may make a client of its own while it is composed: its retry layers are not those of this client.
  const outer = retry.composed
  retry.composed = false
  try {
    const attempt = compose(attemptLayers, innermost)
    const call = compose(layers, attempts === undefined ? attempt : attempts(attempt))
    const direct = call === innermost ? (innermost as Partial<DirectService>).direct : undefined
    return { call, direct, takesAddress, retries: retry.composed }
  } finally {
    retry.composed = outer
  }
}
