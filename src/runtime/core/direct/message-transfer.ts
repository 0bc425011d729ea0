/** MessageTransfer: what happens to a message on its way between a caller and a handler in one process. */

import type { MemoryHolder } from '../bytes/memory-account.ts'
import { isRpcError, messageOf, RpcError } from '../error.ts'
import type { MethodType, ServiceType } from '../service-type.ts'

/** How the messages and failures of one method cross. */
export interface MessageTransfer {
  /** Makes the handler's request of the caller's, or each message of a streamed one; `call` holds what is made anew. */
  readonly request: (message: unknown, call: MemoryHolder) => unknown
  /** Makes the caller's response of the handler's; undefined when there is nothing to do. */
  readonly response: ((message: unknown) => unknown) | undefined
  /** Makes the caller's error of the one that the call ended with on the server; undefined: it is the same. */
  readonly error?: ((error: unknown) => unknown) | undefined
}

/** Complete messages cross as they are, incomplete ones are copied and filled. */
export function moving(service: ServiceType, method: MethodType): MessageTransfer {
  return { request: requestCompletion(service, method), response: responseCompletion(method) }
}

/** Completes a request; what is wrong with it is the caller's INVALID_ARGUMENT. */
export function requestCompletion(service: ServiceType, method: MethodType): (message: unknown) => unknown {
  const type = method.request
  return (message) => {
    try {
      return type.complete(message)
    } catch (error) {
      throw invalidRequest(service, method, error)
    }
  }
}

/** The RpcError for a request that is none. */
export function invalidRequest(service: ServiceType, method: MethodType, error: unknown): RpcError {
  if (isRpcError(error)) return error
  return new RpcError('INVALID_ARGUMENT', `not a request of ${service.name}.${method.name}: ${messageOf(error)}`, {
    cause: error,
  })
}

/** How a response, or each message of a streamed one, is completed; undefined when there is nothing to complete. */
export function responseCompletion({
  kind,
  isVoid,
  args,
  response,
}: MethodType): ((message: unknown) => unknown) | undefined {
  if (kind === 'oneway' || isVoid === true) return undefined
  if (args === undefined) return (message) => response.complete(message)
  return (success) => (response.complete({ success }) as { readonly success: unknown }).success
}
