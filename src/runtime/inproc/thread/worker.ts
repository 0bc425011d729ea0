/** One worker thread of a pool: its life, and the calls that it has. */

import {
  MessageChannel,
  type MessagePort,
  threadId as ownThreadId,
  receiveMessageOnPort,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads'
import type { Peer } from '../../core/context/context.ts'
import { lateFailure } from '../../core/context/deadline-error.ts'
import { delayOf } from '../../core/context/delay.ts'
import { RpcError } from '../../core/error.ts'
import type { CallWorker, PoolRoute, ThreadCall } from './client-call.ts'
import { Frame, FrameFlag, Inbox, Outbox } from './frame.ts'
import type { ThreadPayload } from './payload.ts'
import { type ThreadHello, threadFormat } from './server.ts'

/** What the workers of a pool share. */
export interface WorkerSettings {
  readonly url: string | URL
  readonly options: WorkerOptions
  readonly payload: ThreadPayload
  readonly streamWindow: number
  readonly readyTimeoutMs: number
  readonly graceMs: number
}

/** What a worker tells its pool. */
export interface WorkerEvents {
  /** It serves: calls may come. */
  ready(worker: ThreadWorker): void
  /** A call has got its last frame, or has been lost with the worker. */
  freed(worker: ThreadWorker): void
  /** The thread has ended, after it had served or before; its calls have failed. `cause` says why. */
  ended(worker: ThreadWorker, hasServed: boolean, cause: RpcError): void
}

/** A thread from its start to its end; a pool makes another one to restart it. */
export class ThreadWorker implements CallWorker {
  readonly outbox: Outbox
  readonly streamWindow: number
  state: 'starting' | 'ready' | 'closing' | 'ended' = 'starting'
  /** Calls that have no last frame yet, those that nobody waits for included. */
  running = 0
  /** Calls that have been given up on and still run. */
  abandoned = 0
  /** Calls that it has been given. */
  total = 0
  readonly startedAt: number = performance.now()
  readonly #settings: WorkerSettings
  readonly #events: WorkerEvents
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #calls: (ThreadCall | undefined)[] = []
  readonly #free: number[] = []
  readonly #defined: boolean[] = []
  readonly #ended: Promise<void>
  #end!: () => void
  #readyTimer: ReturnType<typeof setTimeout> | undefined
  #graceTimer: ReturnType<typeof setTimeout> | undefined = undefined
  /** Cancellations that the worker has not confirmed. */
  #unheard = 0
  #cause: unknown = undefined
  #why: string | undefined = undefined
  readonly #peer: Peer

  /** Throws what `new Worker` throws: a relative path, options that it does not know. */
  constructor(settings: WorkerSettings, events: WorkerEvents) {
    this.#settings = settings
    this.#events = events
    this.streamWindow = settings.streamWindow
    this.#worker = new Worker(settings.url, settings.options)
    this.#peer = { kind: 'thread', address: `thread:${this.#worker.threadId}` }
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.outbox = new Outbox(port1, (error) => this.#kill('a batch of frames could not be posted to it', error))
    port1.on('message', (batch: readonly unknown[]) => this.#receive(new Inbox(batch)))
    port1.on('messageerror', (error) => this.#kill('a message of it could not be read', error))
    this.#worker.on('error', (error) => {
      this.#cause ??= error
    })
    this.#worker.on('messageerror', (error) => this.#kill('a message of it could not be read', error))
    this.#worker.on('exit', (code) => this.#onExit(code))
    port1.unref()
    this.#worker.unref()
    const hello: ThreadHello = {
      voloThread: threadFormat,
      port: port2,
      payload: settings.payload,
      streamWindow: settings.streamWindow,
      peer: `thread:${ownThreadId}`,
    }
    this.#worker.postMessage(hello, [port2])
    const { readyTimeoutMs } = settings
    this.#readyTimer = setTimeout(
      () => this.#kill(`it did not call serveThread() within ${readyTimeoutMs} ms`, undefined),
      delayOf(readyTimeoutMs),
    ).unref()
  }

  get address(): string {
    return this.#peer.address
  }

  /** Gives it a call. */
  start(call: ThreadCall): void {
    const { outbox } = this
    const { route, head } = call
    if (this.#defined[route.number] !== true) this.#define(route)
    const id = this.#free.pop() ?? this.#calls.length
    this.#calls[id] = call
    this.running++
    this.total++
    call.id = id
    call.batch = outbox.batches
    call.cx.peer = this.#peer
    outbox.begin(head === undefined ? Frame.CALL : Frame.CALL | FrameFlag.head, id)
    outbox.item(route.number)
    if (head !== undefined) outbox.item(head)
    outbox.payload(call.payload)
    outbox.finish(this.running === 1)
    call.begin(this)
  }

  cancel(call: ThreadCall, reason: RpcError): void {
    if (call.id < 0 || call.wasLeft) return
    this.#leave(call)
    const { outbox } = this
    outbox.frame(Frame.CANCEL, call.id)
    outbox.item(reason.code)
    outbox.item(reason.message)
    if (++this.#unheard === 1) this.#watchGrace()
  }

  /**
   * Ends the thread: its calls fail with `reason`, its server is closed, and it is terminated when that is done or the
   * grace is over. Resolves when the thread has ended.
   */
  close(reason: RpcError): Promise<void> {
    if (this.state === 'ended' || this.state === 'closing') return this.#ended
    for (const call of this.#calls) {
      if (call === undefined || call.isSettled) continue
      call.fail(reason)
      this.cancel(call, reason)
    }
    const wasReady = this.state === 'ready'
    this.state = 'closing'
    this.#why = 'its pool is closed'
    clearTimeout(this.#readyTimer)
    this.#stopGrace()
    if (wasReady) {
      this.outbox.frame(Frame.CLOSE, 0)
      this.outbox.item(0)
      this.#graceTimer = setTimeout(() => this.#terminate(), delayOf(this.#settings.graceMs))
    } else this.#terminate()
    return this.#ended
  }

  /** Nobody waits for the call any more; its handler may still run. */
  #leave(call: ThreadCall | undefined): void {
    if (call === undefined || call.wasLeft) return
    call.wasLeft = true
    this.abandoned++
  }

  #define({ number, idl, service, method }: PoolRoute): void {
    const { outbox } = this
    this.#defined[number] = true
    outbox.frame(Frame.DEFINE, number)
    outbox.item(idl)
    outbox.item(service)
    outbox.item(method)
  }

  #receive(inbox: Inbox): void {
    while (!inbox.done) {
      const kind = inbox.number()
      const id = inbox.number()
      const call = this.#calls[id]
      const head = (kind & FrameFlag.head) === 0 ? undefined : inbox.item()
      switch (kind & FrameFlag.kind) {
        case Frame.REPLY: {
          const payload = inbox.payload()
          if ((kind & FrameFlag.final) !== 0) this.#over(id)
          call?.answer(head, payload)
          continue
        }
        case Frame.HEADERS:
          call?.respond(head)
          break
        case Frame.MESSAGE: {
          const payload = inbox.payload()
          call?.arrived(payload)
          break
        }
        case Frame.END:
          call?.responseEnded(head)
          break
        case Frame.ERROR: {
          const error = inbox.item()
          const payload = inbox.payload()
          call?.failed(head, error, payload)
          // The thread has given up on the call first, as when it sees a deadline pass: its handler still runs.
          if ((kind & FrameFlag.final) === 0) this.#leave(call)
          break
        }
        case Frame.CREDIT: {
          const count = inbox.number()
          call?.addCredit(count)
          break
        }
        case Frame.STOP:
          call?.stopRequest()
          break
        case Frame.HEARD:
          this.#heard()
          break
        case Frame.READY:
          this.#onReady()
          break
        case Frame.DONE:
          if (call !== undefined && !call.isSettled) {
            call.fail(new RpcError('INTERNAL', `${this.address} ended a call without an answer`, { stack: false }))
          }
          break
        case Frame.CLOSED:
          this.#terminate()
          break
      }
      if ((kind & FrameFlag.final) !== 0) this.#over(id)
    }
  }

  #onReady(): void {
    if (this.state !== 'starting') return
    clearTimeout(this.#readyTimer)
    this.state = 'ready'
    this.#events.ready(this)
  }

  /** The last frame of a call has come. */
  #over(id: number): void {
    const call = this.#calls[id]
    if (call === undefined) return
    this.#calls[id] = undefined
    this.#free.push(id)
    this.running--
    if (call.wasLeft) this.abandoned--
    call.id = -1
    this.#events.freed(this)
  }

  /** Cancellation is asked for first; a thread whose event loop does not even hear of it within the grace is terminated. */
  #watchGrace(): void {
    const { graceMs } = this.#settings
    if (graceMs === Number.POSITIVE_INFINITY) return
    this.#graceTimer = setTimeout(
      () =>
        this.#kill(
          `it did not answer for ${graceMs} ms after a call of it had been cancelled: its event loop is blocked`,
          undefined,
        ),
      delayOf(graceMs),
    ).unref()
  }

  #stopGrace(): void {
    clearTimeout(this.#graceTimer)
    this.#graceTimer = undefined
  }

  #heard(): void {
    this.#unheard--
    if (this.state !== 'ready') return
    this.#stopGrace()
    if (this.#unheard > 0) this.#watchGrace()
  }

  #kill(why: string, cause: unknown): void {
    if (this.state === 'ended') return
    this.#why ??= why
    this.#cause ??= cause
    this.#terminate()
  }

  #terminate(): void {
    this.#worker.terminate()
  }

  #onExit(code: number): void {
    const wasReady = this.state !== 'starting'
    this.state = 'ended'
    // What it answered before its end still counts.
    for (let last = receiveMessageOnPort(this.#port); last !== undefined; last = receiveMessageOnPort(this.#port)) {
      this.#receive(new Inbox(last.message as readonly unknown[]))
    }
    clearTimeout(this.#readyTimer)
    this.#stopGrace()
    this.#port.close()
    const error = this.#describeEnd(wasReady, code)
    const unsent = new RpcError('UNAVAILABLE', error.message, { cause: error.cause, stack: false, bytesSent: false })
    const lost = this.#calls.splice(0)
    this.running = 0
    this.abandoned = 0
    for (const call of lost) {
      if (call === undefined) continue
      call.id = -1
      call.fail(lateFailure(call.cx, call.batch < this.outbox.batches ? error : unsent))
      this.#events.freed(this)
    }
    this.#end()
    this.#events.ended(this, wasReady, error)
  }

  #describeEnd(wasReady: boolean, code: number): RpcError {
    const { address } = this
    const cause = this.#cause
    const who = `the worker ${address} (${String(this.#settings.url)})`
    const reason =
      this.#why ?? (cause instanceof Error ? cause.message : cause === undefined ? undefined : String(cause))
    const detail = reason === undefined ? `exit code ${code}` : reason
    const hint = !wasReady && reason === undefined ? ': its file must call serveThread(server)' : ''
    const what = wasReady ? 'has ended' : 'could not start'
    return new RpcError('UNAVAILABLE', `${who} ${what}: ${detail}${hint}`, {
      stack: false,
      bytesSent: wasReady,
      ...(cause === undefined ? {} : { cause }),
    })
  }
}
