import { expect, test } from 'vitest'
import { fileSchema, messageSchema } from '../../../src/runtime/core/message/file-schema.ts'
import { formatNumber } from '../../../src/runtime/core/message/schema.ts'

const json = JSON.stringify([
  'shop/v1/shop.proto',
  1,
  'proto3',
  'shop.v1',
  'shop.v1.',
  'string',
  [
    [
      3,
      '.Cart',
      [
        [1, 'customer_id customerId', 's64'],
        [2, 'lines', '[:.Line', 1],
        [3, 'by_day byDay by-day', '<sfixed64,{[=.Kind', 4],
        [4, 'constructor constructor_ constructor', 'string', 2, 'who'],
        [5, 'note', 'string', 8, '', 'none'],
        [6, 'other', ':elsewhere.Thing'],
      ],
      { 'api.tag': ['a', 'b'] },
    ],
    [0, '.Line', []],
  ],
  [['.Kind', 'A', 0, '__proto__ __proto___', -7]],
  [['.Shop', 'base.Base', [['Put', 12, '.Cart', '.Line', { deprecated: true }]], { 'a.b': 1 }]],
])

test('every place of the compact JSON reaches the description', () => {
  const other = fileSchema(formatNumber, '["o.proto",1,"proto3","","","",[],[],[]]', () => [])
  const file = fileSchema(formatNumber, json, () => [other])
  expect(file).toMatchObject({ path: 'shop/v1/shop.proto', idl: 'protobuf', syntax: 'proto3', package: 'shop.v1' })
  expect(file.imports).toEqual([other])
  expect(file.enums).toEqual([
    {
      kind: 'enum',
      name: 'shop.v1.Kind',
      values: [
        { name: 'A', localName: 'A', number: 0 },
        { name: '__proto__', localName: '__proto___', number: -7 },
      ],
    },
  ])
  expect(file.services).toEqual([
    {
      name: 'shop.v1.Shop',
      extends: 'base.Base',
      methods: [
        {
          name: 'Put',
          kind: 'bidi_streaming',
          request: 'shop.v1.Cart',
          response: 'shop.v1.Line',
          idempotent: true,
          annotations: { deprecated: true },
        },
      ],
      annotations: { 'a.b': 1 },
    },
  ])
  expect(file.messages[1]).toEqual({ kind: 'struct', name: 'shop.v1.Line', fields: [] })
  const cart = messageSchema(file, 'shop.v1.Cart')
  expect(cart).toBe(file.messages[0])
  expect(cart).toEqual({
    kind: 'message',
    name: 'shop.v1.Cart',
    annotations: { 'api.tag': ['a', 'b'] },
    fields: [
      {
        id: 1,
        name: 'customer_id',
        localName: 'customerId',
        jsonName: 'customerId',
        type: { kind: 'scalar', scalar: 's64' },
        presence: 'default',
        int64: 'string',
      },
      {
        id: 2,
        name: 'lines',
        localName: 'lines',
        jsonName: 'lines',
        type: { kind: 'list', element: { kind: 'message', name: 'shop.v1.Line' } },
        presence: 'required',
      },
      {
        id: 3,
        name: 'by_day',
        localName: 'byDay',
        jsonName: 'by-day',
        type: {
          kind: 'map',
          key: { kind: 'scalar', scalar: 'sfixed64' },
          value: { kind: 'set', element: { kind: 'list', element: { kind: 'enum', name: 'shop.v1.Kind' } } },
        },
        presence: 'default',
        packed: true,
        int64: 'string',
      },
      {
        id: 4,
        name: 'constructor',
        localName: 'constructor_',
        jsonName: 'constructor',
        type: { kind: 'scalar', scalar: 'string' },
        presence: 'optional',
        oneof: 'who',
      },
      {
        id: 5,
        name: 'note',
        localName: 'note',
        jsonName: 'note',
        type: { kind: 'scalar', scalar: 'string' },
        presence: 'default',
        delimited: true,
        default: 'none',
      },
      {
        id: 6,
        name: 'other',
        localName: 'other',
        jsonName: 'other',
        type: { kind: 'message', name: 'elsewhere.Thing' },
        presence: 'default',
      },
    ],
  })
})

test('nothing is decoded before it is read, and once only', () => {
  const broken = fileSchema(formatNumber, 'not JSON', () => [])
  expect(() => broken.path).toThrow(SyntaxError)
  const file = fileSchema(formatNumber, json, () => [])
  expect(file.messages).toBe(file.messages)
})

test('older generated code says in one sentence to generate again', () => {
  expect(() => fileSchema(formatNumber - 1, '["a/b.thrift",9]', () => [])).toThrow(
    `The code generated from a/b.thrift has format ${formatNumber - 1}, and this version of volo-ts reads format ${formatNumber}: run \`npx volo generate\` to renew it.`,
  )
})

test('newer generated code says in one sentence which version to install', () => {
  expect(() => fileSchema(formatNumber + 1, 'no longer JSON', () => [])).toThrow(
    /^The code generated from an IDL file has format .* install the version of volo-ts that generated it, or run `npx volo generate` with the installed one\.$/,
  )
})

test('a message that the file does not describe is named', () => {
  const file = fileSchema(formatNumber, json, () => [])
  expect(() => messageSchema(file, 'shop.v1.Nope')).toThrow('shop/v1/shop.proto does not describe shop.v1.Nope')
})
