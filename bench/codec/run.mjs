/**
 * The codec race: encode and decode of six message shapes against protobufjs, protobuf-es, JSON and npm `thrift`.
 * Before each race the contestants must have written the same bytes. Needs `npm run build`; ROUNDS sets the rounds.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { create, createFileRegistry, fromBinary as esDecode, toBinary as esEncode } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import protobufjs from 'protobufjs'
import descriptors from 'protobufjs/ext/descriptor/index.js'
import ts from 'typescript'
import { compile, memoryHost } from 'volo-ts/compiler'
import * as grpc from 'volo-ts/grpc'
import * as thrift from 'volo-ts/thrift'
import { apache } from './apache.mjs'
import { race, table } from './race.mjs'
import { protoText, raced, thriftText, values } from './shapes.mjs'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../gen')
const rounds = Number(process.env['ROUNDS'] ?? 7)
const viewed = 'Bytes'

/** Our generated module of an IDL text. */
async function ours(path, text, options = {}) {
  const { files } = compile({ entries: [path], host: memoryHost({ [path]: text }), options })
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const file = join(folder, `${path.replace('.', '_')}.mjs`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, ts.transpileModule(files[0].text, { compilerOptions }).outputText)
  return import(pathToFileURL(file).href)
}

/** The value as JSON can hold it: 64-bit integers as decimal strings, bytes in base64. */
function jsonReady(value) {
  const plain = (_, one) => {
    if (typeof one === 'bigint') return String(one)
    return one instanceof Uint8Array ? Buffer.from(one).toString('base64') : one
  }
  return JSON.parse(JSON.stringify(value, plain))
}

/** What protobuf-es knows of the messages, through the descriptor that protobufjs makes of them. */
function esRegistry(root) {
  const bytes = descriptors.FileDescriptorSet.encode(root.toDescriptor('proto3')).finish()
  const set = esDecode(FileDescriptorSetSchema, bytes)
  // protobufjs writes type names without their scope; protobuf-es wants them from the root.
  for (const message of set.file.flatMap((file) => file.messageType)) {
    for (const field of message.field.filter((one) => one.typeName !== '')) {
      const isNested = message.nestedType.some((one) => one.name === field.typeName)
      field.typeName = isNested ? `.bench.${message.name}.${field.typeName}` : `.bench.${field.typeName}`
    }
  }
  return createFileRegistry(set)
}

function mustEqual(shape, peer, ourBytes, theirBytes) {
  if (Buffer.compare(ourBytes, theirBytes) !== 0) throw new Error(`${shape}: ${peer} writes other bytes`)
}

const proto = await ours('codec.proto', protoText())
const protoViews = await ours('views.proto', protoText(), { bytes: 'view' })
const idl = await ours('codec.thrift', thriftText())
const idlViews = await ours('views.thrift', thriftText(), { bytes: 'view' })
const root = protobufjs.parse(protoText()).root.resolveAll()
const registry = esRegistry(root)

const results = { encode: [], decode: [], binary: { encode: [], decode: [] }, compact: { encode: [], decode: [] } }
for (const shape of raced) {
  const value = values[shape]
  const json = jsonReady(value)
  const jsonBytes = Buffer.from(JSON.stringify(json))
  const pj = root.lookupType(`bench.${shape}`)
  const pjValue = pj.fromObject(json)
  const es = registry.getMessage(`bench.${shape}`)
  const esValue = create(es, value)
  const bytes = grpc.toBinary(proto[shape], value)
  mustEqual(shape, 'protobufjs', bytes, pj.encode(pjValue).finish())
  mustEqual(shape, 'protobuf-es', bytes, esEncode(es, esValue))

  const encoders = {
    volo: () => grpc.toBinary(proto[shape], value),
    protobufjs: () => pj.encode(pjValue).finish(),
    'protobuf-es': () => esEncode(es, esValue),
    JSON: () => Buffer.from(JSON.stringify(json)),
  }
  const decoders = {
    volo: () => grpc.fromBinary(proto[shape], bytes),
    protobufjs: () => pj.decode(bytes),
    'protobuf-es': () => esDecode(es, bytes),
    JSON: () => JSON.parse(jsonBytes.toString()),
  }
  results.encode.push({ shape, best: race(encoders, rounds) })
  results.decode.push({ shape, best: race(decoders, rounds) })
  if (shape === viewed) {
    const best = race({ ...decoders, volo: () => grpc.fromBinary(protoViews[shape], bytes) }, rounds)
    results.decode.push({ shape: `${shape}, as views like the peers`, best, extra: true })
  }

  for (const protocol of ['binary', 'compact']) {
    const other = apache(shape, protocol, value)
    const mine = thrift.toBinary(idl[shape], value, protocol)
    mustEqual(shape, 'npm thrift', mine, other.bytes)
    const { encode, decode } = results[protocol]
    const run = (name, volo, peer, extra) => ({ shape: name, best: race({ volo, 'npm thrift': peer }, rounds), extra })
    encode.push(run(shape, () => thrift.toBinary(idl[shape], value, protocol), other.encode))
    decode.push(
      run(
        shape,
        () => thrift.fromBinary(idl[shape], mine, protocol),
        () => other.decode(mine),
      ),
    )
    if (shape !== viewed) continue
    const views = () => thrift.fromBinary(idlViews[shape], mine, protocol)
    decode.push(run(`${shape}, as views like the peer`, views, () => other.decode(mine), true))
  }
}

const peers = ['protobufjs', 'protobuf-es', 'JSON']
console.log(`## Codecs\n\nNode ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}.`)
console.log(`CPU nanoseconds per message, best of ${rounds} rounds; ratio: how many times longer the peer takes.\n`)
console.log(table('protobuf encode', peers, results.encode))
console.log(table('protobuf decode', peers, results.decode))
for (const protocol of ['binary', 'compact']) {
  console.log(table(`Thrift ${protocol} encode`, ['npm thrift'], results[protocol].encode))
  console.log(table(`Thrift ${protocol} decode`, ['npm thrift'], results[protocol].decode))
}

// What the ratios below 1 come from, so that nobody has to guess.
console.log(`### Where we are not ahead

- Bytes, decoded: by default they are copied out of the frame, so that a field kept for long does not keep the frame, and nobody who writes to one
  changes another. Above 64 bytes V8 gives a copy memory of its own, some 300 ns each, which is all of the difference; the peers hand out views of
  the frame. \`bytes: view\` does as they do: the last row of each decode table.
- Nested, decoded by protobuf: in a profile the conversion of i64 fields to bigints is about a tenth and short strings are a sixth; protobufjs makes
  a Long of two small integers, and holds messages against no memory budget.
- Against protobuf-es, 4x is not reached; V8's own string decoding and the growth of arrays, which both share, are the likely floor of
  the Strings and Lists shapes.`)
