/** accessLog(): one line per call. */

import { lazyParts } from '../core/context/call-context.ts'
import type { Context } from '../core/context/context.ts'
import type { Layer } from '../core/layer.ts'
import type { MethodKind } from '../core/message/schema.ts'
import { type EndCode, observe } from '../core/observe.ts'
import {
  atLeast,
  checkOptions,
  isAnything,
  isFunction,
  isTexts,
  type OptionTable,
  oneOf,
} from '../core/option-check.ts'
import type { Refusal } from '../core/refusal.ts'
import { printable, printableJson } from '../core/text/printable.ts'
import { retryAttempt } from './retry.ts'

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
  /** The trace and the span of the caller, where the request brought a `traceparent` (W3C Trace Context). */
  readonly traceId?: string
  readonly spanId?: string
  /** The number of the attempt, from 2, behind a `retry()`. */
  readonly attempt?: number
  /** Values of the headers that {@link AccessLogOptions.headers} names, where the request has them. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A logger with levels, such as pino, winston or `console`. */
export interface LeveledLogger {
  info(...args: never[]): unknown
  warn(...args: never[]): unknown
  error(...args: never[]): unknown
}

/** Options of {@link accessLog}. */
export interface AccessLogOptions {
  /** `text` (default) or one JSON object per line. */
  readonly format?: 'text' | 'json' | undefined
  /** Takes each finished line, without a line end, and what it was made of. Default: `console.log`. */
  readonly write?: ((line: string, entry: AccessLogEntry) => void) | undefined
  /**
   * Takes the calls instead of `write`: those that succeeded by `info` (business errors and declared exceptions too),
   * those that failed by the caller's doing by `warn`, the others by `error`. pino gets `(fields, line)`, every other
   * logger `(line, fields)`.
   */
  readonly logger?: LeveledLogger | undefined
  /** The share of successful calls that is logged, 0 to 1; failures always are. Default 1. */
  readonly sample?: number | undefined
  /** Names of request headers to log. Bytes are not logged. Default none. */
  readonly headers?: readonly string[] | undefined
  /** Of these, the names whose values are logged as `[redacted]`. Default: `authorization`, `cookie`, `proxy-authorization`. */
  readonly redact?: readonly string[] | undefined
  /** The clock of `time`, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
}

const optionTable: OptionTable<AccessLogOptions> = {
  format: oneOf('text', 'json'),
  write: isFunction,
  logger: isAnything,
  sample: atLeast(0),
  headers: isTexts,
  redact: isTexts,
  now: isFunction,
}

/**
 * A layer that writes one line when a call has ended: `server Shop.checkout unary OK 1.3ms 10.0.0.7:51234`. A call that
 * streams its response is logged when the stream ends. Among the layers of a server it logs refused requests as well:
 * `server Shop.chekout refused UNIMPLEMENTED 0.0ms 10.0.0.7:51234 "unknown method Shop.chekout"`. Errors pass unchanged.
 */
export function accessLog(options: AccessLogOptions = {}): Layer {
  const { format = 'text', logger, write = (line: string) => console.log(line), now = Date.now, sample = 1 } = options
  checkOptions('accessLog', options, optionTable)
  if (!(sample >= 0 && sample <= 1)) throw new RangeError(`accessLog: sample ${sample} is not between 0 and 1`)
  const named = loggedHeaders(options)
  const put = (entry: AccessLogEntry): void => {
    if (sample < 1 && levelOf(entry.code) === 'info' && Math.random() >= sample) return
    if (logger !== undefined) logTo(logger, entry)
    else write(format === 'json' ? jsonLine(entry) : textLine(entry), entry)
  }
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
          ...traceOf(cx),
          ...attemptOf(cx),
          ...named(cx),
        })
      },
    })
  }
  const onRefused = ({ service = '-', method = '-', error, peer: { address: peer } }: Refusal): void =>
    put({ time: now(), role: 'server', service, method, kind: 'refused', code: error.code, ms: 0, peer, error })
  return Object.assign(layer, { onRefused })
}

/** Codes that are the caller's doing. */
const callerCodes: ReadonlySet<EndCode> = new Set([
  ...([
    'CANCELLED',
    'INVALID_ARGUMENT',
    'NOT_FOUND',
    'ALREADY_EXISTS',
    'PERMISSION_DENIED',
    'UNAUTHENTICATED',
  ] as const),
  ...(['FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'RESOURCE_EXHAUSTED'] as const),
])

function levelOf(code: EndCode): 'info' | 'warn' | 'error' {
  if (code === 'OK' || code === 'BIZ' || code === 'EXCEPTION') return 'info'
  return callerCodes.has(code) ? 'warn' : 'error'
}

function logTo(logger: LeveledLogger, entry: AccessLogEntry): void {
  const line = textLine(entry)
  const level = levelOf(entry.code)
  const { error, ...rest } = entry
  // pino names the field that it prints with its stack.
  const fields = error === undefined ? rest : { ...rest, err: error }
  const log = logger[level] as (this: LeveledLogger, ...args: unknown[]) => unknown
  if ('bindings' in logger) log.call(logger, fields, line)
  else log.call(logger, line, fields)
}

/** Reads the parent of a server's call, and what a client's call carries on. */
function traceOf(cx: Context): { readonly traceId?: string; readonly spanId?: string } {
  const { requestHeadersIfAny, metainfoIfAny } = lazyParts(cx)
  const value = requestHeadersIfAny?.get('traceparent') ?? metainfoIfAny?.transientIfAny?.get('traceparent')
  const match = typeof value === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(value) : null
  return match === null ? {} : { traceId: match[1]!, spanId: match[2]! }
}

function attemptOf(cx: Context): { readonly attempt?: number } {
  const attempt = cx.get(retryAttempt)
  return attempt === undefined ? {} : { attempt }
}

function loggedHeaders({
  headers = [],
  redact = ['authorization', 'cookie', 'proxy-authorization'],
}: AccessLogOptions): (cx: Context) => { readonly headers?: Readonly<Record<string, string>> } {
  const names = headers.map((name) => name.toLowerCase())
  const hidden = new Set(redact.map((name) => name.toLowerCase()))
  return (cx) => {
    const sent = names.length === 0 ? undefined : lazyParts(cx).requestHeadersIfAny
    if (sent === undefined) return {}
    const found: Record<string, string> = {}
    for (const name of names) {
      const value = sent.get(name)
      if (typeof value === 'string') found[name] = hidden.has(name) ? '[redacted]' : value
    }
    return Object.keys(found).length === 0 ? {} : { headers: found }
  }
}

function textLine(entry: AccessLogEntry): string {
  const { role, service, method, kind, code, ms, peer, messages, error, traceId, attempt, headers = {} } = entry
  const count = messages === undefined ? '' : ` ${messages} message${messages === 1 ? '' : 's'}`
  const tried = attempt === undefined ? '' : ` attempt ${attempt}`
  const trace = traceId === undefined ? '' : ` trace ${traceId}`
  const named = Object.entries(headers).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  const message = error instanceof Error && error.message !== '' ? ` ${JSON.stringify(error.message)}` : ''
  const line = `${role} ${service}.${method} ${kind} ${code} ${ms.toFixed(1)}ms ${peer ?? '-'}${count}${tried}${trace}`
  // Names of services that `unknown` answers, addresses, headers and messages are a peer's own.
  return printable(`${line}${named.join('')}${message}`)
}

function jsonLine({ error, time, ms, ...rest }: AccessLogEntry): string {
  const message = error instanceof Error ? { error: error.message } : {}
  const fields = { time: new Date(time).toISOString(), ...rest, ms: Math.round(ms * 1000) / 1000, ...message }
  return printableJson(JSON.stringify(fields))
}
