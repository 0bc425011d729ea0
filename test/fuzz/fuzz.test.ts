/**
 * Mutated messages and mutated IDLs: nothing may be thrown that is not ours, nothing may hang, memory stays where it was. The suite runs a
 * slice; `npm run fuzz` runs a million of each (FUZZ_COUNT, FUZZ_SEED).
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import ts from 'typescript'
import { describe, it } from 'vitest'
import { compile, hasErrors } from '../../src/compiler/compile.ts'
import { memoryHost } from '../../src/compiler/host.ts'
import { isRpcError } from '../../src/runtime/core/error.ts'
import { equals } from '../../src/runtime/core/message/message-value.ts'
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
import { count, fuzz, idlCount, seed, timeout } from './campaign.ts'
import { mutateBytes, mutateText, type Random, randomOf } from './mutate.ts'

/** The value, or the error as text; what is not ours is thrown on with the bytes that did it. */
function attempt(bytes: Uint8Array, run: () => unknown): { readonly value?: unknown; readonly error?: string } {
  try {
    return { value: run() }
  } catch (error) {
    if (isRpcError(error) && error.code === 'INTERNAL') return { error: error.message }
    throw new Error(`bytes ${Buffer.from(bytes).toString('hex')}`, { cause: error })
  }
}

interface Codec {
  readonly samples: readonly Uint8Array[]
  readonly type: ProtobufMessage | ThriftStruct
  read(bytes: Uint8Array): unknown
  interpret(bytes: Uint8Array): unknown
  write(value: unknown): Uint8Array
}

function check(codec: Codec, bytes: Uint8Array, thorough: boolean): string {
  const { value, error } = attempt(bytes, () => codec.read(bytes))
  if (thorough) {
    const second = attempt(bytes, () => codec.interpret(bytes))
    if (second.error !== error) throw new Error(`printed: ${error}, interpreted: ${second.error}`)
  }
  if (error !== undefined) return 'refused'
  const written = codec.write(value)
  const again = attempt(written, () => codec.read(written))
  if (again.error !== undefined || !equals(codec.type, again.value, value))
    throw new Error(`bytes ${Buffer.from(bytes).toString('hex')} are read, but not as they are written again`, {
      cause: new Error(
        inspect({ value, again, typeName: codec.type.typeName, fields: codec.type.schema.fields }, { depth: 9 }),
      ),
    })
  return 'read'
}

async function protobufCodecs(): Promise<Codec[]> {
  const all: Codec[] = []
  for (const syntax of ['proto2', 'proto3'] as const) {
    for (const [i, text] of fc.sample(arbitraryProto(syntax), { seed, numRuns: 4 }).entries()) {
      const module = await generated({ 't.proto': text }, { keepUnknownFields: i % 2 === 1 })
      const file = module['$file'] as FileSchema
      for (const name of ['A', 'B', 'C']) {
        const type = module[name] as ProtobufMessage<unknown, never>
        const interpreted = interpretedProtobuf(file, type.typeName) as ProtobufMessage<unknown, never>
        all.push({
          type,
          read: (bytes) => protobuf.fromBinary(type, bytes),
          interpret: (bytes) => protobuf.fromBinary(interpreted, bytes),
          write: (value) => protobuf.toBinary(type, value as never),
          samples: fc
            .sample(arbitraryMessage(declarationsOf(file), type.typeName, 1), { seed, numRuns: 20 })
            .map((value) => protobuf.toBinary(type, value as never)),
        })
      }
    }
  }
  return all
}

async function thriftCodecs(): Promise<Codec[]> {
  const all: Codec[] = []
  for (const [i, text] of fc.sample(arbitraryThrift({ plain: false }), { seed, numRuns: 6 }).entries()) {
    const module = await generated({ 't.thrift': text }, { keepUnknownFields: i % 2 === 1 })
    const file = module['$file'] as FileSchema
    for (const name of ['A', 'B', 'C', 'U', 'X']) {
      const type = module[name] as ThriftStruct<unknown, never>
      const interpreted = interpretedThrift(file, type.typeName) as ThriftStruct<unknown, never>
      const values = fc.sample(arbitraryMessage(declarationsOf(file), type.typeName, 1), { seed, numRuns: 20 })
      for (const protocol of ['binary', 'compact'] as const) {
        all.push({
          type,
          read: (bytes) => thrift.fromBinary(type, bytes, protocol),
          interpret: (bytes) => thrift.fromBinary(interpreted, bytes, protocol),
          write: (value) => thrift.toBinary(type, value as never, protocol),
          samples: values.map((value) => thrift.toBinary(type, value as never, protocol)),
        })
      }
    }
  }
  return all
}

function messageCase(codecs: readonly Codec[], random: Random, i: number): string {
  const codec = codecs[i % codecs.length]!
  const pick = (): Uint8Array => codec.samples[random(codec.samples.length)]!
  return check(codec, mutateBytes(pick(), pick(), random), i % 4 === 0)
}

describe('mutated messages', () => {
  it(
    'of protobuf are read or refused',
    async () => {
      const [codecs, random] = [await protobufCodecs(), randomOf(seed)]
      await fuzz('protobuf messages', count, (i) => messageCase(codecs, random, i))
    },
    timeout,
  )

  it(
    'of Thrift are read or refused',
    async () => {
      const [codecs, random] = [await thriftCodecs(), randomOf(seed)]
      await fuzz('Thrift messages', count, (i) => messageCase(codecs, random, i))
    },
    timeout,
  )
})

/** IDL files of the golden cases, and random ones. */
function idlTexts(extension: string): string[] {
  const golden = join(import.meta.dirname, '../golden')
  const found = readdirSync(golden, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => readFileSync(join(golden, path), 'utf8').slice(0, 6000))
  const random =
    extension === '.thrift'
      ? fc.sample(arbitraryThrift({ plain: false }), { seed, numRuns: 5 })
      : [
          ...fc.sample(arbitraryProto('proto2'), { seed, numRuns: 3 }),
          ...fc.sample(arbitraryProto('proto3'), { seed, numRuns: 3 }),
        ]
  return [...found, ...random]
}

function idlCase(extension: string, texts: readonly string[], random: Random, i: number): string {
  const pick = (): string => texts[random(texts.length)]!
  const text = mutateText(pick(), pick(), random)
  const path = `t${extension}`
  const outcome = (): ReturnType<typeof compile> => {
    try {
      return compile({
        entries: [path],
        includes: [''],
        host: memoryHost({ [path]: text, [`u${extension}`]: '' }),
        options: {},
      })
    } catch (error) {
      throw new Error(`${JSON.stringify(text)} was thrown at`, { cause: error })
    }
  }
  const { diagnostics, files } = outcome()
  if (hasErrors(diagnostics)) {
    if (files.length > 0) throw new Error(`${JSON.stringify(text)} has errors and output`)
    return 'refused'
  }
  if (i % 50 !== 0) return 'generated'
  for (const file of files) {
    const result = ts.transpileModule(file.text, {
      reportDiagnostics: true,
      compilerOptions: { target: ts.ScriptTarget.ES2022 },
    })
    if ((result.diagnostics ?? []).length > 0) throw new Error(`${JSON.stringify(text)} becomes what is no TypeScript`)
  }
  return 'generated and parsed'
}

describe('mutated IDLs', () => {
  it.each(['.thrift', '.proto'])(
    '%s give diagnostics or modules',
    async (extension) => {
      const [texts, random] = [idlTexts(extension), randomOf(seed)]
      await fuzz(`${extension} files`, idlCount, (i) => idlCase(extension, texts, random, i))
    },
    timeout,
  )
})
