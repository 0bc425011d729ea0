/** The header fields of a request that belong to one call alone. */

import { lazyParts } from '../../core/context/call-context.ts'
import type { Context } from '../../core/context/context.ts'
import type { Http2Headers } from '../../http2/sink.ts'
import { appendMetadata, headerText } from '../metadata.ts'
import { appendMetainfo, metainfoPrefix } from '../metainfo.ts'
import { formatTimeout } from '../timeout.ts'

/**
 * Deadline, caller, metainfo and metadata of a call; undefined when it has none of its own. `usualCaller` stands in the
 * headers of the method already; `previous` attempts were made before this one. Throws RpcError INVALID_ARGUMENT for
 * what no header can carry.
 */
export function callHeaders(cx: Context, usualCaller: string, previous: number): Http2Headers | undefined {
  const { requestHeadersIfAny, metainfoIfAny } = lazyParts(cx)
  const named = cx.caller !== usualCaller
  if (
    cx.deadline === undefined &&
    !named &&
    metainfoIfAny === undefined &&
    requestHeadersIfAny === undefined &&
    previous === 0
  ) {
    return undefined
  }
  const headers: string[] = []
  // First, for it is written anew when the call has waited.
  if (cx.deadline !== undefined) headers.push('grpc-timeout', formatTimeout(cx.remainingMs))
  if (previous > 0) headers.push('grpc-previous-rpc-attempts', String(previous))
  if (named) headers.push('source-service', headerText(cx.caller, 'caller'))
  if (metainfoIfAny?.persistentIfAny !== undefined) {
    appendMetainfo(headers, metainfoPrefix.persistent, metainfoIfAny.persistentIfAny)
  }
  if (metainfoIfAny?.transientIfAny !== undefined) {
    appendMetainfo(headers, metainfoPrefix.transient, metainfoIfAny.transientIfAny)
  }
  if (requestHeadersIfAny !== undefined) appendMetadata(headers, requestHeadersIfAny, 'INVALID_ARGUMENT')
  return headers
}

/** The same fields for a call that has waited: with what is left of its deadline now. */
export function renewTimeout(cx: Context, headers: Http2Headers | undefined): Http2Headers | undefined {
  if (cx.deadline === undefined) return headers
  return ['grpc-timeout', formatTimeout(cx.remainingMs), ...(headers?.slice(2) ?? [])]
}
