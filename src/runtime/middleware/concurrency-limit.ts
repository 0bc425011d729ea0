/** concurrencyLimit(): how many calls run at once. */

import type { Context } from '../core/context/context.ts'
import type { Service } from '../core/context/service.ts'
import type { Layer } from '../core/layer.ts'
import { observe } from '../core/observe.ts'
import { atLeast, checkOptions, isNumber, type OptionTable } from '../core/option-check.ts'
import { CallLine } from './call-line.ts'

/** Options of {@link concurrencyLimit}. */
export interface ConcurrencyLimitOptions {
  /** Calls that may wait for a place; further ones fail as RESOURCE_EXHAUSTED. 0: nobody waits. Default 1024. */
  readonly queue?: number | undefined
}

const optionTable: OptionTable<ConcurrencyLimitOptions> = { queue: atLeast(0) }

/**
 * A layer that lets `max` calls run at once, the rest wait in line. On a client a place is free when the call has ended,
 * early or not; on a server when its handler has, also that of a call that was given up on. A streamed response keeps
 * its place until it ends. One layer counts together whatever it is put around.
 *
 * @example
 * const server = new Server({ layers: [concurrencyLimit(100)] })
 */
export function concurrencyLimit(max: number, options: ConcurrencyLimitOptions = {}): Layer {
  checkOptions('concurrencyLimit', options, optionTable)
  const { queue = 1024 } = options
  if (!isNumber(max) || max < 1) throw new RangeError(`concurrencyLimit(${max}): at least 1 call must be let through`)
  const line = new CallLine(queue)
  const busy = `${max} calls run and ${queue} wait already`
  let running = 0
  const free = (): void => {
    // The place goes from hand to hand while somebody waits.
    if (!line.letOneThrough()) running--
  }
  const run = (next: Service, cx: Context, request: unknown): Promise<unknown> =>
    observe(next, cx, request, cx.role === 'client' ? { onEnd: free } : { onDone: free })
  return (next) => (cx, request) => {
    if (running < max) {
      running++
      return run(next, cx, request)
    }
    return line.wait(cx, busy).then(() => run(next, cx, request))
  }
}
