/** Which side of a call streams. */

import type { MethodKind } from './message/schema.ts'

/** Whether the request of such a method is an AsyncIterable. */
export function streamsRequest(kind: MethodKind): boolean {
  return kind === 'client_streaming' || kind === 'bidi_streaming'
}

/** Whether the response of such a method is an AsyncIterable. */
export function streamsResponse(kind: MethodKind): boolean {
  return kind === 'server_streaming' || kind === 'bidi_streaming'
}
