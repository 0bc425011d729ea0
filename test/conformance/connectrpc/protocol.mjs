/** The messages that the conformance runner exchanges with the programs under test, and how they are framed on stdin and stdout. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { compile, memoryHost } from '../../../dist/compiler.js'
import { cache } from '../../interop/thrift/peer-process.mjs'

/** The version of the suite: https://github.com/connectrpc/conformance. */
export const version = 'v1.0.7'
const moduleName = 'connectrpc.com/conformance'
const protoFolder = 'connectrpc/conformance/v1'
const generated = join(cache, 'connectrpc', 'generated')
const face = (name) => pathToFileURL(fileURLToPath(new URL(`../../../dist/${name}.js`, import.meta.url))).href

/** Generates code for the protos of the suite, which lie in Go's module cache, into the cache folder. */
export function generateProtocol() {
  const { Dir } = JSON.parse(
    execFileSync('go', ['mod', 'download', '-json', `${moduleName}@${version}`], { encoding: 'utf8' }),
  )
  const folder = join(Dir, 'proto', protoFolder)
  const sources = Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.proto'))
      .map((name) => [`${protoFolder}/${name}`, readFileSync(join(folder, name), 'utf8')]),
  )
  const { files, diagnostics } = compile({ entries: Object.keys(sources), host: memoryHost(sources), options: {} })
  const errors = diagnostics.filter((one) => one.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((one) => one.message).join('\n'))
  const fresh = `${generated}-${process.pid}`
  for (const { path, text } of files) {
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
    const { outputText } = ts.transpileModule(text, { compilerOptions })
    const file = join(fresh, path.replace(/\.ts$/, '.mjs'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      outputText
        .replaceAll(/'volo-ts\/(\w+)'/g, (_, name) => JSON.stringify(face(name)))
        .replaceAll(/(from '\.[^']*)\.(?:js|ts)'/g, "$1.mjs'"),
    )
  }
  rmSync(generated, { recursive: true, force: true })
  renameSync(fresh, generated)
}

/** The generated module of one proto of the suite, such as `service`. */
export function protocolModule(name) {
  return import(pathToFileURL(join(generated, protoFolder, `${name}.mjs`)).href)
}

/** The messages of a stream, each behind four bytes with its size, most significant first. */
export async function* readMessages(stream) {
  let rest = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      if (rest.length < 4 || rest.length < 4 + rest.readUInt32BE()) break
      const end = 4 + rest.readUInt32BE()
      yield rest.subarray(4, end)
      rest = rest.subarray(end)
    }
  }
}

/** Writes one message with its size. */
export function writeMessage(stream, bytes) {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  stream.write(Buffer.concat([size, bytes]))
}

/** Metadata as the suite's headers, the values of one name together; values of `-bin` names in base64. */
export function toHeaders(metadata) {
  const byName = new Map()
  for (const [name, value] of metadata ?? []) {
    const text = typeof value === 'string' ? value : Buffer.from(value).toString('base64').replace(/=+$/, '')
    byName.set(name, [...(byName.get(name) ?? []), text])
  }
  return [...byName].map(([name, value]) => ({ name, value }))
}

/** Adds the suite's headers to metadata. */
export function addHeaders(metadata, headers) {
  for (const { name, value } of headers) {
    for (const one of value)
      metadata.append(name, name.endsWith('-bin') ? new Uint8Array(Buffer.from(one, 'base64')) : one)
  }
  return metadata
}
