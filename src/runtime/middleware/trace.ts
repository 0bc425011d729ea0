/** trace(): every message of every call, with its direction and its place in the order, for logs and debuggers. */

import type { Context } from '../core/context/context.ts'
import { processWide } from '../core/copies/process-wide.ts'
import { printError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import type { MessageType } from '../core/message/message.ts'
import { type EndCode, observe } from '../core/observe.ts'

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
      readonly code: EndCode
      /** Milliseconds from the start. */
      readonly ms: number
      /** What the call failed with. */
      readonly error: unknown
    }

/** Hears of the calls of a layer. */
export type TraceListener = (event: TraceEvent) => void

const last = processWide('trace', () => ({ call: 0 }))

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
  return (next) => (cx, request) => {
    const call = ++last.call
    const start = performance.now()
    const tell = (event: TraceEvent): void => {
      try {
        listener(event)
      } catch (error) {
        printError('volo: a trace listener threw', error)
      }
    }
    const { method } = cx
    const teller =
      (direction: 'request' | 'response', type: MessageType) =>
      (message: unknown, order: number): void =>
        tell({ kind: 'message', call, cx, direction, order, message, bytes: () => type.toBytes?.(message) })
    tell({ kind: 'start', call, cx })
    return observe(next, cx, request, {
      onRequest: teller('request', method.request),
      onResponseStart: () => tell({ kind: 'response', call, cx }),
      onResponse: teller('response', method.response),
      onEnd: (code, error) => tell({ kind: 'end', call, cx, code, ms: performance.now() - start, error }),
    })
  }
}
