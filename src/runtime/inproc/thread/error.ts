/** Errors between threads: what a peer may hear of them, without stacks and causes. */

import { BizError, type ErrorDetail, isBizError, type RpcCode, RpcError } from '../../core/error.ts'
import type { MetadataValue } from '../../core/metadata.ts'
import type { MethodType } from '../../core/service-type.ts'
import { flat, metadataOf } from './call-header.ts'
import { type ArrivedPayload, emptyPayload, type Payload } from './frame.ts'
import type { MethodCarrier } from './payload.ts'

/** An RpcError without its stack and cause. */
export type RpcErrorFrame = readonly [
  code: RpcCode,
  message: string,
  details: readonly ErrorDetail[] | undefined,
  metadata: readonly MetadataValue[] | undefined,
]
type BizErrorFrame = readonly [status: number, message: string, extra: Readonly<Record<string, string>>]

/** An error in a frame: the name of a declared exception's member, whose fields are the payload, or an array. */
export interface ErrorFrame {
  readonly error: string | RpcErrorFrame | BizErrorFrame
  readonly payload: Payload
}

/** The frame of what a call ended with. Throws when a declared exception cannot be encoded. */
export function packError(error: unknown, method: MethodType, carrier: MethodCarrier): ErrorFrame {
  const declared = method.throws?.find(({ type }) => error instanceof type)
  if (declared !== undefined) {
    return { error: declared.member, payload: carrier.exception.encode(declared.member, error) }
  }
  if (isBizError(error)) {
    const extra = Object.fromEntries(Object.entries(error.extra).map(([key, value]) => [key, String(value)]))
    return { error: [Number(error.status), String(error.message), extra], payload: emptyPayload }
  }
  return { error: packRpcError(RpcError.from(error)), payload: emptyPayload }
}

/** The same of an RpcError, which has no payload. */
export function packRpcError({ code, message, details, metadata }: RpcError): RpcErrorFrame {
  const copies = details.map(({ typeUrl, value }) => ({ typeUrl: String(typeUrl), value: new Uint8Array(value) }))
  return [code, String(message), copies.length === 0 ? undefined : copies, flat(metadata)]
}

/** The error that a frame holds. */
export function unpackError(error: unknown, payload: ArrivedPayload, carrier: MethodCarrier): unknown {
  if (typeof error === 'string') return carrier.exception.decode(error, payload)
  const [first] = error as RpcErrorFrame | BizErrorFrame
  if (typeof first === 'number') {
    const [status, message, extra] = error as BizErrorFrame
    return new BizError(status, message, extra)
  }
  const [code, message, details, metadata] = error as RpcErrorFrame
  return new RpcError(code, message, {
    stack: false,
    ...(details === undefined ? {} : { details }),
    ...(metadata === undefined ? {} : { metadata: metadataOf(metadata) }),
  })
}
