/** timeout(): limits how long what it wraps may take. */

import { withDeadline } from '../core/context/deadline-context.ts'
import type { Layer } from '../core/layer.ts'
import { isNumber } from '../core/option-check.ts'

/**
 * A layer that gives what it wraps `ms` milliseconds, streamed responses included. Services inside, nested calls and
 * the wire get a context with the earlier deadline; when it passes the call rejects with DEADLINE_EXCEEDED at once and
 * what is inside is cancelled. An earlier deadline of the call stands. As one of `attemptLayers` it limits each attempt;
 * on a server it limits handlers.
 *
 * @example
 * const shop = createClient(Shop, transport, { layers: [timeout(500)] })
 */
export function timeout(ms: number): Layer {
  if (!isNumber(ms) || ms <= 0) throw new RangeError(`timeout(${ms}): a positive number of milliseconds is needed`)
  return (next) => (cx, request) => withDeadline(cx, performance.now() + ms, next, request)
}
