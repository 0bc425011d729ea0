/** Outlier ejection: endpoints that fail again and again get no calls for a while. Names and defaults are Envoy's. */

import type { EndCode } from '../core/observe.ts'

/** Options of outlier ejection. */
export interface OutlierOptions {
  /** Failures one after the other that eject an endpoint. Default 5. */
  readonly consecutiveFailures?: number | undefined
  /** Milliseconds of the first ejection; the n-th lasts n times as long. Default 30,000. */
  readonly baseEjectionMs?: number | undefined
  /** No ejection is longer than this many milliseconds. Default 300,000. */
  readonly maxEjectionMs?: number | undefined
  /** Percentage of the endpoints that may be ejected at once; one always may. Default 10. */
  readonly maxEjectionPercent?: number | undefined
}

/** The options with their defaults. */
export type OutlierSettings = { readonly [K in keyof OutlierOptions]-?: number }

/** The settings of options. Throws RangeError for one that cannot be. */
export function outlierSettings(options: OutlierOptions): OutlierSettings {
  const settings = {
    consecutiveFailures: options.consecutiveFailures ?? 5,
    baseEjectionMs: options.baseEjectionMs ?? 30_000,
    maxEjectionMs: options.maxEjectionMs ?? 300_000,
    maxEjectionPercent: options.maxEjectionPercent ?? 10,
  }
  for (const [name, value] of Object.entries(settings)) {
    if (!(value >= 0)) throw new RangeError(`outliers: ${name} ${value} is not a number of at least 0`)
  }
  return settings
}

/** Whether an outcome speaks against the endpoint: not what the caller or the application has done. */
export function isEndpointFailure(code: EndCode): boolean {
  return failures.has(code)
}

const failures: ReadonlySet<EndCode> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNKNOWN', 'DATA_LOSS'])

/** The failures of one endpoint. */
export class OutlierRecord {
  #consecutive = 0
  #ejections = 0
  #endsAt = 0

  /** Until when it is ejected, by `performance.now()`; 0 when it never was. */
  get endsAt(): number {
    return this.#endsAt
  }

  isEjected(now: number): boolean {
    return now < this.#endsAt
  }

  succeeded(): void {
    this.#consecutive = 0
  }

  /** Whether it has failed often enough to be ejected. */
  failed({ consecutiveFailures }: OutlierSettings): boolean {
    return ++this.#consecutive >= consecutiveFailures
  }

  /** Ejects it; gives for how many milliseconds. An endpoint that was good for as long as an ejection lasts counts from fewer. */
  eject(now: number, { baseEjectionMs, maxEjectionMs }: OutlierSettings): number {
    const goodFor = now - this.#endsAt
    if (this.#ejections > 0)
      this.#ejections = Math.max(0, this.#ejections - Math.floor(goodFor / Math.max(1, baseEjectionMs)))
    this.#ejections++
    this.#consecutive = 0
    const ms = Math.min(maxEjectionMs, baseEjectionMs * this.#ejections)
    this.#endsAt = now + ms
    return ms
  }
}
