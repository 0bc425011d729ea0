/** What crosses between threads beside messages: caller, deadline, metadata and metainfo. */

import { lazyParts } from '../../core/context/call-context.ts'
import type { Context } from '../../core/context/context.ts'
import { RpcError } from '../../core/error.ts'
import { Metadata, type MetadataValue } from '../../core/metadata.ts'
import { addEntries } from '../../core/metainfo.ts'

/** Names and values in turn. */
type Flat = readonly MetadataValue[] | undefined

/** Of a request: the deadline alone, or all of it. Deadlines are in milliseconds since 1970, which threads share. */
type RequestHead =
  | number
  | readonly [caller: string, deadline: number | undefined, headers: Flat, persistent: Flat, transient: Flat]

/** Of a response: headers, trailers, backward metainfo. */
type ResponseHead = readonly [headers: Flat, trailers: Flat, backward: Flat]

/** The head of a request; undefined when there is nothing to say. Throws INVALID_ARGUMENT for a value that is none. */
export function requestHead(cx: Context): RequestHead | undefined {
  const { requestHeadersIfAny: headers, metainfoIfAny: metainfo } = lazyParts(cx)
  const deadline = cx.deadline === undefined ? undefined : performance.timeOrigin + cx.deadline
  if (cx.caller === '' && headers === undefined && metainfo === undefined) return deadline
  return [cx.caller, deadline, flat(headers), flat(metainfo?.persistentIfAny), flat(metainfo?.transientIfAny)]
}

/** What a head says of a call, on the side of the callee. */
export interface HeadTarget {
  caller: string | undefined
  deadline: number | undefined
  requestHeaders: Metadata | undefined
  persistent: Map<string, string> | undefined
  transient: Map<string, string> | undefined
}

/** Reads the head of a request. */
export function readCallHeader(head: unknown, target: HeadTarget): void {
  if (typeof head === 'number') {
    target.deadline = head - performance.timeOrigin
    return
  }
  const [caller, deadline, headers, persistent, transient] = head as Exclude<RequestHead, number>
  target.caller = caller
  if (deadline !== undefined) target.deadline = deadline - performance.timeOrigin
  if (headers !== undefined) target.requestHeaders = metadataOf(headers)
  if (persistent !== undefined) target.persistent = new Map(pairs(persistent) as Iterable<[string, string]>)
  if (transient !== undefined) target.transient = new Map(pairs(transient) as Iterable<[string, string]>)
}

/** The part of a response's head that has not been sent yet; undefined when there is none. */
export function responseHead(cx: Context, withHeaders: boolean, withTrailers: boolean): ResponseHead | undefined {
  const { responseHeadersIfAny, responseTrailersIfAny, metainfoIfAny } = lazyParts(cx)
  const headers = withHeaders ? flat(responseHeadersIfAny) : undefined
  const trailers = withTrailers ? flat(responseTrailersIfAny) : undefined
  const backward = flat(metainfoIfAny?.backwardIfAny)
  return headers === undefined && trailers === undefined && backward === undefined
    ? undefined
    : [headers, trailers, backward]
}

/** Adds what has come back to the caller's context. */
export function readResponseHead(head: unknown, cx: Context): void {
  const [headers, trailers, backward] = head as ResponseHead
  if (headers !== undefined) for (const [name, value] of pairs(headers)) cx.responseHeaders.append(name, value)
  if (trailers !== undefined) for (const [name, value] of pairs(trailers)) cx.responseTrailers.append(name, value)
  if (backward !== undefined) addEntries(cx.metainfo.backward, pairs(backward) as Iterable<[string, string]>)
}

/** Entries as one array; undefined when there are none. Bytes are copied, so that no larger buffer comes along. */
export function flat(entries: Iterable<readonly [string, MetadataValue]> | undefined): Flat {
  if (entries === undefined) return undefined
  const list: MetadataValue[] = []
  for (const [name, value] of entries) {
    if (typeof value === 'string') list.push(name, value)
    else if (value instanceof Uint8Array) list.push(name, new Uint8Array(value))
    else throw new RpcError('INVALID_ARGUMENT', `the value of ${name} is a ${typeof value}, not text or bytes`)
  }
  return list.length === 0 ? undefined : list
}

/** The metadata of a flat list. */
export function metadataOf(list: readonly MetadataValue[]): Metadata {
  return new Metadata(pairs(list))
}

function* pairs(list: readonly MetadataValue[]): Iterable<[string, MetadataValue]> {
  for (let i = 0; i < list.length; i += 2) yield [list[i] as string, list[i + 1]!]
}
