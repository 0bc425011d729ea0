/**
 * The names of OpenTelemetry's semantic conventions for RPC, and how this package's calls map to them.
 * Source: OpenTelemetry semantic conventions 1.45, "RPC spans" and "RPC metrics".
 */

import type { Attributes } from '@opentelemetry/api'
import type { Context } from '../../core/context/context.ts'
import { isBizError, isRpcError } from '../../core/error.ts'
import type { EndCode } from '../../core/observe.ts'

export const attribute = {
  system: 'rpc.system.name',
  method: 'rpc.method',
  originalMethod: 'rpc.method_original',
  status: 'rpc.response.status_code',
  errorType: 'error.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  peerAddress: 'network.peer.address',
  peerPort: 'network.peer.port',
  transport: 'network.transport',
  messageType: 'rpc.message.type',
  messageId: 'rpc.message.id',
  /** Of this package: milliseconds that the caller gave the call. */
  deadlineMs: 'volo.deadline_ms',
  /** Of this package: the status of a business error. */
  bizStatus: 'volo.biz_status',
  /** Of this package: 1 for the first attempt of a call. */
  attempt: 'volo.attempt',
} as const

/** Upper bounds in seconds of the histograms of durations, as the conventions advise. */
export const durationBuckets: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** The statuses that are errors of a server; the others are the caller's doing. Every status but OK is one of a client. */
const serverErrors: ReadonlySet<EndCode> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
])

/** `grpc` or `thrift`; the conventions name no value for Thrift. */
export function systemOf(cx: Context): string {
  return cx.service.idl === 'thrift' ? 'thrift' : 'grpc'
}

/** Whether the span of a call has failed. Declared exceptions and business errors are answers, not failures. */
export function isFailure(role: 'client' | 'server', code: EndCode): boolean {
  if (code === 'OK' || code === 'BIZ' || code === 'EXCEPTION') return false
  return role === 'client' || serverErrors.has(code)
}

/** What is known of the outcome: the status, and `error.type` unless it is OK. */
export function outcomeAttributes(code: EndCode): Attributes {
  return code === 'OK'
    ? { [attribute.status]: code }
    : { [attribute.status]: statusOf(code), [attribute.errorType]: code }
}

/** A declared exception and a business error travel in answers whose status is OK. */
function statusOf(code: EndCode): string {
  return code === 'BIZ' || code === 'EXCEPTION' ? 'OK' : code
}

/** What spans say of the error beyond the code. */
export function errorAttributes(error: unknown): Attributes {
  if (isBizError(error)) return { [attribute.bizStatus]: error.status }
  if (isRpcError(error) || !(error instanceof Error)) return {}
  return { [attribute.errorType]: error.name }
}

/** Who is at the other end. A client's peer is the server; a server learns the address of the connection. */
export function peerAttributes(cx: Context): Attributes {
  const { peer } = cx
  if (peer === undefined) return {}
  if (peer.kind === 'inproc' || peer.kind === 'thread') return { [attribute.transport]: peer.kind }
  if (peer.kind === 'unix') {
    const path = peer.address.replace(/^unix:/, '')
    return { [attribute.transport]: 'unix', ...addressAttributes(cx, path, undefined) }
  }
  const match = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(peer.address)
  if (match === null) return addressAttributes(cx, peer.address, undefined)
  return { [attribute.transport]: 'tcp', ...addressAttributes(cx, match[1] ?? match[2]!, Number(match[3])) }
}

function addressAttributes(cx: Context, address: string, port: number | undefined): Attributes {
  const peer: Attributes = { [attribute.peerAddress]: address }
  if (port !== undefined) peer[attribute.peerPort] = port
  if (cx.role === 'client') {
    peer[attribute.serverAddress] = address
    if (port !== undefined) peer[attribute.serverPort] = port
  }
  return peer
}
