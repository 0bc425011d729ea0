/** @connectrpc/connect-node, both roles, in this process; its code comes from our descriptors. */

import { once } from 'node:events'
import { createServer } from 'node:http2'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { ConnectError, createClient, decodeBinaryHeader, encodeBinaryHeader } from '@connectrpc/connect'
import { compressionGzip, connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node'
import { toFileDescriptor } from '../../../dist/grpc.js'
import { asClient, jsClient } from './both-roles.mjs'
import { initialName, testHandler, testing, trailingName } from './test-service.mjs'

const peer = '@connectrpc/connect-node'
const registry = createFileRegistry(
  fromBinary(FileDescriptorProtoSchema, toFileDescriptor(testing.TestService.file)),
  () => undefined,
)
const TestService = registry.getService('grpc.testing.TestService')
const UnimplementedService = registry.getService('grpc.testing.UnimplementedService')

const wholeCalls = 'it compresses every message of a call, above a size, or none'
const exceptServer = { server_compressed_unary: wholeCalls, server_compressed_streaming: wholeCalls }
const exceptClient = { client_compressed_streaming: wholeCalls }

/** `{ name, outcome, detail }` for both roles. */
export async function connectNode() {
  const server = await serve()
  const outcomes = []
  try {
    outcomes.push(await asClient(peer, server.port, { except: exceptServer }))
  } finally {
    await server.close()
  }
  outcomes.push(await jsClient(peer, connect, exceptClient))
  return outcomes
}

async function serve() {
  const handler = testHandler((cx) => ({
    fail: (code, message) => new ConnectError(message, code),
    plain: (message) => message,
    isCompressed: () => undefined,
    echo() {
      const initial = cx.requestHeader.get(initialName)
      if (initial !== null) cx.responseHeader.set(initialName, initial)
      const trailing = cx.requestHeader.get(trailingName)
      if (trailing !== null) cx.responseTrailer.set(trailingName, trailing)
    },
  }))
  const sessions = new Set()
  const server = createServer(connectNodeAdapter({ routes: (router) => router.service(TestService, handler) }))
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    async close() {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function connect(port) {
  const transport = (options) => createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}`, ...options })
  const plain = transport({})
  const client = createClient(TestService, plain)
  const compressing = createClient(TestService, transport({ sendCompression: compressionGzip }))
  const other = createClient(UnimplementedService, plain)
  return {
    call(name, request, { compress = false, metadata = [], timeoutMs = 20_000, signal, onHeaders, onTrailers } = {}) {
      const got = (headers) => (key) => (key.endsWith('-bin') ? decodeBinaryHeader(headers.get(key)) : headers.get(key))
      const headers = metadata.map(([key, value]) => [
        key,
        typeof value === 'string' ? value : encodeBinaryHeader(value),
      ])
      return (compress ? compressing : client)[name](Array.isArray(request) ? each(request) : request, {
        timeoutMs,
        signal,
        headers,
        ...(onHeaders && { onHeader: (received) => onHeaders(got(received)) }),
        ...(onTrailers && { onTrailer: (received) => onTrailers(got(received)) }),
      })
    },
    callUnknownService: () => other.unimplementedCall({}),
    plain: (message) => message,
    failure(error) {
      const { code, rawMessage } = ConnectError.from(error)
      return { code, message: rawMessage }
    },
    async close() {},
  }
}

async function* each(messages) {
  yield* messages
}
