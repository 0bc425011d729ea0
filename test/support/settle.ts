/** Small waits and outcomes for tests of calls. */

import { isRpcError, type RpcError } from '../../src/runtime/core/error.ts'

/** Runs what is queued: a few turns of the event loop. */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`)
}

/** The RpcError that a promise rejects with; fails when it does not, or with something else. */
export async function failure(promise: Promise<unknown>): Promise<RpcError> {
  const error = await rejection(promise)
  if (isRpcError(error)) return error
  throw new Error('expected an RpcError', { cause: error })
}

/** The code of the RpcError that a promise rejects with. */
export async function code(promise: Promise<unknown>): Promise<string> {
  return (await failure(promise)).code
}

/** All messages of a stream. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = []
  for await (const message of stream) messages.push(message)
  return messages
}

/** A promise with its handles. */
export function deferred<T = void>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: unknown) => void
} {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
