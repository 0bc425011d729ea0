/** MemoryAccount: the bytes that the requests and unsent answers of one server hold, with a limit. */

import { RpcError } from '../error.ts'
import { defaultMaxObjects } from './memory-budget.ts'

/** An account of memory. What is charged is an estimate by the weights of `memory-budget.ts`; text counts by its bytes in the message. */
export class MemoryAccount {
  /** Bytes at most. */
  readonly limit: number
  /** Structs, containers and map entries that one message may hold. */
  readonly maxObjects: number
  #used = 0
  #unsent = 0
  #received = 0

  constructor(limit: number, maxObjects: number = defaultMaxObjects) {
    this.limit = limit
    this.maxObjects = maxObjects
  }

  /** Bytes that are charged now. */
  get used(): number {
    return this.#used
  }

  /** Bytes that decoded requests may still be charged; a quarter of the account is theirs alone. */
  get room(): number {
    const decoded = this.#used - this.#unsent - this.#received
    return Math.max(0, this.limit - this.#used, this.limit / 4 - decoded)
  }

  /** Charges bytes; a negative number releases them. */
  charge(bytes: number): void {
    this.#used += bytes
  }

  /** Bytes of answers that may still wait for slow readers: together they have half of the account, so that requests keep the rest. */
  get unsentRoom(): number {
    return Math.max(0, this.limit / 2 - this.#unsent)
  }

  /** Charges bytes of answers that wait for their readers; a negative number releases them. */
  chargeUnsent(bytes: number): void {
    this.#unsent += bytes
    this.#used += bytes
  }

  /** Bytes of requests that may still wait to be whole, or to be read: together they have a quarter of the account. */
  get receivedRoom(): number {
    return Math.max(0, this.limit / 4 - this.#received)
  }

  /** Charges bytes of requests that are not decoded yet; a negative number releases them. */
  chargeReceived(bytes: number): void {
    this.#received += bytes
    this.#used += bytes
  }

  /** Whether a connection whose requests hold `held` bytes may hold so many more; a few it always may. */
  grantsReceived(held: number, bytes: number): boolean {
    return held + bytes <= freeReceivedBytes || bytes <= this.receivedRoom
  }

  /** Whether a connection of which `held` bytes wait may have so many more of them wait; a few it always may. */
  grantsUnsent(held: number, bytes: number): boolean {
    return held + bytes <= freeUnsentBytes || bytes <= this.unsentRoom
  }
}

/** Bytes of answers that every connection may have waiting. */
const freeUnsentBytes = 256 * 1024
/** Bytes of requests that are not decoded yet and that every connection may hold. */
const freeReceivedBytes = 64 * 1024

/** What waits for the peer of one connection or of one request, charged to an account. */
export class UnsentBytes {
  readonly #account: MemoryAccount
  #bytes = 0

  constructor(account: MemoryAccount) {
    this.#account = account
  }

  get bytes(): number {
    return this.#bytes
  }

  set bytes(bytes: number) {
    if (bytes === this.#bytes) return
    this.#account.chargeUnsent(bytes - this.#bytes)
    this.#bytes = bytes
  }
}

/** What the requests of one connection hold that are not decoded yet, charged to an account. */
export class ReceivedBytes {
  readonly #account: MemoryAccount
  #bytes = 0

  constructor(account: MemoryAccount) {
    this.#account = account
  }

  /** Counts bytes. Throws RESOURCE_EXHAUSTED where there is no room for them. */
  hold(bytes: number): void {
    if (!this.#account.grantsReceived(this.#bytes, bytes)) throw receivedExhausted(bytes, this.#account)
    this.#charge(bytes)
  }

  release(bytes: number): void {
    if (bytes !== 0) this.#charge(-bytes)
  }

  #charge(bytes: number): void {
    this.#account.chargeReceived(bytes)
    this.#bytes += bytes
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

function receivedExhausted(bytes: number, account: MemoryAccount): RpcError {
  return refusal(
    `${bytes} bytes of a request have come, and ${account.receivedRoom} of those that limits.maxRequestMemoryBytes (${account.limit}) leaves to requests which are not whole (a quarter) are free`,
  )
}

/** The refusal of an answer of `bytes` for which there is no room while its client does not read. */
export function unsentExhausted(bytes: number, account: MemoryAccount): RpcError {
  return refusal(
    `the answer has ${bytes} bytes, and ${account.unsentRoom} of those that limits.maxRequestMemoryBytes (${account.limit}) leaves to answers which their clients have not read (half) are free`,
  )
}

/** The refusal of a message that takes `bytes` or more, where no message of its size may take more than `most`. */
export function messageTooHeavy(bytes: number, most: number): RpcError {
  return refusal(
    `the message takes at least ${bytes} bytes of memory, and ${most} are granted to a message of its size`,
  )
}

/** The refusal of a message of `count` or more objects. */
export function tooManyObjects(count: number, account: MemoryAccount): RpcError {
  return refusal(
    `the message holds at least ${count} structs, containers and map entries, and limits.maxObjects is ${account.maxObjects}`,
  )
}

function refusal(text: string): RpcError {
  return new RpcError('RESOURCE_EXHAUSTED', text, { stack: false })
}
