/** @grpc/grpc-js, both roles, in this process. */

import * as grpcJs from '@grpc/grpc-js'
import { fromBinary, toBinary } from '../../../dist/grpc.js'
import { asClient, jsClient } from './both-roles.mjs'
import { initialName, testHandler, testing, trailingName } from './test-service.mjs'

const gzip = 2
const noCompress = 2
const peer = '@grpc/grpc-js'

const exceptServer = {
  server_compressed_unary: 'its server does not compress',
  server_compressed_streaming: 'its server does not compress',
}

/** `{ name, outcome, detail }` for both roles. */
export async function grpcJsRoles() {
  const server = await serve()
  const outcomes = []
  try {
    outcomes.push(await asClient(peer, server.port, { except: exceptServer }))
  } finally {
    server.close()
  }
  outcomes.push(await jsClient(peer, connect))
  return outcomes
}

/** A service as grpc-js wants it, with our codec. */
function definition({ fullName, methods }) {
  const coded = ({ request, response }) => ({
    requestSerialize: (message) => Buffer.from(toBinary(request, message)),
    requestDeserialize: (bytes) => fromBinary(request, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(response, message)),
    responseDeserialize: (bytes) => fromBinary(response, bytes),
  })
  const entries = methods.map((method) => [
    method.localName,
    {
      path: `/${fullName}/${method.name}`,
      requestStream: method.kind === 'client_streaming' || method.kind === 'bidi_streaming',
      responseStream: method.kind === 'server_streaming' || method.kind === 'bidi_streaming',
      ...coded(method),
    },
  ])
  return Object.fromEntries(entries)
}

const service = definition(testing.TestService)

async function serve() {
  const handler = testHandler((call) => ({
    fail: (code, details) => Object.assign(new Error(details), { code, details }),
    plain: (message) => message,
    isCompressed: () => undefined,
    echo() {
      const [initial] = call.metadata.get(initialName)
      const metadata = new grpcJs.Metadata()
      if (initial !== undefined) metadata.set(initialName, initial)
      call.sendMetadata(metadata)
    },
  }))
  const trailersOf = (call) => {
    const metadata = new grpcJs.Metadata()
    const [trailing] = call.metadata.get(trailingName)
    if (trailing !== undefined) metadata.set(trailingName, trailing)
    return metadata
  }
  const one = (method, request) => async (call, callback) => {
    try {
      callback(null, await method(request(call), call), trailersOf(call))
    } catch (error) {
      callback(error)
    }
  }
  const many = (method, request) => async (call) => {
    try {
      for await (const message of method(request(call), call)) call.write(message)
      call.end(trailersOf(call))
    } catch (error) {
      call.emit('error', error)
    }
  }
  const message = (call) => call.request
  // Leaving the loop must not end the call, whose responses are still to come.
  const stream = (call) => call.iterator({ destroyOnReturn: false })
  const server = new grpcJs.Server()
  server.addService(service, {
    emptyCall: one(handler.emptyCall, message),
    unaryCall: one(handler.unaryCall, message),
    streamingOutputCall: many(handler.streamingOutputCall, message),
    streamingInputCall: one(handler.streamingInputCall, stream),
    fullDuplexCall: many(handler.fullDuplexCall, stream),
  })
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpcJs.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  return { port, close: () => server.forceShutdown() }
}

function connect(port) {
  const make = (methods, options) =>
    new (grpcJs.makeGenericClientConstructor(methods))(
      `127.0.0.1:${port}`,
      grpcJs.credentials.createInsecure(),
      options,
    )
  const client = make(service, {})
  const compressing = make(service, { 'grpc.default_compression_algorithm': gzip })
  const other = make(definition(testing.UnimplementedService), {})
  const plain = new WeakSet()
  return {
    call(name, request, { compress = false, ...options } = {}) {
      return open(compress ? compressing : client, name, request, options, plain)
    },
    callUnknownService: () =>
      new Promise((resolve, reject) => {
        other.unimplementedCall({}, (error) => (error === null ? resolve() : reject(error)))
      }),
    plain(message) {
      plain.add(message)
      return message
    },
    failure: ({ code, details }) => ({ code, message: details }),
    async close() {
      for (const one of [client, compressing, other]) one.close()
    },
  }
}

function open(client, name, request, { metadata = [], timeoutMs = 20_000, signal, onHeaders, onTrailers }, plain) {
  const { requestStream, responseStream } = service[name]
  const sent = new grpcJs.Metadata()
  for (const [key, value] of metadata) sent.add(key, typeof value === 'string' ? value : Buffer.from(value))
  const options = { deadline: Date.now() + timeoutMs }
  const got = (received) => (key) => received.get(key)[0]
  const attach = (call) => {
    if (onHeaders !== undefined) call.on('metadata', (received) => onHeaders(got(received)))
    if (onTrailers !== undefined) call.on('status', (status) => onTrailers(got(status.metadata)))
    signal?.addEventListener('abort', () => call.cancel(), { once: true })
    if (requestStream) send(call, request, plain)
    return call
  }
  const words = requestStream ? [sent, options] : [request, sent, options]
  if (responseStream) return attach(client[name](...words))
  return new Promise((resolve, reject) => {
    let reply
    let status
    const settle = () => status && reply?.()
    const call = client[name](...words, (error, message) => {
      reply = () => (error === null ? resolve(message) : reject(error))
      settle()
    })
    attach(call).on('status', (received) => {
      status = received
      settle()
    })
  })
}

async function send(call, requests, plain) {
  for await (const message of requests) {
    const flags = plain.has(message) ? noCompress : 0
    call.write(message, flags)
  }
  call.end()
}
