/** The program under test of Protobuf's conformance runner: `testee.mjs printed|interpreted`. Requests come on stdin, answers leave on stdout. */

import { readSync, writeSync } from 'node:fs'
import { fromBinary, fromJson, interpretedProtobuf, toBinary, toJson } from '../../../dist/grpc.js'
import { conformanceModule, testModules } from './messages.mjs'

const { ConformanceRequest, ConformanceResponse, TestCategory, WireFormat } = await conformanceModule()
const types = new Map()
const extensions = []
for (const module of await testModules()) {
  for (const value of Object.values(module)) {
    if (typeof value?.typeName === 'string') {
      const type =
        process.argv[2] === 'interpreted'
          ? interpretedProtobuf(value.schema.file ?? module.$file, value.typeName)
          : value
      types.set(value.typeName, type)
    } else if (typeof value?.extendee === 'string') extensions.push(value)
  }
}
const registry = { types: [...types.values()], extensions }

function answer({ payload, messageType, requestedOutputFormat, testCategory }) {
  const type = types.get(messageType)
  if (type === undefined) return { case: 'runtimeError', value: `no message ${messageType}` }
  if (payload.case === 'textPayload' || payload.case === 'jspbPayload')
    return { case: 'skipped', value: 'not supported' }
  let message
  try {
    if (payload.case === 'protobufPayload') message = fromBinary(type, payload.value)
    else {
      const ignoreUnknown = testCategory === TestCategory.JSON_IGNORE_UNKNOWN_PARSING_TEST
      message = fromJson(type, JSON.parse(payload.value), { ...registry, ignoreUnknown })
    }
  } catch (error) {
    return { case: 'parseError', value: String(error.message) }
  }
  try {
    if (requestedOutputFormat === WireFormat.PROTOBUF)
      return { case: 'protobufPayload', value: toBinary(type, message) }
    if (requestedOutputFormat === WireFormat.JSON) {
      return { case: 'jsonPayload', value: JSON.stringify(toJson(type, message, registry)) }
    }
    return { case: 'skipped', value: 'not supported' }
  } catch (error) {
    return { case: 'serializeError', value: String(error.message) }
  }
}

/** Reads so many bytes; undefined at the end of the input. */
function read(size) {
  const bytes = new Uint8Array(size)
  let filled = 0
  while (filled < size) {
    try {
      const count = readSync(0, bytes, filled, size - filled, null)
      if (count === 0) return undefined
      filled += count
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
  return bytes
}

for (let head = read(4); head !== undefined; head = read(4)) {
  const request = read(Buffer.from(head).readUInt32LE())
  const response = toBinary(ConformanceResponse, { result: answer(fromBinary(ConformanceRequest, request)) })
  const size = Buffer.alloc(4)
  size.writeUInt32LE(response.length)
  const bytes = Buffer.concat([size, response])
  for (let written = 0; written < bytes.length; ) written += writeSync(1, bytes, written)
}
