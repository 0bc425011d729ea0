/** Gate: how many handlers of a service run at once, and who waits in line for one to end. */

import { contextsBehind } from '../core/call-chain.ts'
import type { Context } from '../core/context.ts'
import type { Admission } from '../core/direct-service.ts'
import { RpcError } from '../core/error.ts'
import type { ServerCall } from '../core/router.ts'
import { nextTurn, turnIsOverdue } from '../core/turn.ts'

/** How many calls may run and wait. */
export interface GateOptions {
  /** What it guards, for messages: `Shop`, `Shop.checkout`. */
  readonly title: string
  /** Handlers that run at once. */
  readonly concurrency: number
  /** Calls that may wait. */
  readonly capacity: number
  /** What happens to a call that finds no room in line: refused as RESOURCE_EXHAUSTED, or it waits for room. */
  readonly overflow: 'reject' | 'wait'
  /** Calls start from the line, never inside their caller. */
  readonly hops: boolean
}

/** A call in line. */
interface Ticket {
  readonly call: ServerCall
  readonly start: () => Promise<unknown>
  readonly resolve: (outcome: unknown) => void
  readonly reject: (error: unknown) => void
  readonly isOneway: boolean
  /** It has room: of a oneway call the caller has gone on. */
  isAccepted: boolean
  next: Ticket | undefined
  previous: Ticket | undefined
}

/**
 * Lets calls start in the order in which they came, so many at a time, each in the place of one whose handler has really
 * ended. Long runs of starts stop for timers and sockets.
 */
export class Gate implements Admission {
  readonly isOpen: boolean
  /** Handlers that run, those of calls that have ended early included. */
  running = 0
  /** Handlers that run although their calls have ended early. */
  abandoned = 0
  /** Calls in line. */
  pending = 0
  /** Calls that found no room, since the beginning. */
  rejected = 0
  private readonly options: GateOptions
  private first: Ticket | undefined = undefined
  private last: Ticket | undefined = undefined
  /** The first call in line that found no room. */
  private firstOutside: Ticket | undefined = undefined
  private isScheduled = false
  private isDraining = false

  constructor(options: GateOptions) {
    this.options = options
    this.isOpen = options.concurrency === Number.POSITIVE_INFINITY && !options.hops
  }

  started(): void {
    this.running++
  }

  gaveUp(): void {
    this.abandoned++
  }

  ended(wasAbandoned: boolean): void {
    this.running--
    if (wasAbandoned) this.abandoned--
    if (this.first !== undefined) this.wake()
  }

  admit(call: ServerCall, start: () => Promise<unknown>): Promise<unknown> {
    const { concurrency, capacity, overflow, hops } = this.options
    if (!hops && this.first === undefined && this.running < concurrency) return start()
    const isOneway = call.cx.method.kind === 'oneway'
    const isFull = this.pending >= capacity + (hops ? Math.max(0, concurrency - this.running) : 0)
    const refusal =
      isFull && overflow === 'reject' ? this.full() : isOneway ? undefined : this.cycle(call.cx, concurrency)
    if (refusal !== undefined) {
      call.cancel(refusal)
      return Promise.reject(refusal)
    }
    return new Promise((resolve, reject) => {
      const ticket: Ticket = {
        call,
        start,
        resolve,
        reject,
        isOneway,
        isAccepted: false,
        next: undefined,
        previous: this.last,
      }
      call.wait()
      this.append(ticket)
      if (isFull) this.firstOutside ??= ticket
      else accept(ticket)
      call.cx.onCancel((reason) => this.drop(ticket, reason))
      if (this.running < concurrency) this.wake()
    })
  }

  /** Starts what may start, in a task of its own. */
  private wake(): void {
    if (this.isScheduled || this.isDraining) return
    this.isScheduled = true
    if (turnIsOverdue()) nextTurn(this.drain)
    else queueMicrotask(this.drain)
  }

  private readonly drain = (): void => {
    this.isScheduled = false
    this.isDraining = true
    while (this.first !== undefined && this.running < this.options.concurrency) {
      const ticket = this.first
      this.remove(ticket)
      ticket.start().then(ticket.resolve, ticket.reject)
      if (turnIsOverdue()) break
    }
    this.isDraining = false
    if (this.first !== undefined && this.running < this.options.concurrency) this.wake()
  }

  private drop(ticket: Ticket, reason: RpcError): void {
    // One that has started is not in line any more.
    if (ticket !== this.first && ticket.previous === undefined) return
    this.remove(ticket)
    if (ticket.isOneway && ticket.isAccepted) ticket.call.unexpected(reason)
    else ticket.reject(reason)
  }

  private append(ticket: Ticket): void {
    this.pending++
    if (this.last === undefined) this.first = ticket
    else this.last.next = ticket
    this.last = ticket
  }

  private remove(ticket: Ticket): void {
    const { next, previous } = ticket
    this.pending--
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    ticket.next = undefined
    ticket.previous = undefined
    const outside = this.firstOutside
    if (outside === undefined) return
    if (outside === ticket) this.firstOutside = next
    else {
      this.firstOutside = outside.next
      accept(outside)
    }
  }

  private full(): RpcError {
    this.rejected++
    const { title, concurrency, capacity } = this.options
    const message = `${title} is busy: ${concurrency} calls run and ${capacity} wait`
    return new RpcError('RESOURCE_EXHAUSTED', message, { stack: false, bytesSent: false })
  }

  /** Why a call would wait for itself: every place is held by one of the calls that it is made for. */
  private cycle(cx: Context, concurrency: number): RpcError | undefined {
    if (this.running < concurrency) return undefined
    let places = 0
    const chain = [`${cx.service.name}.${cx.method.name}`]
    for (const behind of contextsBehind(cx)) {
      if (!('countedBy' in behind)) continue
      chain.push(`${behind.service.name}.${behind.method.name}`)
      if (behind.countedBy === this) places++
    }
    if (places < concurrency) return undefined
    const { title } = this.options
    const path = chain.reverse().join(' -> ')
    const message = `${title} would wait for itself: ${path} (concurrency ${concurrency}); raise its concurrency, or do not await the call`
    return new RpcError('FAILED_PRECONDITION', message, { stack: false, bytesSent: false })
  }
}

function accept(ticket: Ticket): void {
  ticket.isAccepted = true
  if (ticket.isOneway) ticket.resolve(undefined)
}
