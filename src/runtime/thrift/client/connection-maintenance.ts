/** What connections of a client need besides calls: an end when nobody uses them, and a look whether the peer is there. */

import { CallContext } from '../../core/context/call-context.ts'
import { delayOf } from '../../core/context/delay.ts'
import { RpcError } from '../../core/error.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { ThriftStruct } from '../protocol/protocol.ts'
import { ThriftClientCall } from './call.ts'
import type { ClientConnection, ConnectionEvents } from './connection.ts'
import { RequestHeader } from './request-header.ts'

/** Opens a connection. */
export type OpenConnection = (
  signal: AbortSignal,
  events: ConnectionEvents<ClientConnection>,
) => Promise<ClientConnection>

/** How a shared connection is looked after. */
export interface SharedMaintenance {
  readonly idleTimeoutMs: number
  /** Looks whether the peer is there, while nothing else shows it. */
  readonly check?: ((connection: ClientConnection) => void) | undefined
  readonly checkEveryMs?: number | undefined
}

/** Looks after a shared connection until it is of no use any more. */
export function maintainConnection(connection: ClientConnection, care: SharedMaintenance): void {
  const { idleTimeoutMs, check, checkEveryMs = 10_000 } = care
  const everyMs = Math.min(idleTimeoutMs, check === undefined ? Number.POSITIVE_INFINITY : checkEveryMs)
  if (everyMs === Number.POSITIVE_INFINITY) return
  let sent = connection.sent
  let since = performance.now()
  const timer = setInterval(
    () => {
      if (!connection.usable) {
        clearInterval(timer)
        return
      }
      const now = performance.now()
      if (connection.inFlight > 0 || connection.sent !== sent) since = now
      else if (now - since >= idleTimeoutMs) {
        clearInterval(timer)
        connection.retire()
        return
      } else check?.(connection)
      sent = connection.sent
    },
    delayOf(Math.max(1, everyMs)),
  ).unref()
}

/** How idle connections are checked. */
export interface HealthCheckOptions {
  /** Milliseconds between two checks of an idle connection. Default 10,000. */
  readonly everyMs?: number | undefined
  /** Milliseconds in which an answer must come. Default 2,000. */
  readonly timeoutMs?: number | undefined
  /**
   * A method without arguments. It need not exist: any answer shows that the peer is there, also that it has no such
   * method. Default `$health`.
   */
  readonly method?: string | undefined
}

const emptyStruct = (name: string): ThriftStruct => ({
  typeName: name,
  schema: { kind: 'struct', name, fields: [] },
  create: () => ({}),
  complete: () => ({}),
  encode(writer) {
    writer.structBegin()
    writer.structEnd()
  },
  decode(reader) {
    reader.structBegin()
    for (let code = reader.fieldBegin(); code !== 0; code = reader.fieldBegin()) reader.skip(code)
    reader.structEnd()
    return {}
  },
})

/** Makes the check: a call whose answer does not matter; without one in time the connection is destroyed. */
export function healthCheck(options: HealthCheckOptions, caller: string): (connection: ClientConnection) => void {
  const call = unknownMethodCall(options, caller)
  return (connection) => {
    call(connection).then((isInTime) => {
      if (isInTime) return
      const text = `no answer to a health check within ${options.timeoutMs ?? defaultTimeoutMs} ms`
      connection.destroy(new RpcError('UNAVAILABLE', text, { stack: false }))
    })
  }
}

const defaultTimeoutMs = 2_000

/** Makes a call whose outcome does not matter; resolves when it is known, with false when that took too long. */
export function unknownMethodCall(
  options: Omit<HealthCheckOptions, 'everyMs'>,
  caller: string,
): (connection: ClientConnection) => Promise<boolean> {
  const { timeoutMs = defaultTimeoutMs, method: name = '$health' } = options
  const method: MethodType = {
    name,
    localName: name,
    kind: 'unary',
    request: emptyStruct(`${name}_args`),
    response: emptyStruct(`${name}_result`),
    args: [],
    isVoid: true,
  }
  const service: ServiceType = {
    name: '',
    fullName: '',
    idl: 'thrift',
    methods: [method],
    get file(): never {
      throw new RpcError('INTERNAL', 'a health check has no description')
    },
  }
  const target = {
    method,
    request: method.request as ThriftStruct,
    response: method.response as ThriftStruct,
    oneway: false,
    header: new RequestHeader(service, method, { caller, callee: undefined }),
  }
  return (connection) => {
    const cx = new CallContext('client', service, method, performance.now() + timeoutMs)
    const call = new ThriftClientCall({ left: () => cx.end() }, target, cx, {})
    cx.watchDeadline()
    connection.send(call)
    return call.promise.then(
      () => true,
      () => cx.cancelled === undefined,
    )
  }
}
