/** From a Thrift message to a call of the router: envelope, route, arguments. */

import type { Peer } from '../../core/context/context.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import type { Route, Router, ServerCall } from '../../core/router.ts'
import { printable } from '../../core/text/printable.ts'
import { readerOf } from '../connection-codec.ts'
import { ApplicationExceptionType, applicationError } from '../exception.ts'
import type { ThriftMessage } from '../message.ts'
import type { MessagePrefix } from '../message-prefix.ts'
import { type ThriftEnvelope, ThriftMessageKind, type ThriftStruct } from '../protocol/protocol.ts'
import { rawService } from '../raw-service.ts'
import type { ReplyForm } from './reply.ts'
import { type RequestInfo, readRequestInfo, requestInfo } from './request-info.ts'

/** A request, and in the end its outcome. Without a call it was refused, and `error` says why. */
export interface Exchange {
  readonly form: ReplyForm
  /** False for oneway methods and for messages sent as oneway. */
  readonly isAnswered: boolean
  readonly call: ServerCall | undefined
  readonly request: unknown
  value: unknown
  error: unknown
}

/** What requests of one connection are opened with. */
export interface DispatchTarget {
  readonly router: Router
  readonly peer: Peer
  /** Calls in flight above which a request is refused. */
  readonly maxConcurrentCalls: number
  /** How deep structs may nest. */
  readonly maxDepth: number
  /** The outcome of every request, where the connection is not served. */
  readonly refusal: RpcError | undefined
}

/** Opens the call of a request. It never throws: what is wrong with the request becomes the outcome of the exchange. */
export function openExchange(target: DispatchTarget, message: ThriftMessage, inFlight: number): Exchange {
  const { header } = message
  const { router, peer } = target
  const reader = readerOf(message.protocol, message.bytes, message.start, message.end, target.maxDepth)
  let envelope: ThriftEnvelope = nameless
  let isAnswered = true
  try {
    envelope = reader.messageBegin()
    isAnswered = envelope.kind !== ThriftMessageKind.ONEWAY
    if (envelope.kind !== ThriftMessageKind.CALL && envelope.kind !== ThriftMessageKind.ONEWAY) {
      const text = `a message of kind ${envelope.kind} where a call (1) or oneway (4) is due`
      throw applicationError('INTERNAL', ApplicationExceptionType.INVALID_MESSAGE_TYPE, text)
    }
    if (target.refusal !== undefined) {
      isAnswered = expectsAnswer(router, header, envelope)
      throw target.refusal
    }
    const info = header === undefined ? undefined : readRequestInfo(header)
    const route = findRoute(router, info, envelope)
    // Some clients (Apache's Go) send oneway methods as calls and would take an answer for that of their next call.
    if (route.method.kind === 'oneway') isAnswered = false
    if (inFlight >= target.maxConcurrentCalls) {
      throw new RpcError('RESOURCE_EXHAUSTED', `${inFlight} calls are in flight on this connection`, { stack: false })
    }
    reader.limitTo(router.memory)
    const request = decode(route, reader)
    const taken = reader.memoryTaken
    const call = router.open(route, {
      peer,
      admitted: true,
      unanswered: !isAnswered,
      ...(info === undefined ? {} : info.call),
    })
    call.holdMemory(taken)
    if (info !== undefined) call.cx.set(requestInfo, info)
    // A multiplexed name goes back without the service, as Apache's own processor does it.
    return {
      form: formOf(message, envelope, call.cx.method.name),
      isAnswered,
      call,
      request,
      value: undefined,
      error: undefined,
    }
  } catch (error) {
    reportRefusal(target, message.header, envelope, error)
    return { form: formOf(message, envelope), isAnswered, call: undefined, request: undefined, value: undefined, error }
  }
}

/** The refusal of a frame whose TTHeader cannot be read: only the sequence id of its sender is known. */
export function refusedExchange(target: DispatchTarget, sequence: number, error: unknown): Exchange {
  reportRefusal(target, undefined, undefined, error)
  const form: ReplyForm = {
    framing: 'ttheader',
    framed: true,
    protocol: 'binary',
    headerSequence: sequence,
    sequence,
    name: '',
  }
  return { form, isAnswered: true, call: undefined, request: undefined, value: undefined, error }
}

/** The refusal of a message that is too large, too slow or cut off; undefined when its sender expects no answer. */
export function cutOffExchange(target: DispatchTarget, prefix: MessagePrefix, error: RpcError): Exchange | undefined {
  reportRefusal(target, prefix.header, prefix.envelope, error)
  if (!expectsAnswer(target.router, prefix.header, prefix.envelope)) return undefined
  const type =
    error.code === 'INTERNAL' ? ApplicationExceptionType.PROTOCOL_ERROR : ApplicationExceptionType.INTERNAL_ERROR
  return {
    form: formOf(prefix, prefix.envelope),
    isAnswered: true,
    call: undefined,
    request: undefined,
    value: undefined,
    error: applicationError(error.code, type, error.message),
  }
}

/** Reports a request that no call was opened for, with what can be read of it. */
export function reportRefusal(
  { router, peer }: DispatchTarget,
  header: ThriftMessage['header'],
  envelope: ThriftEnvelope | undefined,
  error: unknown,
): void {
  const name = envelope === undefined || envelope.name === '' ? undefined : envelope.name
  let service = header?.strings.find(([key, value]) => key === 'isn' && value !== '')?.[1]
  let method = name
  const colon = name?.indexOf(':') ?? -1
  if (name !== undefined && service === undefined && colon > 0) {
    service = name.slice(0, colon)
    method = name.slice(colon + 1)
  }
  router.refused({ peer, service, method, error: RpcError.from(error) })
}

function expectsAnswer(router: Router, header: ThriftMessage['header'], envelope: ThriftEnvelope): boolean {
  if (envelope.kind === ThriftMessageKind.ONEWAY) return false
  try {
    return findRoute(router, header && readRequestInfo(header), envelope).method.kind !== 'oneway'
  } catch {
    return true
  }
}

const nameless: ThriftEnvelope = { name: '', kind: 0, sequence: 0 }

function findRoute(router: Router, info: RequestInfo | undefined, { name, kind }: ThriftEnvelope): Route {
  let service = info?.idlService
  let method = name
  let route = router.find('thrift', service, method)
  if (route !== undefined) return route
  // Apache's TMultiplexedProtocol writes `Service:method`.
  const colon = name.indexOf(':')
  if (colon > 0) {
    service = name.slice(0, colon)
    method = name.slice(colon + 1)
    route = router.find('thrift', service, method)
    if (route !== undefined) return route
  }
  const oneway = kind === ThriftMessageKind.ONEWAY
  route = router.findUnknown({ idl: 'thrift', service: service ?? '', method, oneway }, rawService)
  if (route !== undefined) return route
  if (service !== undefined && !router.has('thrift', service)) {
    throw applicationError('UNIMPLEMENTED', ApplicationExceptionType.UNKNOWN_SERVICE, whyUnknown(router, service))
  }
  const text = `unknown method ${printable(service === undefined ? method : `${service}.${method}`)}`
  throw applicationError('UNIMPLEMENTED', ApplicationExceptionType.UNKNOWN_METHOD, text)
}

function whyUnknown(router: Router, service: string): string {
  const known = router.services.some(({ name, fullName }) => name === service || fullName === service)
  if (!known) return `unknown service ${service}`
  return `${service} is a protobuf service, and Thrift carries Thrift services; call it with gRPC on this port`
}

function decode(route: Route, reader: Parameters<ThriftStruct['decode']>[0]): unknown {
  try {
    return (route.method.request as ThriftStruct).decode(reader)
  } catch (error) {
    const what = `${route.method.name}: the arguments cannot be decoded`
    // Only errors of the reader are meant for the peer.
    const text = isRpcError(error) ? `${what}: ${error.message}` : what
    if (isRpcError(error) && error.code === 'RESOURCE_EXHAUSTED') {
      throw applicationError(error.code, ApplicationExceptionType.INTERNAL_ERROR, text)
    }
    throw applicationError('INVALID_ARGUMENT', ApplicationExceptionType.PROTOCOL_ERROR, text)
  }
}

function formOf(message: ThriftMessage, envelope: ThriftEnvelope, name: string = envelope.name): ReplyForm {
  return {
    framing: message.framing,
    framed: message.framed,
    protocol: message.protocol,
    headerSequence: message.header === undefined ? envelope.sequence : message.header.sequence,
    sequence: envelope.sequence,
    name,
  }
}
