/** MemoryAccount: the bytes that the requests of one server hold, with a limit. */

import { RpcError } from '../error.ts'

/** An account of memory. What is charged is an estimate by the weights of `memory-budget.ts`; text counts by its bytes in the message. */
export class MemoryAccount {
  /** Bytes at most. */
  readonly limit: number
  #used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes that are charged now. */
  get used(): number {
    return this.#used
  }

  /** Bytes that may still be charged. */
  get room(): number {
    return Math.max(0, this.limit - this.#used)
  }

  /** Charges bytes; a negative number releases them. */
  charge(bytes: number): void {
    this.#used += bytes
  }
}

/** The refusal of a message for which a server has no memory left. */
export function memoryExhausted(): RpcError {
  return new RpcError(
    'RESOURCE_EXHAUSTED',
    'the message would take more memory than the server has left for requests (limits.maxRequestMemoryBytes)',
    { stack: false, bytesSent: false },
  )
}
