/** The messages that the conformance runner exchanges with the programs under test, and how they are framed on stdin and stdout. */

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { cache } from '../../interop/thrift/peer-process.mjs'
import { generateInto, importGenerated } from '../generated.mjs'

/** The version of the suite: https://github.com/connectrpc/conformance. */
export const version = 'v1.0.7'
const moduleName = 'connectrpc.com/conformance'
const generated = join(cache, 'connectrpc', 'generated')

/** Generates code for the protos of the suite, which lie in Go's module cache, into the cache folder. */
export function generateProtocol() {
  const words = ['mod', 'download', '-json', `${moduleName}@${version}`]
  const { Dir } = JSON.parse(execFileSync('go', words, { encoding: 'utf8' }))
  generateInto(generated, join(Dir, 'proto'))
}

/** The generated module of one proto of the suite, such as `service`. */
export function protocolModule(name) {
  return importGenerated(generated, `connectrpc/conformance/v1/${name}`)
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
