/** MemoryAccount: the bytes that the requests of one server hold, with a limit. */

import { RpcError } from '../error.ts'
import { defaultMaxObjects } from './memory-budget.ts'

/** An account of memory. What is charged is an estimate by the weights of `memory-budget.ts`; text counts by its bytes in the message. */
export class MemoryAccount {
  /** Bytes at most. */
  readonly limit: number
  /** Structs, containers and map entries that one message may hold. */
  readonly maxObjects: number
  #used = 0

  constructor(limit: number, maxObjects: number = defaultMaxObjects) {
    this.limit = limit
    this.maxObjects = maxObjects
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

/** Whom a message is read for: a call of a server, which holds what the message takes until it has ended. */
export interface MemoryHolder {
  /** The account of its server. */
  readonly memory: MemoryAccount
  /** Charges the bytes that a message takes. */
  holdMemory(bytes: number): void
}

/** The refusal of a message that takes `bytes` or more, for which its server has no memory left. */
export function memoryExhausted(bytes: number, account: MemoryAccount): RpcError {
  return refusal(
    `the message takes at least ${bytes} bytes of memory, and ${account.room} of limits.maxRequestMemoryBytes (${account.limit}) are free`,
  )
}

/** The refusal of a message of `count` or more objects. */
export function tooManyObjects(count: number, account: MemoryAccount): RpcError {
  return refusal(
    `the message holds at least ${count} structs, containers and map entries, and limits.maxObjects is ${account.maxObjects}`,
  )
}

function refusal(text: string): RpcError {
  return new RpcError('RESOURCE_EXHAUSTED', text, { stack: false, bytesSent: false })
}
