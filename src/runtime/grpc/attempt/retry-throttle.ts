/** RetryThrottle: stops retries and hedging while too many calls to a server fail (gRFC A6). */

import type { RetryThrottling } from './service-config.ts'

/** The tokens of one server name. */
export class RetryThrottle {
  readonly #most: number
  readonly #ratio: number
  #tokens: number

  constructor({ maxTokens, tokenRatio }: RetryThrottling) {
    this.#most = maxTokens
    this.#ratio = tokenRatio
    this.#tokens = maxTokens
  }

  /** An attempt went well. */
  succeeded(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + this.#ratio)
  }

  /** An attempt failed in a way that another might mend, or its server asked for no other. */
  failed(): void {
    this.#tokens = Math.max(0, this.#tokens - 1)
  }

  /** Whether another attempt may be made now. */
  get allows(): boolean {
    return this.#tokens > this.#most / 2
  }
}
