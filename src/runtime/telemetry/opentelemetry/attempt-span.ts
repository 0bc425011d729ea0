/** Spans of the attempts of a call. A call that is made once has one span; with a second attempt, each has its own. */

import { type Context as OtelContext, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import type { EndCode } from '../../core/observe.ts'
import { attribute } from './semantic-convention.ts'

/** Writes the outcome to a span and ends it. */
export type SpanEnd = (span: Span, code: EndCode, error: unknown, time?: number) => void

/** One attempt that has begun. */
export interface AttemptSpan {
  /** Active while the attempt runs; what travels in its request. */
  readonly active: OtelContext
  end(code: EndCode, error: unknown): void
}

/** The attempts of one call. */
export class AttemptSpans {
  readonly #tracer: Tracer
  readonly #name: string
  readonly #call: OtelContext
  readonly #end: SpanEnd
  #count = 0
  #firstStart = 0
  #firstEnd: { readonly time: number; readonly code: EndCode; readonly error: unknown } | undefined
  #first: Span | undefined
  #last: Span | undefined

  /** `call`: the context whose span is that of the call. */
  constructor(tracer: Tracer, name: string, call: OtelContext, end: SpanEnd) {
    this.#tracer = tracer
    this.#name = name
    this.#call = call
    this.#end = end
  }

  begin(): AttemptSpan {
    const order = ++this.#count
    if (order === 1) {
      this.#firstStart = performance.now()
      return { active: this.#call, end: (code, error) => this.#endFirst(code, error) }
    }
    if (order === 2) this.#startFirst()
    const span = this.#start(order, performance.now())
    return { active: trace.setSpan(this.#call, span), end: (code, error) => this.#end(span, code, error) }
  }

  /** The request of the first attempt has travelled with the span of the call: nobody knew of a second attempt. */
  #startFirst(): void {
    this.#first = this.#start(1, this.#firstStart)
    const { code, error, time } = this.#firstEnd ?? {}
    if (code !== undefined) this.#end(this.#first, code, error, time)
  }

  #endFirst(code: EndCode, error: unknown): void {
    if (this.#first === undefined) this.#firstEnd = { time: performance.now(), code, error }
    else this.#end(this.#first, code, error)
  }

  #start(order: number, startTime: number): Span {
    const links = this.#last === undefined ? [] : [{ context: this.#last.spanContext() }]
    const attributes = { [attribute.method]: this.#name, [attribute.attempt]: order }
    const options = { kind: SpanKind.CLIENT, startTime, links, attributes }
    this.#last = this.#tracer.startSpan(this.#name, options, this.#call)
    return this.#last
  }
}
