/** This package's side of gRPC's interoperability tests: a client and a server of `grpc.testing.TestService`. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Code, grpc, grpcCall, uncompressed } from '../../../dist/grpc.js'
import { createClient, isRpcError, RpcError, Server } from '../../../dist/index.js'
import { generatedModule } from '../generated-module.mjs'

export const protoRoot = new URL('./proto/', import.meta.url)
export const protoPath = 'grpc/testing/test.proto'

/** The generated code. */
export const testing = await generatedModule(protoPath, readFileSync(new URL(protoPath, protoRoot), 'utf8'))

/** A certificate for localhost, its key, and the authority that signed it. */
export const tlsFile = (name) => fileURLToPath(new URL(`../../support/tls/${name}`, import.meta.url))
const identity = { cert: { file: tlsFile('server.pem') }, key: { file: tlsFile('server-key.pem') } }

const { TestService, UnimplementedService } = testing
const nameOf = (number) => Object.keys(Code).find((name) => Code[name] === number) ?? 'UNKNOWN'

export const initialName = 'x-grpc-test-echo-initial'
export const trailingName = 'x-grpc-test-echo-trailing-bin'

/**
 * The methods of the test service for every server of JavaScript. `world(cx)` of one call: `fail(code, message)` makes the
 * error, `plain(message)` marks a message that is not to be compressed, `echo()` sends the metadata that is to come back,
 * `isCompressed(index)` says it of the request (undefined: nobody knows).
 */
export function testHandler(world) {
  const end = ({ fail }, status) => {
    if (status !== undefined && status.code !== 0) throw fail(status.code, status.message)
  }
  const expect = ({ fail, isCompressed }, index, wanted) => {
    const compressed = isCompressed(index)
    if (wanted !== undefined && compressed !== undefined && compressed !== wanted.value) {
      throw fail(Code.INVALID_ARGUMENT, `expect_compressed is ${wanted.value}, and the message says otherwise`)
    }
  }
  async function* outputs(here, { responseParameters }) {
    for (const { size, intervalUs, compressed } of responseParameters) {
      if (intervalUs > 0) await new Promise((resolve) => setTimeout(resolve, intervalUs / 1000))
      const message = { payload: { body: new Uint8Array(size) } }
      yield compressed?.value === true ? message : here.plain(message)
    }
  }
  return {
    emptyCall: () => ({}),
    unaryCall(request, cx) {
      const here = world(cx)
      here.echo()
      expect(here, 0, request.expectCompressed)
      end(here, request.responseStatus)
      const message = { payload: { body: new Uint8Array(request.responseSize) } }
      return request.responseCompressed?.value === true ? message : here.plain(message)
    },
    async *streamingOutputCall(request, cx) {
      const here = world(cx)
      here.echo()
      yield* outputs(here, request)
      end(here, request.responseStatus)
    },
    async streamingInputCall(requests, cx) {
      const here = world(cx)
      let [size, index] = [0, 0]
      for await (const { payload, expectCompressed } of requests) {
        expect(here, index++, expectCompressed)
        size += payload?.body.length ?? 0
      }
      return { aggregatedPayloadSize: size }
    },
    async *fullDuplexCall(requests, cx) {
      const here = world(cx)
      here.echo()
      for await (const request of requests) {
        yield* outputs(here, request)
        end(here, request.responseStatus)
      }
    },
  }
}

/** Our server; `tapped()` gives the tap that its client goes through. */
export async function ourTestServer(tapped = () => undefined, tls = false) {
  const handler = testHandler((cx) => ({
    fail: (number, message) => new RpcError(nameOf(number), message),
    plain: uncompressed,
    isCompressed: (index) => tapped()?.requests()[index]?.compressed,
    echo() {
      const initial = cx.requestHeaders.get(initialName)
      if (initial !== undefined) cx.responseHeaders.set(initialName, initial)
      const trailing = cx.requestHeaders.get(trailingName)
      if (trailing !== undefined) cx.responseTrailers.set(trailingName, trailing)
    },
  }))
  const unimplementedCall = () => {
    throw new RpcError('UNIMPLEMENTED', 'this server answers no UnimplementedCall')
  }
  const server = new Server({ onError() {}, grpc: { compression: 'gzip' }, ...(tls && { tls: identity }) }).add(
    TestService,
    {
      ...handler,
      unimplementedCall,
    },
  )
  const { port } = await server.listen('127.0.0.1:0')
  return { port, close: () => server.close({ drainMs: 0 }) }
}

/** Our client, as the cases know clients. */
export function ourTestClient(port, tls = false) {
  const transport = grpc(
    `127.0.0.1:${port}`,
    tls ? { tls: { ca: { file: tlsFile('ca.pem') }, servername: 'localhost' } } : {},
  )
  const client = createClient(TestService, transport)
  const unknown = createClient(UnimplementedService, transport)
  return {
    call(method, request, { compress = false, onHeaders, onTrailers, ...options } = {}) {
      return client[method](request, {
        timeoutMs: 20_000,
        ...options,
        ...(onHeaders && { onHeaders: (headers) => onHeaders((name) => headers.get(name)) }),
        ...(onTrailers && { onTrailers: (trailers) => onTrailers((name) => trailers.get(name)) }),
        ...(compress && { prepare: grpcCall({ compression: 'gzip' }) }),
      })
    },
    callUnknownService: () => unknown.unimplementedCall({}, { timeoutMs: 20_000 }),
    plain: uncompressed,
    failure(error) {
      if (!isRpcError(error)) throw error
      return { code: Code[error.code], message: error.message }
    },
    close: () => transport.close({ drainMs: 0 }),
  }
}
