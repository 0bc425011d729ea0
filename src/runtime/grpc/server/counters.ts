/** Counters: what the calls of a server's connections have come to, counted only where somebody asked for it. */

import { processWide } from '../../core/copies/process-wide.ts'
import type { Router } from '../../core/router.ts'
import type { CallCounts } from '../../core/wire.ts'

/** The counts of one connection, which are also added to those of its server. */
export class ConnectionCounters implements CallCounts {
  started = 0
  succeeded = 0
  failed = 0
  messagesReceived = 0
  messagesSent = 0
  lastCallAt: number | undefined = undefined
  lastReceivedAt: number | undefined = undefined
  lastSentAt: number | undefined = undefined
  readonly #total: ConnectionCounters | undefined

  constructor(total?: ConnectionCounters) {
    this.#total = total
  }

  callStarted(): void {
    this.started++
    this.lastCallAt = Date.now()
    this.#total?.callStarted()
  }

  callEnded(ok: boolean): void {
    if (ok) this.succeeded++
    else this.failed++
    this.#total?.callEnded(ok)
  }

  /** A call that was refused before it was opened. */
  refused(): void {
    this.callStarted()
    this.callEnded(false)
  }

  received(): void {
    this.messagesReceived++
    this.lastReceivedAt = Date.now()
    this.#total?.received()
  }

  sent(): void {
    this.messagesSent++
    this.lastSentAt = Date.now()
    this.#total?.sent()
  }
}

const totals = processWide('counters', () => new WeakMap<Router, ConnectionCounters>())

/** Counts the calls of a server from now on, on connections that are accepted later; `server.stats()` tells. */
export function countCalls({ router }: { readonly router: Router }): void {
  if (!totals.has(router)) totals.set(router, new ConnectionCounters())
}

/** The totals of a router; undefined when nobody has asked to count. */
export function callTotals(router: Router): ConnectionCounters | undefined {
  return totals.get(router)
}

/** The counts as they are now. */
export function snapshot(counts: CallCounts | undefined): CallCounts | undefined {
  if (counts === undefined) return undefined
  const { started, succeeded, failed, messagesReceived, messagesSent, lastCallAt, lastReceivedAt, lastSentAt } = counts
  return { started, succeeded, failed, messagesReceived, messagesSent, lastCallAt, lastReceivedAt, lastSentAt }
}
