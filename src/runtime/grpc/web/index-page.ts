/** answerIndex(): the services of a server with their methods and example bodies, as JSON and as a page. */

import { exampleJson } from '../../core/json/example-json.ts'
import type { JsonValue } from '../../core/json/json-value.ts'
import { messagePlan } from '../../core/message/message-plan.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { Http2Headers, Http2Sink, Http2Stream } from '../../http2/sink.ts'
import { headerOf } from '../metadata.ts'
import { type CallAcceptor, ignoringSink } from '../server/call-acceptor.ts'
import type { RequestHeaders } from '../server/request-headers.ts'

interface MethodEntry {
  readonly name: string
  readonly kind: string
  readonly path: string
  /** What a request has as `content-type`. */
  readonly contentType: string
  readonly request: JsonValue
  readonly response: JsonValue
}

interface ServiceEntry {
  readonly name: string
  readonly idl: string
  readonly methods: readonly MethodEntry[]
}

/** The JSON forms of the well-known types. */
const wellKnown: Readonly<Record<string, JsonValue>> = {
  'google.protobuf.Any': { '@type': 'type.googleapis.com/package.Message' },
  'google.protobuf.Duration': '1.5s',
  'google.protobuf.FieldMask': 'fieldName',
  'google.protobuf.ListValue': [],
  'google.protobuf.Struct': {},
  'google.protobuf.Timestamp': '2026-01-02T03:04:05Z',
  'google.protobuf.Value': null,
  'google.protobuf.BoolValue': false,
  'google.protobuf.BytesValue': '',
  'google.protobuf.DoubleValue': 0,
  'google.protobuf.FloatValue': 0,
  'google.protobuf.Int32Value': 0,
  'google.protobuf.Int64Value': '0',
  'google.protobuf.StringValue': '',
  'google.protobuf.UInt32Value': 0,
  'google.protobuf.UInt64Value': '0',
}

/** Answers a GET of the index. */
export function answerIndex(
  acceptor: CallAcceptor,
  stream: Http2Stream,
  headers: Http2Headers,
  { method }: RequestHeaders,
  fields: Http2Headers,
): Http2Sink {
  const { router, http } = acceptor.shared
  const services = router.services
    .filter(({ idl, fullName }) => idl === 'protobuf' || http?.jsonMethods?.has(router, fullName) === true)
    .map(serviceEntry)
  const isPage = headerOf(headers, 'accept')?.includes('text/html') === true
  const text = isPage ? page(services) : `${JSON.stringify({ services }, undefined, 2)}\n`
  const body = new TextEncoder().encode(text)
  const type = isPage ? 'text/html; charset=utf-8' : 'application/json'
  stream.headers(
    [
      ...[':status', '200', 'content-type', type, 'content-length', String(body.length), 'cache-control', 'no-store'],
      // The page has no script, and nothing of another site.
      ...[
        'content-security-policy',
        "default-src 'none'; style-src 'unsafe-inline'",
        'x-content-type-options',
        'nosniff',
      ],
      ...fields,
    ],
    method === 'HEAD',
  )
  if (method !== 'HEAD') stream.write(body, true)
  return ignoringSink
}

function serviceEntry(service: ServiceType): ServiceEntry {
  const { fullName, idl, methods } = service
  return { name: fullName, idl, methods: methods.map((method) => methodEntry(service, method)) }
}

function methodEntry({ fullName, idl }: ServiceType, method: MethodType): MethodEntry {
  const { name, kind } = method
  const streams = kind !== 'unary' && kind !== 'oneway'
  return {
    name,
    kind,
    path: `/${fullName}/${name}`,
    contentType: streams ? 'application/connect+json' : 'application/json',
    request: exampleOf(method.request),
    response: idl === 'thrift' ? resultOf(method) : exampleOf(method.response),
  }
}

function exampleOf({ schema }: MethodType['request']): JsonValue {
  return exampleJson(messagePlan(schema), (name) => wellKnown[name])
}

/** What a Thrift method answers: the value itself. */
function resultOf({ response, isVoid, kind }: MethodType): JsonValue {
  if (isVoid === true || kind === 'oneway') return null
  return (exampleOf(response) as Readonly<Record<string, JsonValue>>)['success'] ?? null
}

function page(services: readonly ServiceEntry[]): string {
  const parts = services.map(
    ({ name, idl, methods }) =>
      `<section><h2>${escaped(name)} <small>${idl}</small></h2>${methods.map(methodPart).join('')}</section>`,
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Services</title>
<style>body{font:15px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}pre{background:#8881;padding:.7rem;overflow:auto}small{font-weight:normal;opacity:.7}</style>
<h1>Services</h1>
${parts.join('\n')}
</html>
`
}

function methodPart({ name, kind, path, contentType, request, response }: MethodEntry): string {
  const body = JSON.stringify(request)
  const isCurl = contentType === 'application/json'
  const curl = `curl -H 'content-type: application/json' -d '${body.replaceAll("'", "'\\\\''")}' http://HOST${path}`
  const shown = isCurl ? curl : `POST ${path}\ncontent-type: ${contentType}\n\n${JSON.stringify(request, undefined, 2)}`
  return `<details><summary>${escaped(name)} <small>${kind}</small></summary><pre>${escaped(shown)}</pre><pre>${escaped(JSON.stringify(response, undefined, 2))}</pre></details>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
