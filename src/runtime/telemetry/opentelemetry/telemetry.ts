/** telemetry(): spans, durations and trace propagation of calls, by OpenTelemetry. */

import {
  context,
  type Histogram,
  type Context as OtelContext,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { type Context, sharedKey } from '../../core/context/context.ts'
import type { Service } from '../../core/context/service.ts'
import { isRpcError } from '../../core/error.ts'
import type { Layer } from '../../core/layer.ts'
import { type CallObserver, type EndCode, observe } from '../../core/observe.ts'
import { atLeast, checkOptions, isFlag, type OptionTable } from '../../core/option-check.ts'
import type { Refusal } from '../../core/refusal.ts'
import { MethodLabels, methodName, otherMethod } from '../method-label.ts'
import { type AttemptSpan, AttemptSpans, type SpanEnd } from './attempt-span.ts'
import { type Instruments, registeredInstruments } from './instrument.ts'
import { extract, inject } from './propagation.ts'
import {
  attribute,
  errorAttributes,
  isFailure,
  outcomeAttributes,
  peerAttributes,
  systemOf,
} from './semantic-convention.ts'

/** Options of {@link telemetry}. */
export interface TelemetryOptions {
  /** Whether spans get an event `rpc.message` for each message. Default false. */
  readonly messageEvents?: boolean | undefined
  /** Whether server spans are children of the span that the caller sent; else they are linked to it. Default true. */
  readonly trustCallers?: boolean | undefined
  /** How many different names of methods metrics may have; later ones are `_OTHER`. Default 1000. */
  readonly maxMethods?: number | undefined
}

const optionTable: OptionTable<TelemetryOptions> = {
  messageEvents: isFlag,
  trustCallers: isFlag,
  maxMethods: atLeast(1),
}

const attemptsKey = sharedKey<AttemptSpans>('opentelemetry.attempts')

/**
 * A layer for servers and clients of every wire, in-process calls and threads included. It makes a span per call, named
 * by the method (`shop.v1.Shop/Checkout`), and, where a call is attempted more than once, one per attempt, each linked to
 * the attempt before. It records `rpc.server.call.duration` or `rpc.client.call.duration` in seconds, and carries trace
 * context and baggage by the registered propagator: in headers over gRPC, in transient metainfo over Thrift, as Kitex's
 * suite does. The span is active inside handlers, inner layers and the streams of the call. Names and attributes are
 * those of OpenTelemetry's semantic conventions for RPC 1.45.
 *
 * The application registers the SDK; while none is registered, calls pass through at the cost of a look.
 *
 * @example
 * new Server({ layers: [telemetry()] })
 * createClient(Shop, transport, { layers: [telemetry()] })
 */
export function telemetry(options: TelemetryOptions = {}): Layer {
  checkOptions('telemetry', options, optionTable)
  const { messageEvents = false, trustCallers = true, maxMethods = 1000 } = options
  const labels = new MethodLabels(maxMethods)
  const registered = registeredInstruments()
  const layer: Layer = (next) => (cx, request) => {
    const instruments = registered()
    if (instruments === undefined) return next(cx, request)
    return observedCall({ labels, messageEvents, trustCallers }, instruments, next, cx, request)
  }
  const attempt: Layer = (next) => (cx, request) => {
    const attempts = cx.get(attemptsKey)
    return attempts === undefined ? next(cx, request) : observedAttempt(attempts.begin(), next, cx, request)
  }
  const onRefused = (refusal: Refusal): void => recordRefusal(registered(), refusal)
  return Object.assign(layer, { attempt, onRefused })
}

interface Settings {
  readonly labels: MethodLabels
  readonly messageEvents: boolean
  readonly trustCallers: boolean
}

function observedCall(
  settings: Settings,
  { tracer, duration }: Instruments,
  next: Service,
  cx: Context,
  request: unknown,
): Promise<unknown> {
  const { role } = cx
  const label = settings.labels.of(cx)
  const record = duration === undefined ? undefined : recordDuration(duration[role], systemOf(cx), label)
  if (tracer === undefined) return observe(next, cx, request, { ...(record === undefined ? {} : { onEnd: record }) })

  const { parent, links } = role === 'client' ? { parent: context.active(), links: undefined } : received(settings, cx)
  const span = tracer.startSpan(label, { ...startOf(role, systemOf(cx), label), ...links }, parent)
  const active = trace.setSpan(parent, span)
  if (role === 'client') inject(active, cx)
  // Nothing hears of a span that is not recorded, so the call need not be observed.
  if (!span.isRecording() && record === undefined) return context.with(active, next, undefined, cx, request)
  const finish = finishSpan(cx)
  if (span.isRecording()) {
    if (label === otherMethod) span.setAttribute(attribute.originalMethod, methodName(cx))
    if (cx.deadline !== undefined) span.setAttribute(attribute.deadlineMs, Math.round(cx.remainingMs))
    if (role === 'client') cx.set(attemptsKey, new AttemptSpans(tracer, label, active, finish))
  }
  const onEnd = (code: EndCode, error: unknown): void => {
    record?.(code)
    finish(span, code, error)
  }
  const observer = settings.messageEvents && span.isRecording() ? withMessageEvents(span, role, onEnd) : { onEnd }
  return context.with(active, () => observe(next, cx, request, observer))
}

function recordDuration(histogram: Histogram, system: string, label: string): (code: EndCode) => void {
  const start = performance.now()
  return (code) =>
    histogram.record((performance.now() - start) / 1000, {
      [attribute.system]: system,
      [attribute.method]: label,
      ...outcomeAttributes(code),
    })
}

function startOf(role: 'client' | 'server', system: string, label: string): SpanOptions {
  return {
    kind: role === 'client' ? SpanKind.CLIENT : SpanKind.SERVER,
    attributes: { [attribute.system]: system, [attribute.method]: label },
  }
}

function observedAttempt(attempt: AttemptSpan, next: Service, cx: Context, request: unknown): Promise<unknown> {
  inject(attempt.active, cx)
  const onEnd = (code: EndCode, error: unknown): void => attempt.end(code, error)
  return context.with(attempt.active, () => observe(next, cx, request, { onEnd }))
}

/** The context of the caller: what the request brought, or, inside a process, what is active. */
function received(
  { trustCallers }: Settings,
  cx: Context,
): { parent: OtelContext; links?: Pick<SpanOptions, 'links'> } {
  // A socket's events run in the context in which the socket was made, which has nothing to do with the call.
  const base = cx.peer?.kind === 'inproc' ? context.active() : ROOT_CONTEXT
  const caller = extract(base, cx)
  if (trustCallers) return { parent: caller }
  const spanContext = trace.getSpanContext(caller)
  return { parent: base, links: { links: spanContext === undefined ? [] : [{ context: spanContext }] } }
}

/** Of a span that is not recorded only the end is told. */
function finishSpan(cx: Context): SpanEnd {
  return (span, code, error, time) => {
    if (span.isRecording()) {
      span.setAttributes({ ...peerAttributes(cx), ...outcomeAttributes(code) })
      if (error !== undefined) describeError(span, cx.role, code, error)
    }
    span.end(time)
  }
}

function describeError(span: Span, role: 'client' | 'server', code: EndCode, error: unknown): void {
  span.setAttributes(errorAttributes(error))
  if (!isFailure(role, code)) return
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
  // What a handler threw by mistake: only here is its stack seen with its call.
  if (role === 'server' && error instanceof Error && !isRpcError(error)) span.recordException(error)
}

function withMessageEvents(span: Span, role: 'client' | 'server', onEnd: CallObserver['onEnd']): CallObserver {
  const event = (type: 'SENT' | 'RECEIVED', order: number): void => {
    span.addEvent('rpc.message', { [attribute.messageType]: type, [attribute.messageId]: order + 1 })
  }
  const [request, response] = role === 'client' ? (['SENT', 'RECEIVED'] as const) : (['RECEIVED', 'SENT'] as const)
  return {
    onRequest: (_message, order) => event(request, order),
    onResponse: (_message, order) => event(response, order),
    ...(onEnd === undefined ? {} : { onEnd }),
  }
}

/** A request that no layer saw: its names are the peer's own, so they are no label. */
function recordRefusal(instruments: Instruments | undefined, { error }: Refusal): void {
  instruments?.duration?.server.record(0, { [attribute.method]: otherMethod, ...outcomeAttributes(error.code) })
}
