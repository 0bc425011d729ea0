/** Layers that look at whatever passes and change nothing that a caller or a handler sees. */

import type { Layer } from '../../src/runtime/core/layer.ts'
import { streamsRequest, streamsResponse } from '../../src/runtime/core/method-kind.ts'
import { observe } from '../../src/runtime/core/observe.ts'
import { mapStream } from '../../src/runtime/core/stream/map-stream.ts'

const observing: Layer = (next) => (cx, request) =>
  observe(next, cx, request, { onRequest() {}, onResponseStart() {}, onResponse() {}, onEnd() {}, onDone() {} })

/** The layer of the documentation that changes every message of a stream, in both directions. */
const mapping: Layer = (next) => (cx, request) => {
  const { kind } = cx.method
  const same = (stream: unknown): unknown => mapStream(stream as AsyncIterable<unknown>, (message) => message)
  const outcome = next(cx, streamsRequest(kind) ? same(request) : request)
  return streamsResponse(kind) ? outcome.then(same) : outcome
}

/** Stand around the client and around the handler. */
export const passingLayers: readonly Layer[] = [observing, mapping]
