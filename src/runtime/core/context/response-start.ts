/** responseStarted(): how a transport tells the caller that the response headers of a call have come. */

import type { Context } from './context.ts'

/** A context whose caller wants to know; contexts inside another one pass it on. */
export interface ResponseListener {
  responseStarted(): void
}

/**
 * Response headers have come, and `cx.responseHeaders` holds them. A transport that receives them before the outcome of
 * the call calls it; for any other the outcome says so too. Safe to call again.
 */
export function responseStarted(cx: Context): void {
  ;(cx as Partial<ResponseListener>).responseStarted?.()
}
