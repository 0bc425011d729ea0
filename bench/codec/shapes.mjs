/** The messages of the codec race: one description, from which the IDLs and the values of every contestant are made. */

const scalar = (type) => ({ type })
const list = (of) => ({ list: of })
const map = (of) => ({ map: of })

/** Structs by name: field name to type, in the order of the field numbers. */
export const structs = {
  Money: { units: scalar('i64'), currency: scalar('i32') },
  Line: { sku: scalar('string'), quantity: scalar('i32'), price: { struct: 'Money' } },
  Address: { street: scalar('string'), city: scalar('string'), zip: scalar('string') },
  Person: { id: scalar('i64'), name: scalar('string'), address: { struct: 'Address' } },
  Node: { value: scalar('i32'), child: { struct: 'Node' } },
  Small: {
    id: scalar('i64'),
    name: scalar('string'),
    email: scalar('string'),
    age: scalar('i32'),
    active: scalar('bool'),
    score: scalar('double'),
    kind: scalar('i32'),
    createdAt: scalar('i64'),
    city: scalar('string'),
    zip: scalar('i32'),
  },
  Nested: {
    id: scalar('i64'),
    customer: { struct: 'Person' },
    lines: list({ struct: 'Line' }),
    total: { struct: 'Money' },
    tree: { struct: 'Node' },
  },
  Strings: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`text${i}`, scalar('string')])),
  Numbers: Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`number${i}`, scalar(['i32', 'double', 'i64', 'i32'][i % 4])]),
  ),
  Bytes: Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`bytes${i}`, scalar('bytes')])),
  Lists: {
    ints: list(scalar('i32')),
    doubles: list(scalar('double')),
    texts: list(scalar('string')),
    money: list({ struct: 'Money' }),
    counts: map(scalar('i32')),
  },
}

/** The messages that race. */
export const raced = ['Small', 'Nested', 'Strings', 'Numbers', 'Bytes', 'Lists']

let seed = 42
const random = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}
const text = (length) =>
  Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz -_'[Math.floor(random() * 29)]).join('')

/** The values, 64-bit integers as bigint. */
export const values = {
  Small: {
    id: 1234567890123n,
    name: 'Ada Lovelace',
    email: 'ada@example.org',
    age: 36,
    active: true,
    score: 99.5,
    kind: 3,
    createdAt: 1700000000000n,
    city: 'London',
    zip: 10115,
  },
  Nested: {
    id: 77n,
    customer: { id: 5n, name: 'Grace Hopper', address: { street: '1 Navy Yard', city: 'Arlington', zip: '22202' } },
    lines: Array.from({ length: 6 }, (_, i) => ({
      sku: `SKU-${1000 + i}`,
      quantity: i + 1,
      price: { units: BigInt(1999 + i), currency: 978 },
    })),
    total: { units: 123456n, currency: 978 },
    tree: { value: 1, child: { value: 2, child: { value: 3, child: { value: 4 } } } },
  },
  Strings: Object.fromEntries(
    [4, 8, 15, 16, 23, 42, 80, 200, 600]
      .map((length, i) => [`text${i}`, text(length)])
      .concat([['text9', 'grüße aus köln, 東京 🎉']]),
  ),
  Numbers: Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [
      `number${i}`,
      [
        Math.floor(random() * 1000),
        random() * 1e6,
        BigInt(Math.floor(random() * 2 ** 50)),
        -Math.floor(random() * 2 ** 31),
      ][i % 4],
    ]),
  ),
  Bytes: Object.fromEntries(
    [16, 64, 512, 4096].map((length, i) => [
      `bytes${i}`,
      Uint8Array.from({ length }, () => Math.floor(random() * 256)),
    ]),
  ),
  Lists: {
    ints: Array.from({ length: 100 }, () => Math.floor(random() * 100000)),
    doubles: Array.from({ length: 50 }, () => random() * 1000),
    texts: Array.from({ length: 30 }, (_, i) => text(6 + (i % 10))),
    money: Array.from({ length: 20 }, (_, i) => ({ units: BigInt(i * 100), currency: 840 })),
    counts: Object.assign(
      Object.create(null),
      Object.fromEntries(Array.from({ length: 10 }, (_, i) => [text(8), i * 7])),
    ),
  },
}

const protoNames = { i32: 'int32', i64: 'int64', double: 'double', string: 'string', bytes: 'bytes', bool: 'bool' }
const thriftNames = { ...protoNames, i32: 'i32', i64: 'i64', bytes: 'binary' }

const protoType = (type) =>
  type.list
    ? `repeated ${protoType(type.list)}`
    : type.map
      ? `map<string, ${protoType(type.map)}>`
      : (type.struct ?? protoNames[type.type])
const thriftType = (type) =>
  type.list
    ? `list<${thriftType(type.list)}>`
    : type.map
      ? `map<string, ${thriftType(type.map)}>`
      : (type.struct ?? thriftNames[type.type])

/** The structs as proto3. */
export function protoText() {
  const messages = Object.entries(structs).map(([name, fields]) => {
    const lines = Object.entries(fields).map(([field, type], i) => `  ${protoType(type)} ${field} = ${i + 1};`)
    return `message ${name} {\n${lines.join('\n')}\n}\n`
  })
  return `syntax = "proto3";\npackage bench;\n${messages.join('')}`
}

/** The structs as Thrift. */
export function thriftText() {
  const messages = Object.entries(structs).map(([name, fields]) => {
    const lines = Object.entries(fields).map(
      ([field, type], i) => `  ${i + 1}: ${type.struct ? 'optional ' : ''}${thriftType(type)} ${field},`,
    )
    return `struct ${name} {\n${lines.join('\n')}\n}\n`
  })
  return `namespace * bench\n${messages.join('')}`
}
