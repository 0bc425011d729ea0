import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GenerateOptions } from '../../src/compiler/compile.ts'
import { isRpcError } from '../../src/runtime/core/error.ts'
import type { FileSchema } from '../../src/runtime/core/message/schema.ts'
import * as protobuf from '../../src/runtime/protobuf/bytes.ts'
import { interpretedProtobuf } from '../../src/runtime/protobuf/interpreting-codec.ts'
import type { ProtobufMessage } from '../../src/runtime/protobuf/message.ts'
import * as thrift from '../../src/runtime/thrift/protocol/bytes.ts'
import { interpretedThrift } from '../../src/runtime/thrift/protocol/interpreting-codec.ts'
import type { ThriftStruct } from '../../src/runtime/thrift/protocol/protocol.ts'
import { arbitraryProto, arbitraryThrift } from '../support/arbitrary-idl.ts'
import { arbitraryMessage, declarationsOf } from '../support/arbitrary-value.ts'
import { generated } from '../support/generated.ts'

/** The value, or the error in words. */
function outcome(run: () => unknown): unknown {
  try {
    return { value: run() }
  } catch (error) {
    if (!isRpcError(error)) throw error
    return { error: `${error.code} ${error.message}` }
  }
}

/** An exception becomes a plain object: the classes of the two codecs differ. Of a value that is none nothing changes. */
function plain(value: unknown): unknown {
  const held = (value as { value?: unknown }).value
  if (!(held instanceof Error)) return value
  const { message, ...members } = held as Error & Record<string, unknown>
  return { value: Object.hasOwn(held, 'message') && message !== '' ? { message, ...members } : members }
}

function mutants(bytes: Uint8Array, random: () => number): Uint8Array[] {
  if (bytes.length === 0) return []
  return Array.from({ length: 12 }, (_, i) => {
    if (i < 3) return bytes.subarray(0, random() % bytes.length)
    const mutant = Uint8Array.from(bytes)
    for (let n = 0; n < 1 + (i % 3); n++)
      mutant[random() % mutant.length] = [0, 0xff, 0x7f, 0x80, random() & 255, 1 << (random() % 8)][random() % 6]!
    return mutant
  })
}

const optionSets: GenerateOptions[] = [
  {},
  { keepUnknownFields: true },
  { int64: 'number', enum: 'string', map: 'map', optionalDefaults: 'keep' },
  { int64: 'string', bytes: 'view', keepUnknownFields: true },
]

/** Draws one random IDL per seed: compiling and importing is the slow part. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

function sample(arbitrary: fc.Arbitrary<string>, seed: number): string {
  return fc.sample(arbitrary, { seed, numRuns: 1 })[0]!
}

/** A generator of bytes for a file: our own values in bigint form, written by codecs with default options. */
describe.each(seeds)('random schema %i', (seed) => {
  const options = optionSets[seed % optionSets.length]!

  it.each(['proto2', 'proto3'] as const)(
    '%s is written and read alike by printed and interpreted codecs',
    async (syntax) => {
      const text = sample(arbitraryProto(syntax), seed)
      const source = await generated({ 't.proto': text })
      const module = await generated({ 't.proto': text }, options)
      const all = declarationsOf(source['$file'] as FileSchema)
      for (const name of ['A', 'B', 'C']) {
        const writer = source[name] as ProtobufMessage<unknown, unknown>
        const printed = module[name] as ProtobufMessage<unknown, unknown>
        const interpreted = interpretedProtobuf(module['$file'] as FileSchema, `t.${name}`)
        fc.assert(
          fc.property(arbitraryMessage(all, `t.${name}`, 1), fc.infiniteStream(fc.nat()), (value, stream) => {
            const random = () => stream.next().value as number
            const original = protobuf.toBinary(writer, value)
            for (const bytes of [original, ...mutants(original, random)]) {
              const first = outcome(() => protobuf.fromBinary(printed as ProtobufMessage<unknown, never>, bytes))
              const second = outcome(() => protobuf.fromBinary(interpreted as ProtobufMessage<unknown, never>, bytes))
              expect(second).toEqual(first)
              const { value: read } = first as { value?: unknown }
              if (read === undefined) continue
              const back = outcome(() => protobuf.toBinary(printed, read))
              expect(outcome(() => protobuf.toBinary(interpreted, read))).toEqual(back)
              expect(interpreted.complete(read)).toEqual(read)
            }
          }),
          { seed, numRuns: 20, endOnFailure: true },
        )
      }
    },
  )

  it('Thrift is written and read alike by printed and interpreted codecs', async () => {
    const text = sample(arbitraryThrift({ plain: false }), seed)
    const source = await generated({ 't.thrift': text })
    const module = await generated({ 't.thrift': text }, options)
    const all = declarationsOf(source['$file'] as FileSchema)
    for (const name of ['A', 'B', 'C', 'U', 'X']) {
      const writer = source[name] as ThriftStruct<unknown, unknown>
      const printed = module[name] as ThriftStruct<unknown, unknown>
      const interpreted = interpretedThrift(module['$file'] as FileSchema, `t.${name}`)
      const property = fc.property(
        arbitraryMessage(all, `t.${name}`, 1),
        fc.constantFrom('binary' as const, 'compact' as const),
        fc.infiniteStream(fc.nat()),
        (value, protocol, stream) => {
          const random = () => stream.next().value as number
          const original = thrift.toBinary(writer, value, protocol)
          for (const bytes of [original, ...mutants(original, random)]) {
            const first = outcome(() => thrift.fromBinary(printed as ThriftStruct<unknown, never>, bytes, protocol))
            const second = outcome(() =>
              thrift.fromBinary(interpreted as ThriftStruct<unknown, never>, bytes, protocol),
            )
            expect(plain(second)).toEqual(plain(first))
            const { value: read } = first as { value?: unknown }
            if (read === undefined) continue
            const back = outcome(() => thrift.toBinary(printed, read, protocol))
            expect(outcome(() => thrift.toBinary(interpreted, read, protocol))).toEqual(back)
            expect(interpreted.complete(read)).toEqual(read)
          }
        },
      )
      fc.assert(property, { seed, numRuns: 20, endOnFailure: true })
    }
  })
})
