/** adaptiveLimit(): a limit of concurrent calls that follows the latency: it falls when calls begin to wait, and grows back. */

import type { Context } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import { observe } from '../core/observe.ts'
import { atLeast, checkOptions, isFunction, type OptionTable } from '../core/option-check.ts'

/** Options of {@link adaptiveLimit}. */
export interface AdaptiveLimitOptions {
  /** Default 20. */
  readonly initial?: number | undefined
  /** Default 4. */
  readonly min?: number | undefined
  /** Default 1,000. */
  readonly max?: number | undefined
  /** How many times slower than in quiet times calls may become before the limit falls. Default 2. */
  readonly tolerance?: number | undefined
  /** Is told of the limit when its whole part has changed. */
  readonly onChange?: ((limit: number) => void) | undefined
}

const optionTable: OptionTable<AdaptiveLimitOptions> = {
  initial: atLeast(0),
  min: atLeast(0),
  max: atLeast(0),
  tolerance: atLeast(0),
  onChange: isFunction,
}

/** Part of the limit that a sample moves it by. */
const smoothing = 0.2
/** Part of the long-term latency that a step replaces: it remembers some hundred steps. */
const longPart = 0.005
/** Calls between two looks at the latency. */
const samplesPerStep = 20

/**
 * A layer, for servers and clients, that refuses calls as RESOURCE_EXHAUSTED beyond a limit that it finds by itself: the
 * average latency is compared with a long-term one, and the limit moves by their ratio, plus the square root of the limit
 * as room to grow. Source: Netflix concurrency-limits, `Gradient2Limit`. Throws RangeError on an option that cannot be.
 *
 * @example
 * new Server({ layers: [adaptiveLimit({ max: 500 })] })
 */
export function adaptiveLimit(options: AdaptiveLimitOptions = {}): Layer {
  checkOptions('adaptiveLimit', options, optionTable)
  const { initial = 20, min = 4, max = 1_000, tolerance = 2, onChange = () => {} } = options
  if (!(min >= 1 && min <= initial && initial <= max))
    throw new RangeError(`adaptiveLimit: min ${min}, initial ${initial} and max ${max} do not ascend from 1`)
  if (!(tolerance >= 1)) throw new RangeError(`adaptiveLimit: tolerance ${tolerance} is not at least 1`)
  let limit = initial
  let running = 0
  let longMs = 0
  let sumMs = 0
  let samples = 0
  let most = 0
  const step = (): void => {
    const shortMs = sumMs / samples
    sumMs = 0
    samples = 0
    longMs = longMs === 0 ? shortMs : longMs + (shortMs - longMs) * longPart
    // After an overload the memory of slow times must not let the limit grow without bound.
    if (longMs > shortMs * 2) longMs *= 0.95
    const wasBusy = most >= limit / 2
    most = running
    // A limit that is not used says nothing of what it could be.
    if (!wasBusy) return
    const gradient = Math.max(0.5, Math.min(1, (tolerance * longMs) / shortMs))
    const wanted = limit * gradient + Math.sqrt(limit)
    const before = Math.floor(limit)
    limit = Math.max(min, Math.min(max, limit * (1 - smoothing) + wanted * smoothing))
    if (Math.floor(limit) !== before) onChange(Math.floor(limit))
  }
  const refusal = ({ role }: Context): RpcError => {
    const text = `${running} calls run, and the limit that the latency allows is ${Math.floor(limit)}`
    return new RpcError('RESOURCE_EXHAUSTED', text, {
      stack: false,
      ...(role === 'client' ? { bytesSent: false } : {}),
    })
  }
  return (next) => (cx, request) => {
    if (running >= Math.floor(limit)) return Promise.reject(refusal(cx))
    running++
    if (running > most) most = running
    const start = performance.now()
    return observe(next, cx, request, {
      onResponseStart() {
        sumMs += performance.now() - start
        if (++samples >= samplesPerStep) step()
      },
      ...(cx.role === 'client' ? { onEnd: () => void running-- } : { onDone: () => void running-- }),
    })
  }
}
