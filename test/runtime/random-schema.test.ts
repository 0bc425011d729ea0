import {
  create as createEs,
  createFileRegistry,
  fromBinary as fromEs,
  fromJson as fromEsJson,
  toBinary as toEs,
} from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import protobufjs from 'protobufjs'
import { describe, expect, it } from 'vitest'
import type { FileSchema } from '../../src/runtime/core/message/schema.ts'
import * as protobuf from '../../src/runtime/protobuf/bytes.ts'
import { toFileDescriptors } from '../../src/runtime/protobuf/file-descriptor.ts'
import { toJson } from '../../src/runtime/protobuf/json.ts'
import type { ProtobufMessage } from '../../src/runtime/protobuf/message.ts'
import * as thrift from '../../src/runtime/thrift/protocol/bytes.ts'
import type { ThriftStruct } from '../../src/runtime/thrift/protocol/protocol.ts'
import { arbitraryProto, arbitraryThrift } from '../support/arbitrary-idl.ts'
import { arbitraryMessage, declarationsOf } from '../support/arbitrary-value.ts'
import { generated } from '../support/generated.ts'
import { apacheCopy, apacheStruct } from './thrift/protocol/apache.ts'
import { structTree } from './thrift/protocol/schema-tree.ts'

/** Whether a value holds a map of which the order may be lost in an object of another library. */
function hasLongMap(value: unknown): boolean {
  if (value instanceof Map) return value.size > 1 || [...value.values()].some(hasLongMap)
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return false
  return Object.values(value).some(hasLongMap)
}

/** A draw per seed: compiling and importing is the slow part. */
function sample(arbitrary: fc.Arbitrary<string>, seed: number): string {
  return fc.sample(arbitrary, { seed, numRuns: 1 })[0]!
}

describe.each([11, 12, 13, 14, 15, 16, 17, 18])('random schema %i', (seed) => {
  it.each(['proto2', 'proto3'] as const)(
    '%s: protobuf-es and protobufjs read our bytes, and we read theirs',
    async (syntax) => {
      const text = sample(arbitraryProto(syntax), seed)
      const module = await generated({ 't.proto': text })
      const file = module['$file'] as FileSchema
      const all = declarationsOf(file)
      const files = toFileDescriptors(file).map((bytes) => fromEs(FileDescriptorProtoSchema, bytes))
      const registry = createFileRegistry(createEs(FileDescriptorSetSchema, { file: files }))
      const { root } = protobufjs.parse(text, { keepCase: false })
      root.resolveAll()
      for (const name of ['A', 'B', 'C']) {
        const type = module[name] as ProtobufMessage<unknown, unknown>
        const es = registry.getMessage(`t.${name}`)!
        const pj = root.lookupType(`t.${name}`)
        const read = (bytes: Uint8Array): unknown => protobuf.fromBinary(type as ProtobufMessage<unknown, never>, bytes)
        fc.assert(
          fc.property(arbitraryMessage(all, `t.${name}`, 1), (value) => {
            const bytes = protobuf.toBinary(type, value)
            expect(read(bytes)).toEqual(value)
            // Values cross through JSON, of which protobuf-es has its own reader.
            const theirs = fromEsJson(es, toJson(type, value) as never, { registry })
            const written = toEs(es, theirs)
            expect(read(written)).toEqual(value)
            if (syntax === 'proto3' && !hasLongMap(value)) expect(Buffer.compare(written, bytes)).toBe(0)
            expect(toEs(es, fromEs(es, bytes)).length).toBe(bytes.length)
            expect(read(pj.encode(pj.decode(bytes)).finish())).toEqual(value)
          }),
          { seed, numRuns: 40, endOnFailure: true },
        )
      }
    },
  )

  it('Thrift: npm thrift writes the same bytes, and reads ours', async () => {
    const module = await generated({ 't.thrift': sample(arbitraryThrift({ plain: true }), seed) })
    const all = declarationsOf(module['$file'] as FileSchema)
    for (const name of ['A', 'B', 'C', 'U', 'X']) {
      const type = module[name] as ThriftStruct<unknown, unknown>
      fc.assert(
        fc.property(
          arbitraryMessage(all, `t.${name}`, 1),
          fc.constantFrom('binary' as const, 'compact' as const),
          (drawn, protocol) => {
            const value = type.complete(drawn)
            const bytes = thrift.toBinary(type, value, protocol)
            expect(Buffer.compare(bytes, apacheStruct(protocol, structTree(all, `t.${name}`, drawn)))).toBe(0)
            expect(Buffer.compare(bytes, apacheCopy(protocol, bytes))).toBe(0)
            expect(thrift.fromBinary(type as ThriftStruct<unknown, never>, bytes, protocol)).toEqual(value)
          },
        ),
        { seed, numRuns: 40, endOnFailure: true },
      )
    }
  })
})
