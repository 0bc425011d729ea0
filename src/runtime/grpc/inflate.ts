/** inflate(): decompresses messages of peers that may mean harm, within bounds of size, memory and number. */

import { type MemoryAccount, memoryExhausted } from '../core/bytes/memory-account.ts'
import { RpcError } from '../core/error.ts'
import { Fifo } from '../core/fifo.ts'
import { inflateAtOnce, inflater, notCompressed } from './compression.ts'
import type { Compression } from './compressor.ts'
import { tooLarge } from './framing.ts'

/** How far a message of a peer may be inflated. */
export interface InflateLimits {
  readonly maxBytes: number
  /** How many times its compressed size a message may have, once it is larger than 1 MiB. */
  readonly maxRatio: number
}

/** Up to here a message costs less to inflate than to hand to another thread. */
const atOnceBytes = 64 * 1024
const stepBytes = 64 * 1024
/** What any ratio may come to: messages of zeros are compressed a thousand times. */
const freeBytes = 1024 * 1024
/** Messages of the process that are inflated outside its main thread at once: as many as Node has threads for it. */
const mostRunning = 4
/** Messages that wait for one of these; further ones are refused. */
const mostWaiting = 1_000

let running = 0
const waiting = new Fifo<() => void>()

/**
 * The bytes decompressed. What inflates to more than 64 KiB is inflated outside this thread in steps of 64 KiB, each
 * charged to the account, four messages at once and 1,000 in line. Throws or rejects with RpcError RESOURCE_EXHAUSTED at
 * the step that shows that there is no room or that it is larger than it may be, INTERNAL for bytes that are not compressed.
 */
export function inflate(
  compression: Compression,
  bytes: Uint8Array,
  { maxBytes, maxRatio }: InflateLimits,
  account: MemoryAccount,
): Uint8Array | Promise<Uint8Array> {
  const byRatio = Math.max(freeBytes, bytes.length * maxRatio)
  const limit = Math.min(maxBytes, byRatio)
  const refusal = (): RpcError =>
    byRatio < maxBytes ? tooDense(bytes.length, maxRatio) : tooLarge('decompressed', undefined, maxBytes)
  const inflated = inflateAtOnce(compression, bytes, Math.min(limit, atOnceBytes))
  if (inflated !== undefined) return inflated
  if (limit <= atOnceBytes) throw refusal()
  return inTurn(() => inflateBySteps(compression, bytes, limit, refusal, account), bytes.length, account)
}

/** Runs when there is a place; until then and while it runs, the compressed bytes are charged. */
async function inTurn(run: () => Promise<Uint8Array>, bytes: number, account: MemoryAccount): Promise<Uint8Array> {
  if (waiting.length >= mostWaiting) {
    throw new RpcError('RESOURCE_EXHAUSTED', `${mostWaiting} messages wait to be decompressed`, { stack: false })
  }
  if (bytes > account.room) throw memoryExhausted(bytes, account)
  account.charge(bytes)
  try {
    if (running < mostRunning) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await run()
    } finally {
      // The place goes to the next in line.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  } finally {
    account.charge(-bytes)
  }
}

function inflateBySteps(
  compression: Compression,
  bytes: Uint8Array,
  limit: number,
  refusal: () => RpcError,
  account: MemoryAccount,
): Promise<Uint8Array> {
  let size = 0
  let charged = 0
  return new Promise<Uint8Array>((resolve, reject) => {
    const stream = inflater(compression, stepBytes)
    const steps: Uint8Array[] = []
    const refuse = (error: RpcError): void => {
      stream.destroy()
      steps.length = 0
      reject(error)
    }
    stream.on('data', (step: Uint8Array) => {
      size += step.length
      if (size > limit) refuse(refusal())
      else if (step.length > account.room) refuse(memoryExhausted(size, account))
      else {
        account.charge(step.length)
        charged += step.length
        steps.push(step)
      }
    })
    stream.on('error', (cause) => reject(notCompressed(compression, cause)))
    stream.on('end', () => resolve(Buffer.concat(steps, size)))
    stream.end(bytes)
  }).finally(() => account.charge(-charged))
}

function tooDense(bytes: number, maxRatio: number): RpcError {
  const text = `a message of ${bytes} bytes inflates to more than ${maxRatio} times its size (maxCompressionRatio)`
  return new RpcError('RESOURCE_EXHAUSTED', text, { stack: false })
}
