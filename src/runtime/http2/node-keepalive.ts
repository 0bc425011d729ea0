/** Keepalive on node:http2: PINGs in silence, and the end of a connection that does not answer them. */

import type { Http2Session } from 'node:http2'
import type { Http2Keepalive } from './sink.ts'

const defaultTimeoutMs = 20_000

/**
 * The defaults. Not a luxury here: when node:http2 (20.20) finds a peer's frame to be a connection error, it sends
 * GOAWAY, stops reading and tells nobody, not even when the peer hangs up. An unanswered PING is what ends such a
 * connection and the calls on it.
 */
export const serverKeepalive: Http2Keepalive = { intervalMs: 30_000, timeoutMs: 10_000, whileIdle: true }
/** See {@link serverKeepalive}; gRPC servers refuse clients that ping more often than every 5 minutes. */
export const clientKeepalive: Http2Keepalive = { intervalMs: 300_000 }

/** Starts pinging; `dead` hears when no answer came in time. Returns the stop. */
export function startKeepalive(
  session: Http2Session,
  options: Http2Keepalive,
  hasStreams: () => boolean,
  dead: (reason: string) => void,
): () => void {
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
