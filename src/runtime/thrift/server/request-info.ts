/** What the TTHeader of a request tells the server. */

import { type ContextKey, sharedKey } from '../../core/context/context.ts'
import { Metadata } from '../../core/metadata.ts'
import type { ServerCallInit } from '../../core/router.ts'
import { aclTokenEntry, isReservedKey, persistPrefix, transitPrefix } from '../metainfo.ts'
import { type Ttheader, TtheaderKey } from '../ttheader.ts'

/** The TTHeader of the request, for proxies, tracing and whoever knows keys that this runtime does not. */
export interface RequestInfo {
  /** `isn`: the IDL name of the called service. */
  readonly idlService: string | undefined
  /** The called service's name as the caller knows it. */
  readonly callee: string | undefined
  /** `rip`: the first caller's address where a proxy is between. */
  readonly remoteAddress: string | undefined
  /** Every integer key as it came: 2 log id, 10 env, 18 span context, 21 stress tag. */
  readonly ints: Ttheader['ints']
  /** Every string key as it came. */
  readonly strings: Ttheader['strings']
  /** What the router gets. */
  readonly call: Omit<ServerCallInit, 'peer'>
}

/** Where a server's Context holds the {@link RequestInfo} of a call that came over TTHeader. */
export const requestInfo: ContextKey<RequestInfo> = sharedKey<RequestInfo>('thrift request header')

/** Reads a request's header. Keys without a meaning of their own become request metadata. */
export function readRequestInfo(header: Ttheader): RequestInfo {
  let caller = ''
  let callee: string | undefined
  let deadline: number | undefined
  for (const [key, value] of header.ints) {
    if (key === TtheaderKey.FROM_SERVICE) caller = value
    else if (key === TtheaderKey.TO_SERVICE) callee = value
    else if (key === TtheaderKey.RPC_TIMEOUT) deadline = deadlineOf(value)
  }
  let idlService: string | undefined
  let remoteAddress: string | undefined
  let persistent: Map<string, string> | undefined
  let transient: Map<string, string> | undefined
  let requestHeaders: Metadata | undefined
  for (const [key, value] of header.strings) {
    if (key === 'isn') idlService = value === '' ? undefined : value
    else if (key === 'rip') remoteAddress = value
    else if (key.startsWith(persistPrefix)) {
      persistent ??= new Map()
      persistent.set(key.slice(persistPrefix.length), value)
    } else if (key.startsWith(transitPrefix)) {
      transient ??= new Map()
      transient.set(key.slice(transitPrefix.length), value)
    } else if (!isReservedKey(key)) {
      requestHeaders ??= new Metadata()
      requestHeaders.append(key, value)
    }
  }
  if (header.aclToken !== undefined) {
    transient ??= new Map()
    transient.set(aclTokenEntry, header.aclToken)
  }
  const call = {
    caller,
    deadline,
    ...(requestHeaders === undefined ? {} : { requestHeaders }),
    ...(persistent === undefined ? {} : { persistent }),
    ...(transient === undefined ? {} : { transient }),
  }
  return { idlService, callee, remoteAddress, ints: header.ints, strings: header.strings, call }
}

/** Milliseconds from now; 0 and what is no number mean none. */
function deadlineOf(value: string): number | undefined {
  const ms = Number(value)
  return ms > 0 ? performance.now() + ms : undefined
}
