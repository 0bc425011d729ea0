/** The error of a call whose deadline has passed, also where something else brought the news first. */

import { RpcError } from '../error.ts'
import type { Context } from './context.ts'

/** DEADLINE_EXCEEDED of a call; `title` is `Shop.checkout`, `cause` what ended it where that was not the timer. */
export function deadlineError(title: string, cause?: RpcError): RpcError {
  return new RpcError('DEADLINE_EXCEEDED', `the deadline of ${title} has passed`, {
    stack: false,
    ...(cause === undefined ? {} : { cause }),
    ...(cause?.bytesSent === undefined ? {} : { bytesSent: cause.bytesSent }),
  })
}

/**
 * What a transport reports when a stream or connection of a call has failed: `failure`, or DEADLINE_EXCEEDED with it as
 * the cause when the deadline has passed already. Servers reset a stream at its deadline, and that may arrive before the
 * client's own timer fires. The client of grpc-go does the same.
 */
export function lateFailure(cx: Context, failure: RpcError): RpcError {
  if (!hasPassed(cx.deadline)) return failure
  return deadlineError(`${cx.service.name}.${cx.method.name}`, failure)
}

/** Whether a deadline, in milliseconds of `performance.now()`, has passed. */
export function hasPassed(deadline: number | undefined): boolean {
  return deadline !== undefined && performance.now() >= deadline
}
