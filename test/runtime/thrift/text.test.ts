import { expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { forward } from '../../../src/runtime/thrift/generic.ts'
import { fromBinary, toBinary } from '../../../src/runtime/thrift/protocol/bytes.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

// Thrift peers do not validate text: Kitex and Apache's Go send what they hold.

const broken = Uint8Array.of(0xff, 0xfe)
/** The same wire type: one side says that it is text, the other that it is bytes. */
const idl = (type: string): string => `struct S { 1: ${type} text } service Echo { S echo(1: S given) }`

test('text that is not UTF-8 is read with U+FFFD, and unchanged where the IDL says binary', async () => {
  const [text, binary] = [
    await generated({ 'a.thrift': idl('string') }),
    await generated({ 'b.thrift': idl('binary') }),
  ]
  for (const protocol of ['binary', 'compact'] as const) {
    const bytes = toBinary(binary['S'], { text: broken }, protocol)
    expect(fromBinary(text['S'], bytes, protocol)).toEqual({ text: '\ufffd\ufffd' })
    expect([...toBinary(binary['S'], fromBinary(binary['S'], bytes, protocol), protocol)]).toEqual([...bytes])
  }
})

test('text that is not UTF-8 passes an older IDL that keeps unknown fields, also as the case of a union', async () => {
  const newer = await generated({
    'n.thrift': 'struct S { 1: i32 id, 2: binary text } union U { 1: i32 id, 2: binary text }',
  })
  const older = await generated(
    { 'o.thrift': 'struct S { 1: i32 id } union U { 1: i32 id }' },
    { keepUnknownFields: true },
  )
  for (const protocol of ['binary', 'compact'] as const) {
    for (const [name, value] of [
      ['S', { id: 1, text: broken }],
      ['U', { case: 'text', value: broken }],
    ] as const) {
      const bytes = toBinary(newer[name], value, protocol)
      expect([...toBinary(older[name], fromBinary(older[name], bytes, protocol), protocol)]).toEqual([...bytes])
    }
  }
})

test.each([
  ['binary', 'compact'],
  ['compact', 'binary'],
  ['binary', 'binary'],
] as const)('text that is not UTF-8 passes a proxy that knows no IDL (%s in, %s out)', async (inward, outward) => {
  const { Echo } = await generated({ 'b.thrift': idl('binary') })
  const behind = new Server({ onError() {} }).add(Echo, { echo: (given: unknown) => given })
  onCleanup(() => behind.close({ drainMs: 0 }))
  const upstream = thrift(`127.0.0.1:${(await behind.listen('127.0.0.1:0')).port}`, { protocol: outward })
  onCleanup(() => upstream.close())
  const proxy = new Server({ onError() {}, unknown: forward(upstream) })
  onCleanup(() => proxy.close({ drainMs: 0 }))
  const wire = thrift(`127.0.0.1:${(await proxy.listen('127.0.0.1:0')).port}`, { protocol: inward })
  onCleanup(() => wire.close())
  const client = createClient<GeneratedModule, unknown>(Echo, wire)
  const { text } = (await client['echo']({ text: broken })) as { text: Uint8Array }
  expect([...text]).toEqual([...broken])
})
