/** The messages of one method as payloads of frames, by its codec or by structured clone. */

import type { MemoryHolder } from '../../core/bytes/memory-account.ts'
import { isRpcError, messageOf, RpcError } from '../../core/error.ts'
import type { MessageType } from '../../core/message/message.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import { ByteCopier, hasTransfers, refuseUsed, transferMark } from '../transfer.ts'
import { copyForClone, holdsException, refuseMoved, reviveClone } from './clone.ts'
import { type ArrivedPayload, ByteRange, emptyPayload, type Payload } from './frame.ts'

/** How messages travel between threads. */
export type ThreadPayload = 'codec' | 'clone'

/** Makes payloads of the messages of one type, and messages of payloads. */
interface Carrier {
  encode(message: unknown): Payload
  /** `holder`: the call of a server whose request it is. */
  decode(payload: ArrivedPayload, holder?: MemoryHolder): unknown
}

/** The payloads of one method. What it cannot encode is an RpcError INVALID_ARGUMENT. */
export interface MethodCarrier {
  /** A request, or one message of a streamed one. */
  readonly request: Carrier
  /** A response, or one message of a streamed one; for Thrift the value of `success`. */
  readonly response: Carrier
  /** A declared exception and the member of the result struct it stands in. */
  readonly exception: {
    encode(member: string, error: unknown): Payload
    decode(member: string, payload: ArrivedPayload): unknown
  }
}

/** The carrier of a method whose messages travel in the way asked for, where they can. */
export function methodCarrier(service: ServiceType, method: MethodType, way: ThreadPayload): MethodCarrier {
  const { args, isVoid, kind, throws = [] } = method
  const request = carrierOf(service, method, method.request, way, new Set())
  const result = carrierOf(service, method, method.response, way, new Set(throws.map(({ member }) => member)))
  return {
    request: args?.length === 0 ? nothingInside({}) : request,
    response:
      isVoid === true || kind === 'oneway' ? nothingInside(undefined) : args === undefined ? result : inside(result),
    exception: {
      encode: (member, error) => result.encode({ [member]: error }),
      decode(member, payload) {
        const found = (result.decode(payload) as Readonly<Record<string, unknown>>)[member]
        const type = throws.find((one) => one.member === member)?.type
        return type === undefined || found instanceof type ? found : new type(found as never)
      },
    },
  }
}

/** The struct of a Thrift result around its value. */
function inside(result: Carrier): Carrier {
  return {
    encode: (success) => result.encode({ success }),
    decode: (payload) => (result.decode(payload) as { readonly success: unknown }).success,
  }
}

function nothingInside(value: unknown): Carrier {
  return { encode: () => emptyPayload, decode: () => value }
}

function carrierOf(
  service: ServiceType,
  method: MethodType,
  type: MessageType,
  way: ThreadPayload,
  exceptions: ReadonlySet<string>,
): Carrier {
  const hasCodec = type.toBytes !== undefined && type.fromBytes !== undefined
  const title = `${service.name}.${method.name}`
  if (!hasCodec && way === 'codec') {
    throw new TypeError(`${title}: the message ${type.typeName} has no codec; use threads() with payload: 'clone'`)
  }
  let mayClone: boolean | undefined
  const clones = (): boolean => {
    mayClone ??= !hasCodec || !holdsException(type.schema, exceptions)
    return mayClone
  }
  return {
    encode(message) {
      const mark = transferMark(message)
      try {
        if (hasCodec && ((way === 'codec' && mark === undefined) || isException(message, exceptions) || !clones())) {
          if (hasTransfers()) refuseMoved(type.schema, message)
          return type.toBytes!(message)
        }
        return encodeClone(type, message, mark)
      } catch (error) {
        if (isRpcError(error)) throw error
        throw new RpcError('INVALID_ARGUMENT', `not a message of ${title}: ${messageOf(error)}`, { cause: error })
      }
    },
    decode(payload, holder) {
      if (payload instanceof ByteRange) return type.fromBytes!(payload.bytes, payload.start, payload.end, holder)
      reviveClone(type.schema, payload)
      return payload
    },
  }
}

function isException(message: unknown, exceptions: ReadonlySet<string>): boolean {
  if (exceptions.size === 0 || typeof message !== 'object' || message === null) return false
  for (const name of exceptions) if (name in message) return true
  return false
}

/** A message copied for structured clone, until it is posted. */
class Clone {
  readonly value: object
  readonly transfers: readonly ArrayBuffer[]
  readonly undo: () => void

  constructor(value: object, bytes: ByteCopier) {
    this.value = value
    this.transfers = bytes.transfers
    this.undo = () => bytes.undo()
  }
}

function encodeClone(type: MessageType, message: unknown, mark: ReturnType<typeof transferMark>): Clone {
  refuseUsed(mark)
  const bytes = new ByteCopier(mark)
  try {
    const value = copyForClone(type.schema, type.complete(message), bytes)
    bytes.finish()
    return new Clone(value, bytes)
  } catch (error) {
    bytes.undo()
    throw error
  }
}

/** A payload will not be posted: what it would have moved stays with its owner. */
export function dropPayload(payload: Payload | undefined): void {
  if (payload instanceof Clone) payload.undo()
}
