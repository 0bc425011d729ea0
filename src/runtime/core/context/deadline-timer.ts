/** One timer for the deadlines of all calls: never early, late by at most 1 ms or 2 %, O(1) per call. */

import { delayOf, longestDelayMs } from './delay.ts'

/** What waits for a deadline; a call's context is one, so that waiting allocates nothing. */
export interface DeadlineEntry {
  /** The three links belong to the timer; undefined while the entry does not wait. */
  deadlineBucket: DeadlineBucket | undefined
  deadlineNext: DeadlineEntry | undefined
  deadlinePrevious: DeadlineEntry | undefined
  /** Runs once when the deadline has passed; must not throw. */
  expire(): void
}

/** Entries that expire together. */
export interface DeadlineBucket {
  /** When it expires, in whole milliseconds of `performance.now()`. */
  readonly at: number
  first: DeadlineEntry | undefined
}

/**
 * Buckets lie on a grid that grows coarser with the distance: a deadline `d` ms away is rounded up to a multiple of
 * the power of two at or below d/64. So there are at most 64 buckets per doubling, however many calls wait.
 */
const buckets = new Map<number, DeadlineBucket>()
/** The same buckets as a binary heap by time. */
const heap: DeadlineBucket[] = []
let latest: DeadlineBucket | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let timerAt = Number.POSITIVE_INFINITY

/**
 * Lets an entry expire at `deadline`; both times are milliseconds of `performance.now()`. The timer does not keep the
 * process alive.
 */
export function addDeadline(entry: DeadlineEntry, deadline: number, now: number): void {
  if (deadline === Number.POSITIVE_INFINITY) return
  const delay = deadline - now
  const grid =
    delay < 128 ? 1 : delay < longestDelayMs ? 1 << (25 - Math.clz32(delay)) : 2 ** Math.floor(Math.log2(delay / 64))
  const at = Math.ceil(deadline / grid) * grid
  let bucket = latest
  if (bucket === undefined || bucket.at !== at) {
    bucket = buckets.get(at)
    if (bucket === undefined) {
      bucket = { at, first: undefined }
      buckets.set(at, bucket)
      push(bucket)
    }
    latest = bucket
  }
  const first = bucket.first
  entry.deadlineBucket = bucket
  entry.deadlineNext = first
  entry.deadlinePrevious = undefined
  if (first !== undefined) first.deadlinePrevious = entry
  bucket.first = entry
  if (at < timerAt) arm(at, now)
}

/** Stops waiting. Does nothing when the entry does not wait. */
export function removeDeadline(entry: DeadlineEntry): void {
  const bucket = entry.deadlineBucket
  if (bucket === undefined) return
  const { deadlineNext: next, deadlinePrevious: previous } = entry
  if (previous === undefined) bucket.first = next
  else previous.deadlineNext = next
  if (next !== undefined) next.deadlinePrevious = previous
  entry.deadlineBucket = undefined
  entry.deadlineNext = undefined
  entry.deadlinePrevious = undefined
}

function arm(at: number, now: number): void {
  if (timer !== undefined) clearTimeout(timer)
  timerAt = at
  timer = setTimeout(tick, delayOf(Math.max(Math.ceil(at - now), 1)))
  const handle: unknown = timer
  if (typeof handle === 'object') (handle as { unref?(): void }).unref?.()
}

function tick(): void {
  timer = undefined
  timerAt = Number.POSITIVE_INFINITY
  const now = performance.now()
  for (;;) {
    const bucket = heap[0]
    if (bucket === undefined) return
    if (bucket.first !== undefined && bucket.at > now) {
      if (bucket.at < timerAt) arm(bucket.at, now)
      return
    }
    pop()
    buckets.delete(bucket.at)
    if (latest === bucket) latest = undefined
    for (let entry = bucket.first; entry !== undefined; entry = bucket.first) {
      removeDeadline(entry)
      entry.expire()
    }
  }
}

function push(bucket: DeadlineBucket): void {
  let index = heap.length
  heap.push(bucket)
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above] as DeadlineBucket
    if (parent.at <= bucket.at) break
    heap[index] = parent
    index = above
  }
  heap[index] = bucket
}

function pop(): void {
  const moved = heap.pop() as DeadlineBucket
  const size = heap.length
  if (size === 0) return
  let index = 0
  for (;;) {
    let below = 2 * index + 1
    if (below >= size) break
    if (below + 1 < size && (heap[below + 1] as DeadlineBucket).at < (heap[below] as DeadlineBucket).at) below++
    const child = heap[below] as DeadlineBucket
    if (child.at >= moved.at) break
    heap[index] = child
    index = below
  }
  heap[index] = moved
}
