/** AttemptObserver: what those who make attempts of a call hear of each. */

import { type ContextKey, sharedKey } from '../../core/context/context.ts'

/** One attempt of a call that may be made again. */
export interface AttemptObserver {
  /** Attempts before this one. */
  readonly previous: number
  /** A message of so many bytes is on its way. */
  sent(bytes: number): void
  /** Response headers have come that are not the whole answer: this attempt is the one that counts. */
  answered(): void
}

/** Where the context of an attempt holds it. */
export const attemptObserver: ContextKey<AttemptObserver> = sharedKey('grpc.attempt')
