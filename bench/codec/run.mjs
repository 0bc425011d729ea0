/** The codec race: encode and decode of six message shapes against protobufjs, protobuf-es, JSON and npm `thrift`. Needs `npm run build`. */

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
import { protoText, raced, thriftText, values } from './shapes.mjs'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../gen')
const rounds = Number(process.env['ROUNDS'] ?? 7)
const slice = 60

/** Our generated module of an IDL text. */
async function ours(path, text) {
  const { files } = compile({ entries: [path], host: memoryHost({ [path]: text }) })
  const js = ts.transpileModule(files[0].text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${path.replace('.', '_')}.mjs`)
  writeFileSync(file, js.outputText)
  return import(pathToFileURL(file).href)
}

/** CPU nanoseconds of one call: the best of the rounds, contestants taking turns. */
function race(contestants) {
  const names = Object.keys(contestants)
  const best = Object.fromEntries(names.map((name) => [name, Infinity]))
  const loops = {}
  for (const name of names) {
    const run = contestants[name]
    const until = performance.now() + 150
    let calls = 0
    while (performance.now() < until) for (let i = 0; i < 100; i++, calls++) run()
    loops[name] = Math.max(10, Math.round((calls / 150) * slice))
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const run = contestants[name]
      const before = process.cpuUsage()
      for (let i = 0; i < loops[name]; i++) run()
      const { user, system } = process.cpuUsage(before)
      best[name] = Math.min(best[name], ((user + system) * 1000) / loops[name])
    }
  }
  return best
}

const jsonReady = (value) =>
  JSON.parse(
    JSON.stringify(value, (_, one) =>
      typeof one === 'bigint' ? String(one) : one instanceof Uint8Array ? Buffer.from(one).toString('base64') : one,
    ),
  )
const nanos = (value) => (value < 10000 ? String(Math.round(value)) : `${(value / 1000).toFixed(1)}k`)
const geometric = (list) => Math.exp(list.reduce((sum, one) => sum + Math.log(one), 0) / list.length)

function table(title, peers, results) {
  const lines = [`### ${title}`, '', `| shape | volo ns | ${peers.map((peer) => `${peer} ns | ratio`).join(' | ')} |`]
  lines.push(`|---|---|${'---|---|'.repeat(peers.length)}`)
  for (const [shape, best] of results) {
    lines.push(
      `| ${shape} | ${nanos(best.volo)} | ${peers.map((peer) => `${nanos(best[peer])} | ${(best[peer] / best.volo).toFixed(2)}x`).join(' | ')} |`,
    )
  }
  const means = peers.map(
    (peer) => ` | **${geometric(results.map(([, best]) => best[peer] / best.volo)).toFixed(2)}x**`,
  )
  lines.push(`| geometric mean |  | ${means.join(' | ').replace(/^ \| /, ' | ')} |`.replace('|  |  |', '| |'), '')
  return lines.join('\n')
}

const proto = await ours('codec.proto', protoText())
const idl = await ours('codec.thrift', thriftText())
const root = protobufjs.parse(protoText()).root.resolveAll()
const set = esDecode(
  FileDescriptorSetSchema,
  descriptors.FileDescriptorSet.encode(root.toDescriptor('proto3')).finish(),
)
// protobufjs writes type names without their scope; protobuf-es wants them from the root.
for (const message of set.file.flatMap((file) => file.messageType)) {
  for (const field of message.field.filter((one) => one.typeName !== '')) {
    const isNested = message.nestedType.some((one) => one.name === field.typeName)
    field.typeName = isNested ? `.bench.${message.name}.${field.typeName}` : `.bench.${field.typeName}`
  }
}
const registry = createFileRegistry(set)

const encoded = []
const decoded = []
const apacheRuns = { binary: { encode: [], decode: [] }, compact: { encode: [], decode: [] } }
for (const name of raced) {
  const value = values[name]
  const json = jsonReady(value)
  const pj = root.lookupType(`bench.${name}`)
  const pjValue = pj.fromObject(json)
  const es = registry.getMessage(`bench.${name}`)
  const esValue = create(es, value)
  const bytes = grpc.toBinary(proto[name], value)
  if (Buffer.compare(bytes, pj.encode(pjValue).finish()) !== 0)
    throw new Error(`${name}: protobufjs writes other bytes`)
  const jsonBytes = Buffer.from(JSON.stringify(json))
  encoded.push([
    name,
    race({
      volo: () => grpc.toBinary(proto[name], value),
      protobufjs: () => pj.encode(pjValue).finish(),
      'protobuf-es': () => esEncode(es, esValue),
      JSON: () => Buffer.from(JSON.stringify(json)),
    }),
  ])
  decoded.push([
    name,
    race({
      volo: () => grpc.fromBinary(proto[name], bytes),
      protobufjs: () => pj.decode(bytes),
      'protobuf-es': () => esDecode(es, bytes),
      JSON: () => JSON.parse(jsonBytes.toString()),
    }),
  ])
  for (const protocol of ['binary', 'compact']) {
    const other = apache(name, protocol, value)
    const mine = thrift.toBinary(idl[name], value, protocol)
    if (Buffer.compare(mine, other.bytes) !== 0) throw new Error(`${name}: npm thrift writes other bytes`)
    apacheRuns[protocol].encode.push([
      name,
      race({ volo: () => thrift.toBinary(idl[name], value, protocol), thrift: other.encode }),
    ])
    apacheRuns[protocol].decode.push([
      name,
      race({ volo: () => thrift.fromBinary(idl[name], mine, protocol), thrift: () => other.decode(mine) }),
    ])
  }
}

const protobufPeers = ['protobufjs', 'protobuf-es', 'JSON']
console.log(
  `## Codecs\n\nNode ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}. CPU nanoseconds per message, best of ${rounds} rounds; ratio: times the peer takes longer.\n`,
)
console.log(table('protobuf encode', protobufPeers, encoded))
console.log(table('protobuf decode', protobufPeers, decoded))
for (const protocol of ['binary', 'compact']) {
  console.log(table(`Thrift ${protocol} encode, against npm thrift`, ['thrift'], apacheRuns[protocol].encode))
  console.log(table(`Thrift ${protocol} decode, against npm thrift`, ['thrift'], apacheRuns[protocol].decode))
}
