/**
 * Trace context and baggage on calls: headers of gRPC, transient metainfo over Thrift, as the OpenTelemetry suite of
 * Kitex writes and reads it. Sources: W3C Trace Context, W3C Baggage.
 */

import { type Context as OtelContext, propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api'
import type { Context } from '../../core/context/context.ts'

/** Writes the trace context of `active` into the request of a client call. */
export function inject(active: OtelContext, cx: Context): void {
  propagation.inject(active, cx, cx.service.idl === 'thrift' ? metainfoSetter : headerSetter)
}

/** `parent` with the trace context that the request of a server call brought. */
export function extract(parent: OtelContext, cx: Context): OtelContext {
  return propagation.extract(parent, cx, getter)
}

const headerSetter: TextMapSetter<Context> = {
  set(cx, key, value) {
    cx.requestHeaders.set(key, value)
  },
}

const metainfoSetter: TextMapSetter<Context> = {
  set(cx, key, value) {
    cx.metainfo.transient.set(key, value)
  },
}

/** Reads both places whatever the wire: Kitex's clients use metainfo over gRPC as well. */
const getter: TextMapGetter<Context> = {
  keys(cx) {
    return [...new Set([...cx.requestHeaders].map(([name]) => name).concat([...cx.metainfo.transient.keys()]))]
  },
  get(cx, key) {
    const values = cx.requestHeaders.getAll(key).filter((value) => typeof value === 'string')
    if (values.length > 0) return values.length === 1 ? values[0] : values
    const { transient } = cx.metainfo
    const value = transient.get(key)
    if (value !== undefined || transient.size === 0) return value
    // Kitex's peers write `TRACE_PARENT` for `trace-parent`.
    for (const [name, one] of transient) if (name.toLowerCase().replaceAll('_', '-') === key) return one
    return undefined
  },
}
