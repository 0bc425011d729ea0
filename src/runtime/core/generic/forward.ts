/** forwarding: the Service that passes unknown calls on to another server, in bytes. */

import { lazyParts } from '../context/call-context.ts'
import type { Context } from '../context/context.ts'
import type { Service } from '../context/service.ts'
import type { Metadata } from '../metadata.ts'
import type { GenericClient } from './generic-client.ts'

/**
 * Passes calls on as they came: bytes, deadline, cancellation, caller's name, metadata and metainfo there; headers, trailers, backward
 * metainfo and errors back.
 */
export function forwarding(client: GenericClient): Service {
  return async (cx, request) => {
    const { requestHeadersIfAny: metadata, metainfoIfAny } = lazyParts(cx)
    const transient = metainfoIfAny?.transientIfAny
    let onward: Context | undefined
    const takeBackward = (): void => {
      if (onward === undefined) return
      const { metainfoIfAny: metainfo, responseHeadersIfAny: headers } = lazyParts(onward)
      for (const [key, value] of metainfo?.backwardIfAny ?? []) {
        // Thrift's unmarked keys may be either and are both: they go on as the headers that they are already.
        if (headers?.get(key) !== value) cx.metainfo.backward.set(key, value)
      }
    }
    const { fullName, idl } = cx.service
    const options = {
      parent: cx,
      metadata,
      ...(transient && { metainfo: { transient: Object.fromEntries(transient) } }),
      prepare(own: Context): void {
        onward = own
        own.caller = cx.caller
      },
      onHeaders(headers: Metadata): void {
        append(cx.responseHeaders, headers)
        takeBackward()
      },
      onTrailers(trailers: Metadata): void {
        append(cx.responseTrailers, trailers)
        takeBackward()
      },
    }
    if (idl === 'protobuf') {
      return client.streamBytes(fullName, cx.method.name, request as AsyncIterable<Uint8Array>, options)
    }
    try {
      const oneway = cx.method.kind === 'oneway'
      return await client.callBytes(fullName, cx.method.name, request as Uint8Array, { ...options, oneway })
    } finally {
      takeBackward()
    }
  }
}

function append(to: Metadata, from: Metadata): void {
  for (const [name, value] of from) to.append(name, value)
}
