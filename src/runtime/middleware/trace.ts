/** trace(): every message of every call, with its direction and its place in the order, for logs and debuggers. */

import type { Context } from '../core/context/context.ts'
import { callService, type Service } from '../core/context/service.ts'
import { isBizError, isDeclaredException, isRpcError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import type { MessageType } from '../core/message/message.ts'
import { streamsRequest, streamsResponse } from '../core/method-kind.ts'
import { CallStream } from '../core/stream/call-stream.ts'

/** What a {@link trace} layer tells, in the order in which it happens. */
export type TraceEvent =
  | { readonly kind: 'start'; readonly call: number; readonly cx: Context }
  | {
      readonly kind: 'message'
      readonly call: number
      readonly cx: Context
      readonly direction: 'request' | 'response'
      /** 0 for the first message of its direction. */
      readonly order: number
      readonly message: unknown
      /** The message in its wire form; undefined where its type has no codec. Encoded when it is asked for. */
      bytes(): Uint8Array | undefined
    }
  /** The response has begun: `cx.responseHeaders` are complete. */
  | { readonly kind: 'response'; readonly call: number; readonly cx: Context }
  | {
      readonly kind: 'end'
      readonly call: number
      readonly cx: Context
      /** `OK`, an RpcCode, `EXCEPTION` for an exception declared in the IDL, `BIZ` for a BizError. */
      readonly code: string
      /** Milliseconds from the start. */
      readonly ms: number
      /** What the call failed with. */
      readonly error: unknown
    }

/** Hears of the calls of a layer. */
export type TraceListener = (event: TraceEvent) => void

let lastCall = 0

/**
 * A layer, for clients and servers alike, that tells a listener of every call: its start, each message of both directions
 * as it passes, streamed or not, the begin of the response, and the end with its code. `call` is a number that no other
 * call of the process has. What the listener throws goes to the console, and the call goes on.
 *
 * @example A log of what was said, in bytes
 * const log = trace((event) => {
 *   if (event.kind === 'message') console.log(event.call, event.direction, event.order, event.bytes())
 * })
 */
export function trace(listener: TraceListener): Layer {
  const tell = (event: TraceEvent): void => {
    try {
      listener(event)
    } catch (error) {
      console.error('volo: a trace listener threw', error)
    }
  }
  return (next) => (cx, request) => new Trace(tell, cx).run(next, request)
}

class Trace {
  readonly #tell: TraceListener
  readonly #cx: Context
  readonly #call: number = ++lastCall
  readonly #start: number = performance.now()
  #isOver = false
  #unlisten: () => void = () => {}

  constructor(tell: TraceListener, cx: Context) {
    this.#tell = tell
    this.#cx = cx
  }

  run(next: Service, request: unknown): Promise<unknown> {
    const cx = this.#cx
    const { method } = cx
    this.#tell({ kind: 'start', call: this.#call, cx })
    this.#unlisten = cx.onCancel((reason) => this.#end(reason.code, reason))
    const sent = streamsRequest(method.kind)
      ? new CallStream(request as AsyncIterable<unknown>, { map: this.#counter('request', method.request) })
      : this.#counter('request', method.request)(request)
    return callService(next, cx, sent).then(
      (response) => {
        this.#tell({ kind: 'response', call: this.#call, cx })
        const seen = this.#counter('response', method.response)
        if (streamsResponse(method.kind)) {
          return new CallStream(response as AsyncIterable<unknown>, {
            map: seen,
            onEnd: (how, error) =>
              this.#end(how === 'error' ? codeOf(error) : how === 'left' ? 'CANCELLED' : 'OK', error),
          })
        }
        seen(response)
        this.#end('OK', undefined)
        return response
      },
      (error: unknown) => {
        this.#end(codeOf(error), error)
        throw error
      },
    )
  }

  /** Tells of each message of a direction, and passes it on. */
  #counter(direction: 'request' | 'response', type: MessageType): (message: unknown) => unknown {
    let order = 0
    return (message) => {
      this.#tell({
        kind: 'message',
        call: this.#call,
        cx: this.#cx,
        direction,
        order: order++,
        message,
        bytes: () => type.toBytes?.(message),
      })
      return message
    }
  }

  #end(code: string, error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#unlisten()
    this.#tell({ kind: 'end', call: this.#call, cx: this.#cx, code, ms: performance.now() - this.#start, error })
  }
}

function codeOf(error: unknown): string {
  if (isRpcError(error)) return error.code
  if (isBizError(error)) return 'BIZ'
  return isDeclaredException(error) ? 'EXCEPTION' : 'INTERNAL'
}
