/** connectDialect(): the Connect protocol under the calls of a client (https://connectrpc.com/docs/protocol). */

import type { MethodType, ServiceType } from '../../../core/service-type.ts'
import type { Http2ClientConnection, Http2Headers, Http2Stream } from '../../../http2/sink.ts'
import type { AnswerSink, Dialect } from '../../client/dialect.ts'
import type { Compressor } from '../../compressor.ts'
import { hasNoSideEffects } from '../side-effects.ts'
import { ownFields, RequestFields } from './request-fields.ts'
import { StreamAnswer } from './stream-answer.ts'
import { UnaryAnswer } from './unary-answer.ts'
import { type UnaryForms, UnaryRequest } from './unary-request.ts'

/** What the dialect of a method goes by. */
export interface ConnectDialectOptions {
  readonly isJson: boolean
  /** Methods without side effects are called by GET. */
  readonly useGet: boolean
  readonly compressor: Compressor
}

/** The dialect of one method. */
export function connectDialect(
  service: ServiceType,
  method: MethodType,
  { isJson, useGet, compressor }: ConnectDialectOptions,
): Dialect {
  const format = isJson ? 'json' : 'proto'
  if (method.kind !== 'unary') {
    const contentType = `application/connect+${format}`
    const expected = { contentType, compressor }
    const fields = new RequestFields('stream', contentType)
    return {
      open: (connection, headers, more, call) =>
        connection.open(fields.shared(headers), ownFields(more), new StreamAnswer(call, expected)),
    }
  }
  const contentType = `application/${format}`
  const expected = { contentType, compressor }
  const forms: UnaryForms = {
    plain: new RequestFields('unary', contentType),
    compressed: new RequestFields('compressed', contentType),
    get: useGet && hasNoSideEffects(service, method) ? new RequestFields('get', contentType) : undefined,
    isJson,
  }
  return {
    open: (
      connection: Http2ClientConnection,
      headers: Http2Headers,
      more: Http2Headers | undefined,
      call: AnswerSink,
    ): Http2Stream => new UnaryRequest(forms, connection, headers, more, new UnaryAnswer(call, expected)),
  }
}
