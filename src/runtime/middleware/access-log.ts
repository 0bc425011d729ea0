/** accessLog(): one line per call. */

import type { Layer } from '../core/layer.ts'
import type { MethodKind } from '../core/message/schema.ts'
import { type EndCode, observe } from '../core/observe.ts'
import type { Refusal } from '../core/refusal.ts'
import { printable, printableJson } from '../core/text/printable.ts'

/** What is known of a call when it has ended. */
export interface AccessLogEntry {
  /** When the call ended, in milliseconds since the epoch. */
  readonly time: number
  readonly role: 'client' | 'server'
  /** Full name of the service. */
  readonly service: string
  readonly method: string
  /** `refused`: a request that a server refused before any layer ran; a name that it lacks is `-`. */
  readonly kind: MethodKind | 'refused'
  readonly code: EndCode
  /** Milliseconds from the call to its end; for a streamed response to the end of the stream. */
  readonly ms: number
  /** Address of the other side, when it is known. */
  readonly peer: string | undefined
  /** Messages in a streamed response. */
  readonly messages?: number
  /** What the call failed with. */
  readonly error?: unknown
}

/** Options of {@link accessLog}. */
export interface AccessLogOptions {
  /** `text` (default) or one JSON object per line. */
  readonly format?: 'text' | 'json' | undefined
  /** Takes each finished line, without a line end, and what it was made of. Default: `console.log`. */
  readonly write?: ((line: string, entry: AccessLogEntry) => void) | undefined
  /** The clock of `time`, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * A layer that writes one line when a call has ended: `server Shop.checkout unary OK 1.3ms 10.0.0.7:51234`. A call that
 * streams its response is logged when the stream ends. Among the layers of a server it logs refused requests as well:
 * `server Shop.chekout refused UNIMPLEMENTED 0.0ms 10.0.0.7:51234 "unknown method Shop.chekout"`. Errors pass unchanged.
 */
export function accessLog(options: AccessLogOptions = {}): Layer {
  const { format = 'text', write = (line: string) => console.log(line), now = Date.now } = options
  const put = (entry: AccessLogEntry): void => write(format === 'json' ? jsonLine(entry) : textLine(entry), entry)
  const layer: Layer = (next) => (cx, request) => {
    const start = performance.now()
    return observe(next, cx, request, {
      onEnd(code, error, messages) {
        put({
          time: now(),
          role: cx.role,
          service: cx.service.fullName,
          method: cx.method.name,
          kind: cx.method.kind,
          code,
          ms: performance.now() - start,
          peer: cx.peer?.address,
          ...(messages === undefined ? {} : { messages }),
          ...(error === undefined ? {} : { error }),
        })
      },
    })
  }
  const onRefused = ({ service = '-', method = '-', error, peer: { address: peer } }: Refusal): void =>
    put({ time: now(), role: 'server', service, method, kind: 'refused', code: error.code, ms: 0, peer, error })
  return Object.assign(layer, { onRefused })
}

function textLine({ role, service, method, kind, code, ms, peer, messages, error }: AccessLogEntry): string {
  const count = messages === undefined ? '' : ` ${messages} message${messages === 1 ? '' : 's'}`
  const message = error instanceof Error && error.message !== '' ? ` ${JSON.stringify(error.message)}` : ''
  // Names of services that `unknown` answers, addresses and messages are a peer's own.
  return printable(`${role} ${service}.${method} ${kind} ${code} ${ms.toFixed(1)}ms ${peer ?? '-'}${count}${message}`)
}

function jsonLine({ error, time, ms, ...rest }: AccessLogEntry): string {
  const message = error instanceof Error ? { error: error.message } : {}
  const fields = { time: new Date(time).toISOString(), ...rest, ms: Math.round(ms * 1000) / 1000, ...message }
  return printableJson(JSON.stringify(fields))
}
