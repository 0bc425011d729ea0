/** serveThread(): the services of a server in a worker thread, for threads() in the thread that started it. */

import { type MessagePort, parentPort } from 'node:worker_threads'
import type { Peer } from '../../core/context/context.ts'
import { type RpcCode, RpcError } from '../../core/error.ts'
import type { Router } from '../../core/router.ts'
import type { ServerRouter } from '../../core/server/router.ts'
import { packRpcError } from './error.ts'
import { emptyPayload, Frame, FrameFlag, Inbox, Outbox } from './frame.ts'
import { methodCarrier, type ThreadPayload } from './payload.ts'
import { type ThreadRoute, ThreadServerCall, type ThreadServerLink } from './server-call.ts'

/** The version of the frames; both threads must have the same. */
export const threadFormat = 1

/** The first and only message on a worker's own port: everything else goes through `port`. */
export interface ThreadHello {
  readonly voloThread: number
  readonly port: MessagePort
  readonly payload: ThreadPayload
  readonly streamWindow: number
  /** The address of the calling thread. */
  readonly peer: string
}

/** Options of {@link serveThread}. */
export interface ServeThreadOptions {
  /** Runs when the pool closes and no call is in flight any more, before the thread ends: gives back what the worker holds. */
  readonly onClose?: (() => void | Promise<void>) | undefined
}

/** What has a router: a Server. */
interface HasRouter {
  readonly router: ServerRouter
  close?(options?: { readonly drainMs?: number }): Promise<void>
}

/**
 * Serves a server's services (or those of a bare router) to the thread that started this worker with `threads()`. Call
 * it once, in the worker's file, when everything is ready: calls are sent from then on. The thread lives until its pool
 * closes; then the server is closed, `onClose` runs, and the thread ends. Throws an Error outside of a worker thread.
 *
 * @example In worker.ts
 * serveThread(createRouter().add(Shop, shopHandler()))
 */
export function serveThread(server: HasRouter | ServerRouter, options: ServeThreadOptions = {}): void {
  const parent = parentPort
  if (parent === null) {
    throw new Error('serveThread() runs in a worker thread: give the URL of this file to threads() in the main one')
  }
  const onMessage = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('voloThread' in message)) return
    parent.off('message', onMessage)
    const hello = message as ThreadHello
    if (hello.voloThread !== threadFormat) {
      throw new Error(
        `this thread speaks version ${threadFormat} of volo-ts threads and its parent version ${hello.voloThread}: both must use the same volo-ts`,
      )
    }
    new ThreadServer(server, hello, options)
  }
  parent.on('message', onMessage)
}

/** What the parent has named and the server does not have. */
interface UnknownRoute {
  readonly service: string
  readonly method: string
  readonly why: string
}

/** One worker: the routes that its parent has named and the calls that run. */
class ThreadServer implements ThreadServerLink {
  readonly router: Router
  readonly outbox: Outbox
  readonly peer: Peer
  readonly streamWindow: number
  running = 0
  readonly #server: HasRouter | ServerRouter
  readonly #payload: ThreadPayload
  readonly #onClose: ServeThreadOptions['onClose']
  readonly #routes: (ThreadRoute | UnknownRoute)[] = []
  readonly #calls: (ThreadServerCall | undefined)[] = []

  constructor(server: HasRouter | ServerRouter, hello: ThreadHello, options: ServeThreadOptions) {
    const { port } = hello
    this.#server = server
    this.router = 'router' in server ? server.router : server
    this.#payload = hello.payload
    this.streamWindow = hello.streamWindow
    this.#onClose = options.onClose
    this.peer = { kind: 'thread', address: hello.peer }
    this.outbox = new Outbox(port, fatal)
    port.on('message', (batch: readonly unknown[]) => this.#receive(new Inbox(batch)))
    port.on('messageerror', fatal)
    this.outbox.frame(Frame.READY, 0)
  }

  over(id: number): void {
    this.running--
    this.#calls[id] = undefined
  }

  #receive(inbox: Inbox): void {
    const calls = this.#calls
    while (!inbox.done) {
      const kind = inbox.number()
      const id = inbox.number()
      const call = calls[id]
      switch (kind & FrameFlag.kind) {
        case Frame.CALL:
          this.#start(id, inbox, (kind & FrameFlag.head) !== 0)
          break
        case Frame.MESSAGE: {
          const payload = inbox.payload()
          call?.arrived(payload)
          break
        }
        case Frame.END:
          call?.requested()
          break
        case Frame.CREDIT: {
          const count = inbox.number()
          call?.addCredit(count)
          break
        }
        case Frame.CANCEL: {
          const code = inbox.item() as RpcCode
          const message = inbox.item() as string
          call?.cancel(code, message)
          this.outbox.frame(Frame.HEARD, id)
          break
        }
        case Frame.DEFINE:
          this.#define(id, inbox)
          break
        case Frame.CLOSE:
          this.#close(inbox.number())
          break
      }
    }
  }

  #define(route: number, inbox: Inbox): void {
    const { router } = this
    const idl = inbox.item() as 'thrift' | 'protobuf'
    const service = inbox.item() as string
    const method = inbox.item() as string
    const found = router.find(idl, service, method)
    if (found !== undefined) {
      this.#routes[route] = { ...found, carrier: methodCarrier(found.service, found.method, this.#payload) }
      return
    }
    const known = router.has(idl, service)
    const why = known ? `the service ${service} has no method ${method}` : `there is no service ${service}`
    this.#routes[route] = { service, method, why }
  }

  #start(id: number, inbox: Inbox, hasHead: boolean): void {
    const route = this.#routes[inbox.number()]
    const head = hasHead ? inbox.item() : undefined
    const request = inbox.payload()
    if (route !== undefined && 'carrier' in route) {
      const call = new ThreadServerCall(this, id, route)
      this.#calls[id] = call
      this.running++
      call.start(head, request)
      return
    }
    const refusal = new RpcError('UNIMPLEMENTED', route?.why ?? 'no such route', { stack: false })
    this.router.refused({ peer: this.peer, service: route?.service, method: route?.method, error: refusal })
    this.outbox.frame(Frame.ERROR | FrameFlag.final, id)
    this.outbox.item(packRpcError(refusal))
    this.outbox.payload(emptyPayload)
  }

  async #close(drainMs: number): Promise<void> {
    const server = this.#server
    await ('close' in server && server.close !== undefined ? server.close({ drainMs }) : undefined)
    await this.#onClose?.()
    this.outbox.frame(Frame.CLOSED, 0)
  }
}

/** Nothing that a worker can answer any more: the thread ends and its pool hears of it. */
function fatal(error: unknown): never {
  throw error
}
