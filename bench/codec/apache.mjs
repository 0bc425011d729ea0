/** Classes for npm `thrift` as Apache's compiler prints them with `js:node`. */

import { createRequire } from 'node:module'
import { structs } from './shapes.mjs'

const require = createRequire(import.meta.url)
const thrift = require('thrift')
const { Int64 } = thrift

const types = {
  i32: ['I32', 8],
  i64: ['I64', 10],
  double: ['DOUBLE', 4],
  string: ['STRING', 11],
  bytes: ['STRING', 11],
  bool: ['BOOL', 2],
}
const methods = { i32: 'I32', i64: 'I64', double: 'Double', string: 'String', bytes: 'Binary', bool: 'Bool' }
const code = (type) => (type.list ? 15 : type.map ? 13 : type.struct ? 12 : types[type.type][1])

function writeText(type, value) {
  if (type.struct) return `${value}.write(output);`
  if (type.list)
    return `output.writeListBegin(${code(type.list)}, ${value}.length);
      for (let i = 0; i < ${value}.length; i++) { const e = ${value}[i]; ${writeText(type.list, 'e')} }
      output.writeListEnd();`
  if (type.map)
    return `output.writeMapBegin(11, ${code(type.map)}, Thrift.objectLength(${value}));
      for (const k in ${value}) { if (Object.prototype.hasOwnProperty.call(${value}, k)) { const e = ${value}[k]; output.writeString(k); ${writeText(type.map, 'e')} } }
      output.writeMapEnd();`
  const bytes = type.type === 'bytes' ? `Buffer.from(${value}.buffer, ${value}.byteOffset, ${value}.length)` : value
  return `output.write${methods[type.type]}(${bytes});`
}

function readText(type, target) {
  if (type.struct) return `${target} = new classes.${type.struct}(); ${target}.read(input);`
  if (type.list)
    return `${target} = []; const l = input.readListBegin(); for (let i = 0; i < l.size; i++) { let e = null; ${readText(type.list, 'e')} ${target}.push(e); } input.readListEnd();`
  if (type.map)
    return `${target} = {}; const l = input.readMapBegin(); for (let i = 0; i < l.size; i++) { const k = input.readString(); let e = null; ${readText(type.map, 'e')} ${target}[k] = e; } input.readMapEnd();`
  return `${target} = input.read${methods[type.type]}();`
}

function classText(name, fields) {
  const entries = Object.entries(fields)
  const set = entries.map(
    ([field]) =>
      `this.${field} = null; if (args && args.${field} !== undefined && args.${field} !== null) this.${field} = args.${field};`,
  )
  const read = entries.map(
    ([field, type], i) => `case ${i + 1}:
        if (ftype == ${code(type)}) { ${readText(type, `this.${field}`)} } else { input.skip(ftype); }
        break;`,
  )
  const write = entries.map(
    ([field, type], i) => `if (this.${field} !== null && this.${field} !== undefined) {
      output.writeFieldBegin('${field}', ${code(type)}, ${i + 1});
      ${writeText(type, `this.${field}`)}
      output.writeFieldEnd();
    }`,
  )
  return `classes.${name} = class {
    constructor(args) { ${set.join(' ')} }
    read(input) {
      input.readStructBegin();
      while (true) {
        const ret = input.readFieldBegin();
        const ftype = ret.ftype;
        const fid = ret.fid;
        if (ftype == 0) break;
        switch (fid) {
        ${read.join('\n')}
        default: input.skip(ftype);
        }
        input.readFieldEnd();
      }
      input.readStructEnd();
    }
    write(output) {
      output.writeStructBegin('${name}');
      ${write.join('\n')}
      output.writeFieldStop();
      output.writeStructEnd();
    }
  };`
}

const classes = {}
const source = Object.entries(structs)
  .map(([name, fields]) => classText(name, fields))
  .join('\n')
new Function('classes', 'Thrift', source)(classes, thrift.Thrift)

function instance(type, value) {
  if (type.struct) return new classes[type.struct](fieldsOf(type.struct, value))
  if (type.list) return value.map((one) => instance(type.list, one))
  if (type.type !== 'i64') return value
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return new Int64(bytes)
}

function fieldsOf(name, value) {
  const made = {}
  for (const [field, type] of Object.entries(structs[name])) {
    if (value[field] !== undefined) made[field] = type.map ? value[field] : instance(type, value[field])
  }
  return made
}

/** Encode and decode of one struct through npm `thrift`, framed as its server does it. */
export function apache(name, protocol, value) {
  const Protocol = protocol === 'binary' ? thrift.TBinaryProtocol : thrift.TCompactProtocol
  const given = instance({ struct: name }, value)
  let sent
  const encode = () => {
    const transport = new thrift.TFramedTransport(undefined, (frame) => {
      sent = frame
    })
    given.write(new Protocol(transport))
    transport.flush()
    return sent
  }
  return {
    encode,
    decode: (frame) => {
      const made = new classes[name]()
      made.read(new Protocol(new thrift.TFramedTransport(frame)))
      return made
    },
    bytes: encode().subarray(4),
  }
}
