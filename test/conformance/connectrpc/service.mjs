/** The handler of the suite's ConformanceService. */

import { setTimeout as sleep } from 'node:timers/promises'
import { anyPack, sendHeaders } from '../../../dist/grpc.js'
import { RpcError, rpcCodes } from '../../../dist/index.js'
import { addHeaders, protocolModule, toHeaders } from './protocol.mjs'

const service = await protocolModule('service')

/** The suite's numbers of codes are those of gRPC. */
export const codeNumber = (name) => rpcCodes.indexOf(name) + 1

const failure = ({ code, message, details }, more) =>
  new RpcError(rpcCodes[code - 1] ?? 'UNKNOWN', message ?? '', { details: [...details, ...more] })

function requestInfo(cx, requests) {
  return {
    requestHeaders: toHeaders(cx.requestHeaders),
    requests,
    ...(Number.isFinite(cx.remainingMs) && { timeoutMs: BigInt(Math.round(cx.remainingMs)) }),
  }
}

const infoDetail = (info) => anyPack(service.ConformancePayload_RequestInfo, info)

function setMetadata(cx, definition) {
  addHeaders(cx.responseHeaders, definition.responseHeaders)
  addHeaders(cx.responseTrailers, definition.responseTrailers)
}

async function answer(cx, definition, info) {
  if (definition === undefined) return { payload: { requestInfo: info } }
  setMetadata(cx, definition)
  if (definition.responseDelayMs > 0) await sleep(definition.responseDelayMs, undefined, { signal: cx.signal })
  const { response } = definition
  if (response?.case === 'error') throw failure(response.value, [infoDetail(info)])
  return { payload: { data: response?.value ?? new Uint8Array(0), requestInfo: info } }
}

async function* answers(cx, definition, info) {
  let first = true
  for (const data of definition.responseData) {
    if (definition.responseDelayMs > 0) await sleep(definition.responseDelayMs, undefined, { signal: cx.signal })
    yield { payload: { data, ...(first && { requestInfo: info }) } }
    first = false
  }
  if (definition.error !== undefined) throw failure(definition.error, first ? [infoDetail(info)] : [])
}

/** The methods, for `Server.add`. */
export const conformanceHandler = {
  unary: (request, cx) =>
    answer(cx, request.responseDefinition, requestInfo(cx, [anyPack(service.UnaryRequest, request)])),

  idempotentUnary: (request, cx) =>
    answer(cx, request.responseDefinition, requestInfo(cx, [anyPack(service.IdempotentUnaryRequest, request)])),

  unimplemented() {
    throw new RpcError('UNIMPLEMENTED', 'this method is not implemented')
  },

  async clientStream(requests, cx) {
    const packed = []
    let definition
    for await (const request of requests) {
      definition ??= request.responseDefinition
      packed.push(anyPack(service.ClientStreamRequest, request))
    }
    return answer(cx, definition, requestInfo(cx, packed))
  },

  async *serverStream(request, cx) {
    const definition = request.responseDefinition
    if (definition === undefined) return
    setMetadata(cx, definition)
    if (definition.responseData.length > 0) sendHeaders(cx)
    yield* answers(cx, definition, requestInfo(cx, [anyPack(service.ServerStreamRequest, request)]))
  },

  async *bidiStream(requests, cx) {
    let packed = []
    let definition
    let fullDuplex = false
    let sent = 0
    let isFirst = true
    for await (const request of requests) {
      packed.push(anyPack(service.BidiStreamRequest, request))
      if (isFirst) {
        isFirst = false
        definition = request.responseDefinition
        fullDuplex = request.fullDuplex
        if (definition !== undefined) {
          setMetadata(cx, definition)
          if (definition.responseData.length > 0) sendHeaders(cx)
        }
      }
      if (!fullDuplex) continue
      if (definition === undefined || sent >= definition.responseData.length) break
      if (definition.responseDelayMs > 0) await sleep(definition.responseDelayMs, undefined, { signal: cx.signal })
      const info = requestInfo(cx, packed)
      yield { payload: { data: definition.responseData[sent], requestInfo: sent === 0 ? info : { requests: packed } } }
      sent++
      packed = []
    }
    if (definition === undefined) return
    const info = requestInfo(cx, packed)
    if (!fullDuplex) {
      yield* answers(cx, definition, info)
      return
    }
    for (const data of definition.responseData.slice(sent)) {
      if (definition.responseDelayMs > 0) await sleep(definition.responseDelayMs, undefined, { signal: cx.signal })
      yield { payload: { data, ...(sent === 0 && { requestInfo: info }) } }
      sent++
    }
    if (definition.error !== undefined) throw failure(definition.error, sent === 0 ? [infoDetail(info)] : [])
  },
}
