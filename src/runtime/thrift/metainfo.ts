/** How metainfo and metadata travel in the string keys of TTHeader. */

import { lazyParts } from '../core/context/call-context.ts'
import type { Context } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import type { Metadata } from '../core/metadata.ts'

/** Prefix of metainfo that every further hop gets. */
export const persistPrefix = 'RPC_PERSIST_'
/** Prefix of metainfo for the next hop only. */
export const transitPrefix = 'RPC_TRANSIT_'
/** Prefix of metainfo that comes back. */
export const backwardPrefix = 'RPC_BACKWARD_'
/** The transient entry that TTHeader's ACL token becomes, as in Kitex. */
export const aclTokenEntry = 'gdpr-token'

type Pairs = [key: string, value: string][]

/** The key with which this package's server says, once per connection, that it answers in any order. */
export const anyOrderKey = 'rpc-any-order'

// Keys with a meaning of their own; as metadata they would be taken for it.
const reserved = new Set(['isn', 'rip', 'crrst', 'biz-status', 'biz-message', 'biz-extra', 'rpc-code', anyOrderKey])

/** Whether a string key has a meaning of its own, so that it is no metadata. */
export function isReservedKey(key: string): boolean {
  return reserved.has(key)
}

/** A request's metainfo and metadata; undefined when there is nothing. */
export function requestPairs(cx: Context): Pairs | undefined {
  const { metainfoIfAny, requestHeadersIfAny } = lazyParts(cx)
  const pairs = addEntries(undefined, persistPrefix, metainfoIfAny?.persistentIfAny)
  const all = addEntries(pairs, transitPrefix, metainfoIfAny?.transientIfAny)
  return addMetadata(all, requestHeadersIfAny, 'INVALID_ARGUMENT')
}

/** The ACL token that a request carries. */
export function aclTokenOf(cx: Context): string | undefined {
  return lazyParts(cx).metainfoIfAny?.transientIfAny?.get(aclTokenEntry)
}

/**
 * A response's backward metainfo, headers and trailers; undefined when there is nothing. Backward values go twice: with
 * prefix for Volo, without for Kitex, which knows none in this direction.
 */
export function responsePairs(cx: Context): Pairs | undefined {
  const { metainfoIfAny, responseHeadersIfAny, responseTrailersIfAny } = lazyParts(cx)
  const backward = metainfoIfAny?.backwardIfAny
  const pairs = addEntries(addEntries(undefined, backwardPrefix, backward), '', backward)
  return addMetadata(addMetadata(pairs, responseHeadersIfAny, 'INTERNAL'), responseTrailersIfAny, 'INTERNAL')
}

function addEntries(
  pairs: Pairs | undefined,
  prefix: string,
  entries: ReadonlyMap<string, string> | undefined,
): Pairs | undefined {
  if (entries === undefined || entries.size === 0) return pairs
  const all: Pairs = pairs ?? []
  for (const [key, value] of entries) {
    if (key !== aclTokenEntry && (prefix !== '' || !reserved.has(key))) all.push([prefix + key, value])
  }
  return all
}

/** Appends metadata. Throws RpcError with `code` on a reserved name and on bytes, naming the entry. */
export function addMetadata(
  pairs: Pairs | undefined,
  metadata: Metadata | undefined,
  code: 'INVALID_ARGUMENT' | 'INTERNAL',
): Pairs | undefined {
  if (metadata === undefined || metadata.size === 0) return pairs
  const all: Pairs = pairs ?? []
  for (const [name, value] of metadata) {
    if (typeof value !== 'string') {
      throw new RpcError(code, `metadata "${name}" holds bytes; over Thrift metadata is text, encode it`)
    }
    if (reserved.has(name)) {
      throw new RpcError(code, `metadata "${name}" is reserved: TTHeader has its own use for that name`)
    }
    all.push([name, value])
  }
  return all
}
