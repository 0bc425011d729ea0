/** observe: calls a Service and tells a layer of the messages of the call, of its end and of the end of the handler. */

import type { Context } from './context/context.ts'
import { callService, type Service } from './context/service.ts'
import { isBizError, isDeclaredException, isRpcError, printError, type RpcCode } from './error.ts'
import { streamsRequest, streamsResponse } from './method-kind.ts'
import { isAsyncIterable } from './stream/call-stream.ts'
import { mapStream } from './stream/map-stream.ts'

/** How a call ended: `OK`, an RpcCode, `EXCEPTION` for an exception declared in the IDL, `BIZ` for a BizError. */
export type EndCode = 'OK' | 'EXCEPTION' | 'BIZ' | RpcCode

/** What {@link observe} tells of a call. An error that a hook throws goes to the console, and the call goes on. */
export interface CallObserver {
  /** A message of the request, before `next` or its reader gets it; `order` counts from 0. */
  onRequest?(message: unknown, order: number): void
  /** The response has begun: `cx.responseHeaders` are complete. */
  onResponseStart?(): void
  /** A message of the response, before the caller of the layer gets it; `order` counts from 0. */
  onResponse?(message: unknown, order: number): void
  /**
   * Runs once, when the call has ended for its caller: it was answered, its response stream ended or was left
   * (`CANCELLED`), it failed, or it was cancelled. None of the hooks above runs after it. `error` is what the call
   * failed with; `messages` is the number of messages of a streamed response that has begun, else undefined.
   */
  onEnd?(code: EndCode, error: unknown, messages: number | undefined): void
  /**
   * Runs once, when what `next` started is over: its promise has settled, and the source of a streamed response has
   * ended. On a server this is the end of the handler. It comes after `onEnd`; of a cancelled call much later, or never
   * where the handler or the transport never settles.
   */
  onDone?(): void
}

/**
 * Calls `next` and tells `observer` of the call: of unary, oneway and streaming methods, on clients and servers. A
 * synchronous throw of `next` is a rejection. Responses and errors pass unchanged; streams pass through
 * {@link mapStream}, so that who leaves them reaches their source at once.
 *
 * @example Counts calls by their outcome
 * const counts = new Map<string, number>()
 * const counting: Layer = (next) => (cx, request) =>
 *   observe(next, cx, request, {
 *     onEnd: (code) => counts.set(code, (counts.get(code) ?? 0) + 1),
 *   })
 */
export function observe(next: Service, cx: Context, request: unknown, observer: CallObserver): Promise<unknown> {
  const { kind } = cx.method
  let isEnded = false
  let streams = false
  let requests = 0
  let responses = 0
  let unlisten = nothing
  const end = (code: EndCode, error?: unknown): void => {
    if (isEnded) return
    isEnded = true
    unlisten()
    guarded(() => observer.onEnd?.(code, error, streams ? responses : undefined))
  }
  const done = (): void => guarded(() => observer.onDone?.())
  const sending = (message: unknown): unknown => {
    if (!isEnded) guarded(() => observer.onRequest?.(message, requests++))
    return message
  }
  const receiving = (message: unknown): unknown => {
    const order = responses++
    if (!isEnded) guarded(() => observer.onResponse?.(message, order))
    return message
  }
  // A transport or a handler need not settle a call that has ended early.
  unlisten = cx.onCancel((reason) => end(reason.code, reason))
  let sent = request
  if (observer.onRequest !== undefined)
    sent = streamsRequest(kind) ? mapStream(request as AsyncIterable<unknown>, sending) : sending(request)
  const succeed = (response: unknown): unknown => {
    if (!isEnded) guarded(() => observer.onResponseStart?.())
    streams = streamsResponse(kind) && isAsyncIterable(response)
    if (streams) {
      return mapStream(response as AsyncIterable<unknown>, receiving, {
        onEnd: (how, error) => end(how === 'error' ? endCodeOf(error) : how === 'left' ? 'CANCELLED' : 'OK', error),
        onGone: done,
      })
    }
    if (kind !== 'oneway') receiving(response)
    end('OK')
    done()
    return response
  }
  const fail = (error: unknown): Promise<never> => {
    end(endCodeOf(error), error)
    done()
    return Promise.reject(error)
  }
  try {
    return callService(next, cx, sent).then(succeed, fail)
  } catch (error) {
    // A promise of somebody else's making.
    return fail(error)
  }
}

function guarded(tell: () => void): void {
  try {
    tell()
  } catch (error) {
    printError('volo: an observer of calls failed', error)
  }
}

function endCodeOf(error: unknown): EndCode {
  if (isRpcError(error)) return error.code
  if (isBizError(error)) return 'BIZ'
  return isDeclaredException(error) ? 'EXCEPTION' : 'INTERNAL'
}

const nothing = (): void => {}
