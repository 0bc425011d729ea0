/** How the answer of a Thrift call is written: in the form in which its request came. */

import type { Context } from '../../core/context/context.ts'
import { isBizError, isRpcError } from '../../core/error.ts'
import type { ServerCall } from '../../core/router.ts'
import type { MethodType } from '../../core/service-type.ts'
import type { ProtocolWriter } from '../connection-codec.ts'
import { bizErrorPairs, toApplicationException, writeApplicationException } from '../exception.ts'
import { addMetadata, responsePairs } from '../metainfo.ts'
import type { ThriftProtocolName } from '../protocol/bytes.ts'
import { ThriftMessageKind, type ThriftStruct } from '../protocol/protocol.ts'
import type { ThriftFraming } from '../sniff.ts'
import { beginTtheader, endTtheader, TtheaderKey } from '../ttheader.ts'

/** How a request came; its answer goes the same way. */
export interface ReplyForm {
  readonly framing: ThriftFraming
  readonly framed: boolean
  readonly protocol: ThriftProtocolName
  /** Of the TTHeader and of the envelope; the same in every client that is not broken. */
  readonly headerSequence: number
  readonly sequence: number
  readonly name: string
}

/** What a reply says of its connection in TTHeader keys. */
export type Notice = readonly (readonly [key: string, value: string])[] | undefined

type Pairs = [key: string, value: string][] | undefined

/** Writes the answer of a call that worked. Throws when it cannot be encoded. */
export function writeResult(
  writer: ProtocolWriter,
  form: ReplyForm,
  cx: Context,
  value: unknown,
  notice: Notice,
): void {
  const pairs = form.framing === 'ttheader' ? responsePairs(cx) : undefined
  writeReply(writer, form, ThriftMessageKind.REPLY, pairs, notice, () => {
    resultOf(cx.method).encode(writer, { success: value })
  })
}

/** Writes the answer of a call that failed. Throws when it cannot be encoded. */
export function writeFailure(
  writer: ProtocolWriter,
  form: ReplyForm,
  call: ServerCall | undefined,
  error: unknown,
  notice: Notice,
): void {
  const declared = call?.cx.method.throws?.find(({ type }) => error instanceof type)
  const pairs = form.framing === 'ttheader' && call !== undefined ? responsePairs(call.cx) : undefined
  if (call !== undefined && declared !== undefined) {
    writeReply(writer, form, ThriftMessageKind.REPLY, pairs, notice, () => {
      resultOf(call.cx.method).encode(writer, { [declared.member]: error })
    })
    return
  }
  if (isBizError(error) && form.framing === 'ttheader') {
    writeReply(writer, form, ThriftMessageKind.REPLY, [...(pairs ?? []), ...bizErrorPairs(error)], notice, () => {
      writer.structBegin()
      writer.structEnd()
    })
    return
  }
  const { type, message } = toApplicationException(error)
  writeReply(writer, form, ThriftMessageKind.EXCEPTION, withCode(form, pairs, error), notice, () =>
    writeApplicationException(writer, type, message),
  )
}

function withCode(form: ReplyForm, pairs: Pairs, error: unknown): Pairs {
  if (form.framing !== 'ttheader' || !isRpcError(error)) return pairs
  return addMetadata([...(pairs ?? []), ['rpc-code', error.code]], error.metadata, 'INTERNAL')
}

function resultOf(method: MethodType): ThriftStruct {
  return method.response as ThriftStruct
}

function writeReply(
  writer: ProtocolWriter,
  form: ReplyForm,
  kind: ThriftMessageKind,
  pairs: Pairs,
  notice: Notice,
  body: () => void,
): void {
  const header = form.framing === 'ttheader' ? beginHeader(writer, form, kind, pairs, notice) : -1
  const length = form.framed ? writer.reserve(4) : -1
  writer.messageBegin(form.name, kind, form.sequence)
  body()
  writer.messageEnd()
  if (length >= 0) writer.setU32(length, writer.position - length - 4)
  if (header >= 0) endTtheader(writer, header)
}

function beginHeader(
  writer: ProtocolWriter,
  form: ReplyForm,
  kind: ThriftMessageKind,
  pairs: Pairs,
  notice: Notice,
): number {
  if (pairs === undefined && notice === undefined) {
    const begin = writer.position
    writer.raw(kind === ThriftMessageKind.REPLY ? replyHeader : exceptionHeader)
    writer.setU32(begin + 8, form.headerSequence >>> 0)
    return begin
  }
  const strings = notice === undefined ? (pairs ?? []) : [...(pairs ?? []), ...notice]
  return beginTtheader(writer, { sequence: form.headerSequence, strings, ints: [[TtheaderKey.MSG_TYPE, String(kind)]] })
}

/** A header with nothing but the message type, which most replies have. */
function bareHeader(kind: ThriftMessageKind): Uint8Array {
  // LENGTH, magic 0x1000, flags, sequence, 3 words; protocol 0, no transforms; block 0x10 with one key: 22 = kind; 1 byte of padding.
  const size = 14 + 12
  const bytes = new Uint8Array(size)
  bytes.set([0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0x10, 0, 1, 0, TtheaderKey.MSG_TYPE, 0, 1, 0x30 + kind])
  return bytes
}

const replyHeader = bareHeader(ThriftMessageKind.REPLY)
const exceptionHeader = bareHeader(ThriftMessageKind.EXCEPTION)
