/** Keepalive on node:http2: PINGs in silence, and the end of a connection that does not answer them. */

import type { Http2Session } from 'node:http2'
import type { Http2Keepalive } from './sink.ts'

const defaultTimeoutMs = 20_000

/** Starts pinging; `dead` hears when no answer came in time. Returns the stop. */
export function startKeepalive(
  session: Http2Session,
  options: Http2Keepalive | undefined,
  hasStreams: () => boolean,
  dead: (reason: string) => void,
): () => void {
  if (options === undefined) return () => {}
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  let answer: NodeJS.Timeout | undefined
  const timer = setInterval(() => {
    if (answer !== undefined || session.destroyed || !(options.whileIdle || hasStreams())) return
    answer = setTimeout(dead, timeoutMs, `did not answer a keepalive PING within ${timeoutMs} ms`).unref()
    const sent = session.ping((error) => {
      if (error !== null) return
      clearTimeout(answer)
      answer = undefined
    })
    if (!sent) {
      clearTimeout(answer)
      answer = undefined
    }
  }, options.intervalMs).unref()
  return () => {
    clearInterval(timer)
    clearTimeout(answer)
  }
}
