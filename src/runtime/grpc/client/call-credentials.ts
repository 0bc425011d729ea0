/** Call credentials: metadata made for each call, such as a token that is renewed now and then. */

import type { Context } from '../../core/context/context.ts'
import { isRpcError, messageOf, type RpcCode, RpcError } from '../../core/error.ts'
import { Metadata, type MetadataInit } from '../../core/metadata.ts'

/** What credentials are asked for. */
export interface CredentialsRequest {
  readonly cx: Context
  /** Scheme, authority and service, as tokens name their audience: `https://shop.internal/shop.v1.Shop`. */
  readonly serviceUrl: string
  /** The name of the method in the IDL. */
  readonly method: string
}

/**
 * Gives the metadata of a call, or of one attempt of it; it may take its time, the deadline of the call runs on. A
 * throw fails the call: an RpcError as it is, anything else as UNAUTHENTICATED.
 *
 * @example
 * const bearer: CallCredentials = async () => ({ authorization: `Bearer ${await token()}` })
 */
export type CallCredentials = (request: CredentialsRequest) => MetadataInit | Promise<MetadataInit>

/** Codes that only a server may end a call with: from credentials they become INTERNAL (gRFC A54). */
const serversOnly: ReadonlySet<RpcCode> = new Set([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'DATA_LOSS',
])

/** The metadata of several credentials together. Rejects with RpcError. */
export async function metadataOfCredentials(
  credentials: readonly CallCredentials[],
  request: CredentialsRequest,
): Promise<Metadata> {
  const metadata = new Metadata()
  try {
    for (const one of credentials)
      for (const [name, value] of new Metadata(await one(request))) metadata.append(name, value)
  } catch (error) {
    throw failure(error)
  }
  return metadata
}

function failure(error: unknown): RpcError {
  if (!isRpcError(error)) {
    const text = `no credentials for the call: ${messageOf(error)}`
    return new RpcError('UNAUTHENTICATED', text, { cause: error, stack: false })
  }
  if (!serversOnly.has(error.code)) return error
  const message = `the credentials of the call failed with ${error.code}: ${error.message}`
  return new RpcError('INTERNAL', message, { cause: error, stack: false })
}
