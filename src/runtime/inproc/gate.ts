/** Gate: how many handlers of a service run at once, and who waits in line for one to end. */

import { here } from '../ambient/enclosure.ts'
import { contextsBehind } from '../core/context/ancestor-contexts.ts'
import type { Context } from '../core/context/context.ts'
import type { Admission } from '../core/direct/direct-service.ts'
import { RpcError } from '../core/error.ts'
import type { ServerCall } from '../core/router.ts'
import { nextTurn, turnIsOverdue } from '../core/stream/event-loop-yield.ts'
import { type InLine, WaitingLine } from '../core/waiting-line.ts'

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
interface Ticket extends InLine {
  readonly call: ServerCall
  readonly start: () => Promise<unknown>
  readonly resolve: (outcome: unknown) => void
  readonly reject: (error: unknown) => void
  readonly isOneway: boolean
  /** It has room: of a oneway call the caller has gone on. */
  isAccepted: boolean
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
  /** Calls that found no room, since the beginning. */
  rejected = 0
  readonly #options: GateOptions
  readonly #line = new WaitingLine<Ticket>()
  /** The first call in line that found no room. */
  #firstOutside: Ticket | undefined = undefined
  #isScheduled = false
  #isDraining = false
  /** The last look at the clock said that it is time for others. */
  #isOverdue = false

  constructor(options: GateOptions) {
    this.#options = options
    this.isOpen = options.concurrency === Number.POSITIVE_INFINITY && !options.hops
  }

  /** Calls in line. */
  get pending(): number {
    return this.#line.length
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
    if (this.#line.length > 0) this.#wake()
  }

  admit(call: ServerCall, start: () => Promise<unknown>): Promise<unknown> {
    // A layer may have come here late: such a call must not take a place in line that nobody would free.
    if (call.cx.cancelled !== undefined) return start()
    const { concurrency, capacity, overflow, hops } = this.#options
    if (!hops && this.#line.length === 0 && this.running < concurrency) return start()
    const isOneway = call.cx.method.kind === 'oneway'
    const isFull = this.pending >= capacity + (hops ? Math.max(0, concurrency - this.running) : 0)
    const refusal =
      isFull && overflow === 'reject' ? this.#full() : isOneway ? undefined : this.#cycle(call.cx, concurrency)
    if (refusal !== undefined) {
      call.cancel(refusal)
      return Promise.reject(refusal)
    }
    // The line moves on in the asynchronous context of any caller; each call starts in its own caller's.
    const inside = here()
    return new Promise((resolve, reject) => {
      const ticket: Ticket = {
        call,
        start: () => inside(start),
        resolve,
        reject,
        isOneway,
        isAccepted: false,
        isInLine: false,
        next: undefined,
        previous: undefined,
      }
      call.wait()
      this.#line.append(ticket)
      if (isFull) this.#firstOutside ??= ticket
      else accept(ticket)
      call.cx.onCancel((reason) => this.#drop(ticket, reason))
      if (this.running < concurrency) this.#wake()
    })
  }

  /** Starts what may start, in a task of its own. */
  #wake(): void {
    if (this.#isScheduled || this.#isDraining) return
    this.#isScheduled = true
    if (this.#isOverdue) nextTurn(this.#drain)
    else settled.then(this.#drain)
  }

  readonly #drain = (): void => {
    const line = this.#line
    const options = this.#options
    this.#isScheduled = false
    this.#isOverdue = false
    this.#isDraining = true
    while (line.first !== undefined && this.running < options.concurrency && !this.#isOverdue) {
      const ticket = line.first
      this.#remove(ticket)
      ticket.start().then(ticket.resolve, ticket.reject)
      this.#isOverdue = turnIsOverdue()
    }
    this.#isDraining = false
    if (line.length > 0 && this.running < options.concurrency) this.#wake()
  }

  #drop(ticket: Ticket, reason: RpcError): void {
    if (!this.#remove(ticket)) return
    if (ticket.isOneway && ticket.isAccepted) ticket.call.unexpected(reason)
    else ticket.reject(reason)
  }

  /** Takes a call out of the line, which makes room for the first that had none. False when it is not in line. */
  #remove(ticket: Ticket): boolean {
    const outside = this.#firstOutside
    if (outside === ticket) this.#firstOutside = ticket.next
    else if (outside !== undefined && ticket.isInLine) {
      this.#firstOutside = outside.next
      accept(outside)
    }
    return this.#line.remove(ticket)
  }

  #full(): RpcError {
    this.rejected++
    const { title, concurrency, capacity } = this.#options
    const message = `${title} is busy: ${concurrency} calls run and ${capacity} wait`
    return new RpcError('RESOURCE_EXHAUSTED', message, { stack: false, bytesSent: false })
  }

  /** Why a call would wait for itself: every place is held by one of the calls that it is made for. */
  #cycle(cx: Context, concurrency: number): RpcError | undefined {
    if (this.running < concurrency) return undefined
    let places = 0
    const chain = [`${cx.service.name}.${cx.method.name}`]
    for (const behind of contextsBehind(cx)) {
      if (!('countedBy' in behind)) continue
      chain.push(`${behind.service.name}.${behind.method.name}`)
      if (behind.countedBy === this) places++
    }
    if (places < concurrency) return undefined
    const { title } = this.#options
    const path = chain.reverse().join(' -> ')
    const message = `${title} would wait for itself: ${path} (concurrency ${concurrency}); raise its concurrency, or do not await the call`
    return new RpcError('FAILED_PRECONDITION', message, { stack: false, bytesSent: false })
  }
}

// A reaction costs half of what queueMicrotask does.
const settled = Promise.resolve()

function accept(ticket: Ticket): void {
  ticket.isAccepted = true
  if (ticket.isOneway) ticket.resolve(undefined)
}
