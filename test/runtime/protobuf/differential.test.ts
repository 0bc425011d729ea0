import {
  create as createEs,
  createFileRegistry,
  equals,
  fromBinary as fromEs,
  toBinary as toEs,
} from '@bufbuild/protobuf'
import { type DescriptorProto, type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import protobufjs from 'protobufjs'
import descriptorExt from 'protobufjs/ext/descriptor/index.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { isRpcError } from '../../../src/runtime/core/error.ts'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import { ProtobufError } from '../../../src/runtime/protobuf/error.ts'
import type { ProtobufMessage } from '../../../src/runtime/protobuf/message.ts'
import { arbitraryMessage, declarationsOf } from '../../support/arbitrary-value.ts'
import { generated } from '../../support/generated.ts'

const proto3 = `syntax = "proto3";
package t;
enum Kind { ZERO = 0; ONE = 1; MINUS = -1; BIG = 2147483647; }
message Scalars {
  double a_double = 1; float a_float = 2; int32 a_int32 = 3; int64 a_int64 = 4; uint32 a_uint32 = 5; uint64 a_uint64 = 6;
  sint32 a_sint32 = 7; sint64 a_sint64 = 8; fixed32 a_fixed32 = 9; fixed64 a_fixed64 = 10; sfixed32 a_sfixed32 = 11;
  sfixed64 a_sfixed64 = 12; bool a_bool = 13; string a_string = 14; bytes a_bytes = 15; Kind a_kind = 16;
}
message Optionals {
  optional double a_double = 1; optional float a_float = 2; optional int32 a_int32 = 3; optional int64 a_int64 = 4;
  optional uint32 a_uint32 = 5; optional uint64 a_uint64 = 6; optional sint32 a_sint32 = 7; optional sint64 a_sint64 = 8;
  optional fixed32 a_fixed32 = 9; optional fixed64 a_fixed64 = 10; optional sfixed32 a_sfixed32 = 11;
  optional sfixed64 a_sfixed64 = 12; optional bool a_bool = 13; optional string a_string = 14; optional bytes a_bytes = 15;
  optional Kind a_kind = 16;
}
message Lists {
  repeated double a_double = 1; repeated float a_float = 2; repeated int32 a_int32 = 3; repeated int64 a_int64 = 4;
  repeated uint32 a_uint32 = 5; repeated uint64 a_uint64 = 6; repeated sint32 a_sint32 = 7; repeated sint64 a_sint64 = 8;
  repeated fixed32 a_fixed32 = 9; repeated fixed64 a_fixed64 = 10; repeated sfixed32 a_sfixed32 = 11;
  repeated sfixed64 a_sfixed64 = 12; repeated bool a_bool = 13; repeated string a_string = 14; repeated bytes a_bytes = 15;
  repeated Kind a_kind = 16; repeated int32 loose = 17 [packed = false]; repeated Kind loose_kind = 18 [packed = false];
  repeated Scalars messages = 19; repeated sint64 far = 536870911;
}
message Maps {
  map<string, string> texts = 1; map<int32, int64> ints = 2; map<bool, Scalars> messages = 3; map<sint64, bytes> bytes = 4;
  map<string, Kind> kinds = 5; map<fixed64, double> doubles = 6; map<uint32, bool> bools = 7; map<string, Maps> deep = 8;
}
message Tree {
  string name = 1; repeated Tree children = 2; Tree left = 3; Scalars scalars = 4;
  oneof choice { string text = 5; int64 number = 6; Tree tree = 7; Kind kind = 8; bytes raw = 9; bool flag = 10; }
  Maps maps = 11; Lists lists = 2047; Optionals optionals = 2048;
}
`
const proto2 = `syntax = "proto2";
package t;
enum Kind { ONE = 1; FIVE = 5; MINUS = -3; }
message Legacy {
  required int32 id = 1;
  optional string name = 2 [default = "none"];
  repeated int32 loose = 3;
  repeated int32 packed = 4 [packed = true];
  optional group Inner = 5 { optional int32 x = 1; optional Legacy deep = 2; }
  repeated group Many = 6 { required string text = 1; }
  optional Kind kind = 7;
  repeated Kind kinds = 8;
  optional Legacy next = 9;
  map<string, Legacy> by_name = 10;
}
`

const cases = [
  { file: 'three.proto', text: proto3, names: ['Scalars', 'Optionals', 'Lists', 'Maps', 'Tree'] },
  { file: 'two.proto', text: proto2, names: ['Legacy'] },
]

/** protobufjs writes type names without their scope into descriptors; protobuf-es wants them from the root. */
function qualified(set: FileDescriptorSet): FileDescriptorSet {
  const names = new Set<string>()
  const visit = (
    scope: string,
    messages: readonly DescriptorProto[],
    then: (name: string, one: DescriptorProto) => void,
  ) => {
    for (const one of messages) {
      const name = `${scope}.${one.name}`
      then(name, one)
      visit(name, one.nestedType, then)
    }
  }
  for (const file of set.file) {
    for (const type of file.enumType) names.add(`.${file.package}.${type.name}`)
    visit(`.${file.package}`, file.messageType, (name) => names.add(name))
    visit(`.${file.package}`, file.messageType, (name, { field }) => {
      for (const one of field) {
        if (one.typeName === '' || one.typeName.startsWith('.')) continue
        let scope = name
        while (!names.has(`${scope}.${one.typeName}`)) scope = scope.slice(0, scope.lastIndexOf('.'))
        one.typeName = `${scope}.${one.typeName}`
      }
    })
  }
  return set
}

/** Our value as protobuf-es takes it: maps are objects, absent members are absent. */
function forEs(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), forEs(one)]))
  if (Array.isArray(value)) return value.map(forEs)
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]) => [key, forEs(one)]),
  )
}

/** Whether the maps in a value keep their order as objects, where keys that look like integers come first. */
function keepsOrder(value: unknown): boolean {
  if (value instanceof Map) {
    const keys = [...value.keys()].map(String)
    return (
      Object.keys(Object.fromEntries(keys.map((key) => [key, 0]))).every((key, i) => key === keys[i]) &&
      [...value.values()].every(keepsOrder)
    )
  }
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return true
  return Object.values(value).every(keepsOrder)
}

function refuses(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch (error) {
    if (!isRpcError(error)) throw error
    expect(error.code).toBe('INTERNAL')
    expect(error.cause).toBeInstanceOf(ProtobufError)
    return true
  }
}

describe.each(cases)('messages of $file', ({ file, text, names }) => {
  let module: Record<string, ProtobufMessage & { readonly $file: never }>
  let registry: ReturnType<typeof createFileRegistry>
  let root: protobufjs.Namespace

  beforeAll(async () => {
    module = await generated({ [file]: text })
    root = protobufjs.parse(text, { keepCase: false }).root.resolveAll()
    const set = (root as unknown as { toDescriptor(edition: string): protobufjs.Message }).toDescriptor(
      file === 'two.proto' ? 'proto2' : 'proto3',
    )
    const bytes = (descriptorExt as unknown as { FileDescriptorSet: protobufjs.Type }).FileDescriptorSet.encode(
      set,
    ).finish()
    registry = createFileRegistry(qualified(fromEs(FileDescriptorSetSchema, bytes)))
  })

  it.each(names)('%s are written and read as protobuf-es and protobufjs do', (name) => {
    const type = module[name]!
    const es = registry.getMessage(`t.${name}`)!
    const pj = root.lookupType(`t.${name}`)
    const all = declarationsOf(module['$file'] as never)
    fc.assert(
      fc.property(arbitraryMessage(all, `t.${name}`), (value) => {
        const bytes = toBinary(type, value)
        const theirs = createEs(es, forEs(value) as never)
        if (keepsOrder(value)) expect(Buffer.compare(bytes, toEs(es, theirs))).toBe(0)
        expect(fromBinary(type as ProtobufMessage<unknown, never>, bytes)).toEqual(value)
        expect(equals(es, fromEs(es, bytes), theirs)).toBe(true)
        const again = pj.encode(pj.decode(bytes)).finish()
        expect(fromBinary(type as ProtobufMessage<unknown, never>, again)).toEqual(value)
        expect(type.complete(value)).toBe(value)
      }),
      { numRuns: 60 },
    )
  })

  it.each(names)('%s that are cut short, mutated or nested too deep are refused or read, never more', (name) => {
    const type = module[name]! as ProtobufMessage<unknown, never>
    const all = declarationsOf(module['$file'] as never)
    fc.assert(
      fc.property(arbitraryMessage(all, `t.${name}`, 2), fc.infiniteStream(fc.nat()), (value, random) => {
        const bytes = toBinary(type, value as never)
        for (let end = 0; end < Math.min(bytes.length, 300); end++)
          refuses(() => fromBinary(type, bytes.subarray(0, end)))
        for (let i = 0; i < 40 && bytes.length > 0; i++) {
          const mutant = Uint8Array.from(bytes)
          for (let n = 0; n < 3; n++) {
            const at = random.next().value % mutant.length
            mutant[at] = [0, 0xff, 0x7f, 0x80, random.next().value & 255][random.next().value % 5]!
          }
          refuses(() => fromBinary(type, mutant))
        }
      }),
      { numRuns: 30 },
    )
  })
})
