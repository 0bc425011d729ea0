/** One call of a Thrift client, from the wait for a connection to its outcome. */

import type { Context } from '../../core/context/context.ts'
import { lateFailure } from '../../core/context/deadline-error.ts'
import type { RpcError } from '../../core/error.ts'
import type { MethodType } from '../../core/service-type.ts'
import type { PoolWaiter } from '../../net/pool.ts'
import {
  ApplicationExceptionType,
  applicationError,
  bizErrorOf,
  fromApplicationException,
  readApplicationException,
} from '../exception.ts'
import type { ThriftMessage } from '../message.ts'
import { backwardPrefix, isReservedKey } from '../metainfo.ts'
import { type ThriftEnvelope, ThriftMessageKind, type ThriftReader, type ThriftStruct } from '../protocol/protocol.ts'
import type { RequestHeader } from './request-header.ts'

/** A method with what a client needs to call it. */
export interface ClientMethod {
  readonly method: MethodType
  readonly request: ThriftStruct
  readonly response: ThriftStruct
  readonly oneway: boolean
  readonly header: RequestHeader
}

type Settle = (value: unknown) => void

/** A connection, as the calls on it see it. */
export interface CallCarrier {
  send(call: ThriftClientCall): void
  /** Nobody waits for this call any more; why. */
  abandon(call: ThriftClientCall, reason: RpcError): void
}

/** Hears when a call has ended. */
export interface CallOwner {
  left(): void
}

/** Where a call that is not on a connection yet waits, so that it can leave. */
export interface ClientQueue {
  cancel(call: ThriftClientCall): void
}

/** A call in flight. It settles once; later outcomes are ignored. */
export class ThriftClientCall implements PoolWaiter<CallCarrier> {
  readonly promise: Promise<unknown>
  readonly target: ClientMethod
  readonly cx: Context
  readonly request: unknown
  /** Set by the connection that sends it. */
  connection: CallCarrier | undefined = undefined
  sequence = 0
  /** Where its bytes end in all that its connection has written. */
  begin = 0
  readonly #owner: CallOwner
  #queue: ClientQueue | undefined = undefined
  #settled = false
  #resolve!: Settle
  #reject!: Settle

  constructor(owner: CallOwner, target: ClientMethod, cx: Context, request: unknown) {
    this.#owner = owner
    this.target = target
    this.cx = cx
    this.request = request
    this.promise = new Promise<unknown>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    cx.onCancel((reason) => this.#cancel(reason))
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Remembers where it waits. */
  waitIn(queue: ClientQueue): void {
    this.#queue = queue
  }

  ready(connection: CallCarrier): void {
    this.#queue = undefined
    connection.send(this)
  }

  failed(error: RpcError): void {
    this.fail(lateFailure(this.cx, error))
  }

  resolve(value: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#owner.left()
    this.#resolve(value)
  }

  fail(error: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#queue = undefined
    this.#owner.left()
    this.#reject(error)
  }

  /**
   * Settles with a reply. Throws on bytes that cannot be decoded, which the connection then takes for the outcome. True when the peer
   * refused the message itself, after which some peers (Kitex) close the connection.
   */
  settle(message: ThriftMessage, envelope: ThriftEnvelope, reader: ThriftReader): boolean {
    const { method } = this.target
    let rpcCode: string | undefined
    if (message.header !== undefined) {
      const biz = this.#readHeader(message.header.strings)
      if (typeof biz === 'object') {
        this.fail(biz)
        return false
      }
      rpcCode = biz
    }
    if (envelope.kind === ThriftMessageKind.EXCEPTION) {
      const { type, message: text } = readApplicationException(reader)
      this.fail(fromApplicationException(type, text, rpcCode))
      return rpcCode === undefined && isAboutMessage(type)
    }
    if (envelope.kind !== ThriftMessageKind.REPLY) {
      const text = `${method.name}: the reply is of kind ${envelope.kind}, not 2 (reply) or 3 (exception)`
      throw applicationError('INTERNAL', ApplicationExceptionType.INVALID_MESSAGE_TYPE, text)
    }
    if (envelope.name !== method.name) {
      const text = `${method.name}: the reply is to ${JSON.stringify(envelope.name)}`
      throw applicationError('INTERNAL', ApplicationExceptionType.WRONG_METHOD_NAME, text)
    }
    const result = this.target.response.decode(reader) as Readonly<Record<string, unknown>>
    if (result['success'] !== undefined) {
      this.resolve(result['success'])
      return false
    }
    for (const { member } of method.throws ?? []) {
      if (result[member] === undefined) continue
      this.fail(result[member])
      return false
    }
    if (method.isVoid === true) this.resolve(undefined)
    else {
      const text = `${method.name}: the reply holds neither a result nor an exception`
      this.fail(applicationError('INTERNAL', ApplicationExceptionType.MISSING_RESULT, text))
    }
    return false
  }

  /** Puts what came back into the context; returns the BizError, or the code of an exception. */
  #readHeader(strings: readonly (readonly [string, string])[]): ReturnType<typeof bizErrorOf> | string {
    if (strings.length === 0) return undefined
    const { cx } = this
    let status: string | undefined
    let text: string | undefined
    let extra: string | undefined
    let rpcCode: string | undefined
    for (const [key, value] of strings) {
      if (key.startsWith(backwardPrefix)) cx.metainfo.backward.set(key.slice(backwardPrefix.length), value)
      else if (key === 'biz-status') status = value
      else if (key === 'biz-message') text = value
      else if (key === 'biz-extra') extra = value
      else if (key === 'rpc-code') rpcCode = value
      else if (key === 'rip') cx.peer = { address: value, kind: 'tcp' }
      else if (!isReservedKey(key)) this.#readPlainKey(key, value)
    }
    return (status === undefined ? undefined : bizErrorOf(status, text, extra)) ?? rpcCode
  }

  /** A header, or a backward value as Kitex sends it: without prefix. It may be either, so it becomes both. */
  #readPlainKey(key: string, value: string): void {
    const { backward } = this.cx.metainfo
    if (backward.get(key) === value) return
    if (!backward.has(key)) backward.set(key, value)
    this.cx.responseHeaders.append(key, value)
  }

  #cancel(reason: RpcError): void {
    if (this.#settled) return
    this.#queue?.cancel(this)
    this.fail(reason)
    this.connection?.abandon(this, reason)
  }
}

/** Whether an exception is about the message, not about what a handler did with it. */
function isAboutMessage(type: number): boolean {
  return type !== ApplicationExceptionType.UNKNOWN && type !== ApplicationExceptionType.INTERNAL_ERROR
}
