/** npm `thrift` as the other side: writes a value tree, and reads it back. */

import { createRequire } from 'node:module'
import type { Tree } from './value-tree.ts'

const require = createRequire(import.meta.url)
const { Int64, TBinaryProtocol, TCompactProtocol, TBufferedTransport } = require('thrift')

interface Protocol {
  [method: string]: (...args: unknown[]) => void
}

function protocolOf(name: 'binary' | 'compact', transport: unknown): Protocol {
  return name === 'binary' ? new TBinaryProtocol(transport) : new TCompactProtocol(transport)
}

/** A message of one struct, written by npm `thrift`. */
export function apacheWrite(
  name: 'binary' | 'compact',
  method: string,
  kind: number,
  sequence: number,
  tree: Tree,
): Buffer {
  const chunks: Buffer[] = []
  const transport = new TBufferedTransport(undefined, (chunk: Buffer) => chunks.push(chunk))
  const p = protocolOf(name, transport)
  p['writeMessageBegin']!(method, kind, sequence)
  put(p, tree)
  p['writeMessageEnd']!()
  transport.flush()
  return Buffer.concat(chunks)
}

/** A struct alone, written by npm `thrift`. */
export function apacheStruct(name: 'binary' | 'compact', tree: Tree): Buffer {
  const chunks: Buffer[] = []
  const transport = new TBufferedTransport(undefined, (chunk: Buffer) => chunks.push(chunk))
  put(protocolOf(name, transport), tree)
  transport.flush()
  return Buffer.concat(chunks)
}

function put(p: Protocol, tree: Tree): void {
  switch (tree.type) {
    case 2:
      p['writeBool']!(tree.value)
      return
    case 3:
      p['writeByte']!(tree.value)
      return
    case 4:
      p['writeDouble']!(tree.value)
      return
    case 6:
      p['writeI16']!(tree.value)
      return
    case 8:
      p['writeI32']!(tree.value)
      return
    case 10: {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64BE(tree.value)
      p['writeI64']!(new Int64(bytes))
      return
    }
    case 11:
      if (typeof tree.value === 'string') p['writeString']!(tree.value)
      else p['writeBinary']!(Buffer.from(tree.value))
      return
    case 16:
      p['writeUuid']!(tree.value)
      return
    case 12:
      p['writeStructBegin']!('')
      for (const { id, tree: inner } of tree.fields) {
        p['writeFieldBegin']!('', inner.type, id)
        put(p, inner)
        p['writeFieldEnd']!()
      }
      p['writeFieldStop']!()
      p['writeStructEnd']!()
      return
    case 13:
      p['writeMapBegin']!(tree.key, tree.of, tree.entries.length)
      for (const [key, value] of tree.entries) {
        put(p, key)
        put(p, value)
      }
      p['writeMapEnd']!()
      return
    default:
      if (tree.type === 14) p['writeSetBegin']!(tree.of, tree.elements.length)
      else p['writeListBegin']!(tree.of, tree.elements.length)
      for (const element of tree.elements) put(p, element)
      p['writeListEnd']!()
      return
  }
}

/** A struct read by npm `thrift`, written again by it as it was read. */
export function apacheCopy(name: 'binary' | 'compact', bytes: Uint8Array): Buffer {
  const chunks: Buffer[] = []
  const out = new TBufferedTransport(undefined, (chunk: Buffer) => chunks.push(chunk))
  const receive = TBufferedTransport.receiver((transport: unknown) => {
    copy(reading(name, transport), protocolOf(name, out), 12)
    out.flush()
  })
  receive(Buffer.from(bytes))
  return Buffer.concat(chunks)
}

interface Reading {
  [method: string]: () => {
    readonly ftype: number
    readonly fid: number
    readonly etype: number
    readonly ktype: number
    readonly vtype: number
    readonly size: number
  }
}

function reading(name: 'binary' | 'compact', transport: unknown): Reading {
  return protocolOf(name, transport) as unknown as Reading
}

function copy(from: Reading, to: Protocol, type: number): void {
  switch (type) {
    case 12:
      from['readStructBegin']!()
      to['writeStructBegin']!('')
      for (;;) {
        const { ftype, fid } = from['readFieldBegin']!()
        if (ftype === 0) break
        to['writeFieldBegin']!('', ftype, fid)
        copy(from, to, ftype)
        from['readFieldEnd']!()
        to['writeFieldEnd']!()
      }
      from['readStructEnd']!()
      to['writeFieldStop']!()
      to['writeStructEnd']!()
      return
    case 13: {
      const { ktype, vtype, size } = from['readMapBegin']!()
      to['writeMapBegin']!(ktype, vtype, size)
      for (let i = 0; i < size; i++) {
        copy(from, to, ktype)
        copy(from, to, vtype)
      }
      from['readMapEnd']!()
      to['writeMapEnd']!()
      return
    }
    case 14:
    case 15: {
      const kind = type === 14 ? 'Set' : 'List'
      const { etype, size } = from[`read${kind}Begin`]!()
      to[`write${kind}Begin`]!(etype, size)
      for (let i = 0; i < size; i++) copy(from, to, etype)
      from[`read${kind}End`]!()
      to[`write${kind}End`]!()
      return
    }
    default: {
      const name = { 2: 'Bool', 3: 'Byte', 4: 'Double', 6: 'I16', 8: 'I32', 10: 'I64', 11: 'Binary' }[type]
      to[`write${name}`]!(from[`read${name}`]!())
    }
  }
}
