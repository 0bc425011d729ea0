/** threads(): a transport to services that run in worker threads. */

import { availableParallelism } from 'node:os'
import type { ResourceLimits, WorkerOptions } from 'node:worker_threads'
import type { Context } from '../../core/context/context.ts'
import { atLeast, checkOptions, isAnything, isFunction, type OptionTable, oneOf } from '../../core/option-check.ts'
import type { Transport } from '../../core/transport.ts'
import type { ThreadPayload } from './payload.ts'
import { ThreadPool } from './pool.ts'
import type { ThreadsStats } from './stats.ts'

/** Options of {@link threads}; everything is optional. */
export interface ThreadsOptions {
  /** Worker threads. Default: one less than the machine has processors, at least 1. */
  readonly size?: number | undefined
  /**
   * Who gets a call: the worker with the fewest calls, or always the same one for the same key of `hashBy`. Default
   * `least-inflight`.
   */
  readonly balance?: 'least-inflight' | 'hash' | undefined
  /** The key of a call, for `balance: 'hash'`. Of a Thrift method, `request` is an object of its arguments by name. */
  readonly hashBy?: ((cx: Context, request: unknown) => string | number) | undefined
  /**
   * Calls that one worker has at a time; those given up on count until their handlers end. Others wait in line.
   * Default 256.
   */
  readonly window?: number | undefined
  /** Calls that may wait in line; more are refused as RESOURCE_EXHAUSTED. Default 1,024. */
  readonly queue?: number | undefined
  /** Messages of a stream that may be on their way before its reader asks for more. Default 16. */
  readonly streamWindow?: number | undefined
  /**
   * How messages travel. `codec`: as the bytes of the IDL, which is the faster way and checks what the wire would check.
   * `clone`: by structured clone. Messages marked with `transfer()` are always cloned. Default `codec`.
   */
  readonly payload?: ThreadPayload | undefined
  /**
   * Whether a worker that has ended is started again, after a pause that doubles from `minMs` (default 50) up to `maxMs`
   * (default 10,000). Default true.
   */
  readonly restart?: boolean | { readonly minMs?: number | undefined; readonly maxMs?: number | undefined } | undefined
  /**
   * Milliseconds in which a worker must hear of a cancelled call. One whose event loop is blocked for longer is
   * terminated, and its other calls fail as UNAVAILABLE. Also what a closing worker has to end. `Infinity`: never.
   * Default 1,000.
   */
  readonly graceMs?: number | undefined
  /** Milliseconds until a started worker must have called `serveThread()`. Default 10,000. */
  readonly readyTimeoutMs?: number | undefined
  /** Limits of each worker's memory; one that exceeds them ends, and its calls fail as UNAVAILABLE. */
  readonly resourceLimits?: ResourceLimits | undefined
  /** What each worker finds as `workerData` of `node:worker_threads`. */
  readonly workerData?: unknown
  /** Other options of `new Worker`. */
  readonly worker?: Pick<WorkerOptions, 'argv' | 'env' | 'execArgv' | 'name' | 'stderr' | 'stdout'> | undefined
}

/** Whole numbers are looked at where they are used. */
const optionTable: OptionTable<ThreadsOptions> = {
  size: isAnything,
  balance: oneOf('least-inflight', 'hash'),
  hashBy: isFunction,
  window: isAnything,
  queue: atLeast(0),
  streamWindow: isAnything,
  payload: isAnything,
  restart: isAnything,
  graceMs: atLeast(0),
  readyTimeoutMs: atLeast(0),
  resourceLimits: isAnything,
  workerData: isAnything,
  worker: isAnything,
}

/** The transport that {@link threads} makes. */
export interface ThreadsTransport extends Transport {
  /** Resolves when every worker serves. Rejects as UNAVAILABLE, with the reason, when one cannot start. */
  ready(): Promise<void>
  stats(): ThreadsStats
}

/**
 * A transport to the services that a worker file serves with `serveThread()`, in a pool of worker threads. They start at
 * once; calls wait for them in line. Outcomes are those of a network: declared exceptions, BizErrors and RpcErrors come
 * back as what they are, an unknown throw goes to the `onError` of the worker's router and arrives as INTERNAL; deadlines,
 * cancellation, metadata and metainfo cross, streams are held back by their readers. Calls of a worker that dies fail as
 * UNAVAILABLE; `bytesSent: false` marks those that it cannot have seen.
 *
 * Workers without calls do not keep the process alive; calls do, in line or in a worker, until they have settled.
 *
 * `url` is that of the worker file, best `new URL('./worker.js', import.meta.url)`. Throws what `new Worker` throws for a
 * relative path, RangeError or TypeError for options that make no sense.
 *
 * @example
 * const pool = threads(new URL('./worker.js', import.meta.url), { size: 4 })
 * const shop = createClient(Shop, pool)
 */
export function threads(url: string | URL, options: ThreadsOptions = {}): ThreadsTransport {
  checkOptions('threads', options, optionTable)
  const size = options.size ?? Math.max(1, availableParallelism() - 1)
  const { balance = 'least-inflight', hashBy, restart = true, payload = 'codec' } = options
  positive('size', size)
  if (balance === 'hash' && hashBy === undefined) {
    throw new TypeError("balance: 'hash' needs hashBy, a function from a call to its key")
  }
  if (payload !== 'codec' && payload !== 'clone')
    throw new TypeError(`payload: ${String(payload)} is neither codec nor clone`)
  const { minMs = 50, maxMs = 10_000 } = typeof restart === 'object' ? restart : {}
  return new ThreadPool(
    {
      url,
      options: { ...options.worker, resourceLimits: options.resourceLimits, workerData: options.workerData },
      payload,
      streamWindow: positive('streamWindow', options.streamWindow ?? 16),
      readyTimeoutMs: options.readyTimeoutMs ?? 10_000,
      graceMs: options.graceMs ?? 1_000,
    },
    {
      size,
      window: positive('window', options.window ?? 256),
      queue: options.queue ?? 1_024,
      hashBy: balance === 'hash' ? hashBy : undefined,
      restart: restart === false ? undefined : { minMs: Math.max(1, minMs), maxMs: Math.max(1, maxMs) },
    },
  )
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new RangeError(`${name}: ${value} is not a whole number above 0`)
}
