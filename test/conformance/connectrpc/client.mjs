/** The client under test: reads ClientCompatRequests from stdin, makes each call, and writes what came of it. `fetch`: the faces for browsers. */

import { setTimeout as sleep } from 'node:timers/promises'
import { anyUnpack, connect, fromBinary, grpc, protoJson, toBinary } from '../../../dist/grpc.js'
import { createClient, isRpcError, Metadata } from '../../../dist/index.js'
import { connect as connectByFetch, grpcWeb } from '../../../dist/web.js'
import { addHeaders, protocolModule, readMessages, toHeaders, writeMessage } from './protocol.mjs'
import { codeNumber } from './service.mjs'

const { ClientCompatRequest, ClientCompatResponse } = await protocolModule('client_compat')
const { Codec, Compression, HTTPVersion, Protocol, StreamType } = await protocolModule('config')
const service = await protocolModule('service')

/** What an Any may hold in JSON. */
const types = Object.values(service).filter((one) => typeof one?.typeName === 'string')

const byFetch = process.argv[2] === 'fetch'

const compressions = {
  [Compression.COMPRESSION_GZIP]: 'gzip',
  [Compression.COMPRESSION_DEFLATE]: 'deflate',
  [Compression.COMPRESSION_BR]: 'br',
  [Compression.COMPRESSION_ZSTD]: 'zstd',
}

function transportOf(request) {
  const { host, port, messageReceiveLimit, serverTlsCert, clientTlsCreds } = request
  const limit = messageReceiveLimit > 0 ? { maxReceiveBytes: messageReceiveLimit } : {}
  if (request.protocol === Protocol.PROTOCOL_GRPC_WEB) return grpcWeb(`http://${host}:${port}`, limit)
  const format = request.codec === Codec.CODEC_JSON ? { format: protoJson({ types }) } : {}
  if (byFetch)
    return connectByFetch(`http://${host}:${port}`, { ...limit, ...format, useGet: request.useGetHttpMethod })
  const compression = compressions[request.compression]
  const common = {
    ...limit,
    ...(compression && { compression, compressMinBytes: 0 }),
    ...(serverTlsCert.length > 0 && {
      tls: { ca: serverTlsCert, ...(clientTlsCreds && { cert: clientTlsCreds.cert, key: clientTlsCreds.key }) },
    }),
  }
  if (request.protocol === Protocol.PROTOCOL_GRPC) return grpc(`${host}:${port}`, common)
  return connect(`${host}:${port}`, {
    ...common,
    httpVersion: request.httpVersion === HTTPVersion.HTTP_VERSION_1 ? '1.1' : '2',
    ...format,
    useGet: request.useGetHttpMethod,
  })
}

/** One call as the request describes it. */
async function call(request) {
  const transport = transportOf(request)
  const { cancel, method: name, streamType } = request
  const method = name[0].toLowerCase() + name.slice(1)
  const messages = request.requestMessages.map((any) => anyUnpack(any, service[any.typeUrl.split('.').at(-1)]))
  const cancelled = new AbortController()
  const stop = () => cancelled.abort()
  const result = { payloads: [], responseHeaders: [], responseTrailers: [], numUnsentRequests: 0 }
  let context
  const client = createClient(service.ConformanceService, transport)
  const options = {
    metadata: addHeaders(new Metadata(), request.requestHeaders),
    signal: cancelled.signal,
    prepare: (cx) => {
      context = cx
    },
    ...(request.timeoutMs !== undefined && { timeoutMs: request.timeoutMs }),
  }
  const take = (response) => {
    result.payloads.push(response.payload ?? {})
    if (cancel?.cancelTiming?.case === 'afterNumResponses' && result.payloads.length === cancel.cancelTiming.value)
      stop()
  }
  const afterSend = () => {
    if (cancel?.cancelTiming?.case === 'afterCloseSendMs') setTimeout(stop, cancel.cancelTiming.value)
  }
  const isFullDuplex = streamType === StreamType.STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM
  let wake = () => {}
  let received = 0
  async function* requests() {
    for (const [index, message] of messages.entries()) {
      if (request.requestDelayMs > 0) await sleep(request.requestDelayMs)
      yield message
      while (isFullDuplex && received <= index) {
        await new Promise((resolve) => {
          wake = resolve
        })
      }
    }
    if (cancel?.cancelTiming?.case === 'beforeCloseSend') {
      stop()
      return
    }
    afterSend()
  }
  try {
    if (streamType === StreamType.STREAM_TYPE_UNARY) {
      if (request.requestDelayMs > 0) await sleep(request.requestDelayMs)
      afterSend()
      take(await client[method](messages[0], options))
    } else if (streamType === StreamType.STREAM_TYPE_CLIENT_STREAM) {
      take(await client[method](requests(), options))
    } else {
      const isServerStream = streamType === StreamType.STREAM_TYPE_SERVER_STREAM
      if (isServerStream) {
        if (request.requestDelayMs > 0) await sleep(request.requestDelayMs)
        afterSend()
      }
      for await (const response of client[method](isServerStream ? messages[0] : requests(), options)) {
        received++
        take(response)
        wake()
      }
    }
  } catch (error) {
    if (!isRpcError(error)) throw error
    result.error = { code: codeNumber(error.code), message: error.message, details: error.details }
    if (error.metadata && context.responseTrailers.size === 0) result.responseTrailers = toHeaders(error.metadata)
  } finally {
    await transport.close({ drainMs: 0 })
  }
  result.responseHeaders = toHeaders(context.responseHeaders)
  if (context.responseTrailers.size > 0) result.responseTrailers = toHeaders(context.responseTrailers)
  return result
}

const running = new Set()
for await (const bytes of readMessages(process.stdin)) {
  const request = fromBinary(ClientCompatRequest, bytes)
  const { testName } = request
  const done = call(request)
    .then(
      (value) => ({ case: 'response', value }),
      (error) => ({ case: 'error', value: { message: String(error.stack ?? error) } }),
    )
    .then((result) => {
      writeMessage(process.stdout, toBinary(ClientCompatResponse, { testName, result }))
      running.delete(done)
    })
  running.add(done)
  if (running.size >= 32) await Promise.race(running)
}
await Promise.all(running)
