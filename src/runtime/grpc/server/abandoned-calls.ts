/** AbandonedCalls: the calls of one connection that have ended early while their handlers run on. */

import type { CallCounter } from '../../core/router.ts'

/**
 * A client pays nothing for a stream that it opens and resets, this side pays for its handler (CVE-2023-44487). So the
 * stream counts against the connection's limit until its handler has ended, as in grpc-go.
 */
export class AbandonedCalls implements CallCounter {
  /** How many there are. */
  count = 0

  started(): void {}

  gaveUp(): void {
    this.count++
  }

  ended(wasAbandoned: boolean): void {
    if (wasAbandoned) this.count--
  }
}
