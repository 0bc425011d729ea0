import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toFileDescriptor, toFileDescriptors } from '../../../src/runtime/protobuf/file-descriptor.ts'
import { arbitraryProto } from '../../support/arbitrary-idl.ts'
import { generated } from '../../support/generated.ts'

const rich = `syntax = "proto2";
package a.b;
import "google/protobuf/timestamp.proto";
message Outer {
  required int32 id = 1;
  optional string name = 2 [default = "no\\"ne"];
  optional bytes raw = 3 [default = "\\001\\377x"];
  optional double far = 4 [default = -inf];
  optional float half = 5 [default = 0.5];
  optional uint64 big = 6 [default = 18446744073709551615];
  optional Color color = 7 [default = BLUE];
  optional bool on = 8 [default = true];
  repeated int32 packed = 9 [packed = true];
  repeated int32 loose_ones = 10 [json_name = "loose ones"];
  map<string, Inner> by_name_2x = 11;
  optional group Part = 12 { optional google.protobuf.Timestamp at = 1; }
  oneof pick_one { string text = 13; Inner inner = 14; }
  message Inner { enum Deep { NONE = 0; } optional Deep deep = 1; map<int32, Deep> deeps = 2; }
  enum Color { RED = 1; BLUE = 3; }
}
enum Alias { option allow_alias = true; A = 0; B = 0; }
service S {
  rpc One(Outer) returns (Outer.Inner);
  rpc Up(stream Outer) returns (Outer) { option idempotency_level = IDEMPOTENT; }
  rpc Both(stream Outer) returns (stream Outer) { option deprecated = true; }
}
`
const modern = `edition = "2023";
package m;
enum Shut { option features.enum_type = CLOSED; S = 3; }
message M {
  int32 explicit = 1;
  int32 implicit = 2 [features.field_presence = IMPLICIT];
  int32 needed = 3 [features.field_presence = LEGACY_REQUIRED];
  repeated int32 loose = 4 [features.repeated_field_encoding = EXPANDED];
  string lossy = 5 [features.utf8_validation = NONE];
  M part = 6 [features.message_encoding = DELIMITED];
  Shut shut = 7;
}
`

/** Options of every kind on everything that can have some, with what only a descriptor shows. */
const told = `syntax = "proto2";
package opt;
import "google/protobuf/descriptor.proto";
option java_package = "a.b";
option (file_note) = "über";
message Rule { optional string name = 1; repeated int32 nums = 2 [packed = true]; map<string, Rule> by = 3; optional group Part = 4 { optional bool on = 1; } optional sint64 s = 5; optional fixed64 f = 6; optional double d = 7; optional bytes raw = 8; optional Kind kind = 9; extensions 100 to max; }
enum Kind { option (enum_note) = 3; A = 0 [(value_note) = { name: "v" }]; B = 5 [deprecated = true]; reserved 7, 10 to 12; reserved "OLD"; }
extend Rule { optional uint32 weight = 100; }
extend google.protobuf.FileOptions { optional string file_note = 50001; }
extend google.protobuf.MessageOptions { repeated Rule rule = 50002; }
extend google.protobuf.FieldOptions { optional Rule field_rule = 50003; optional float ratio = 50004; }
extend google.protobuf.OneofOptions { optional bool pick = 50005; }
extend google.protobuf.EnumOptions { optional sint32 enum_note = 50006; }
extend google.protobuf.EnumValueOptions { optional Rule value_note = 50007; }
extend google.protobuf.ServiceOptions { optional Kind svc = 50008; }
extend google.protobuf.MethodOptions { repeated string verbs = 536870911; }
extend google.protobuf.ExtensionRangeOptions { optional int64 range_note = 50010; }
message Holder {
  option (rule) = { name: "a" nums: [1, -2] nums: 300 by { key: "k" value { name: "n" } } Part { on: true } s: -5 f: 18446744073709551615 d: -inf raw: "\\001x" kind: B [opt.weight]: 7 };
  option (rule) = { name: "b" };
  option deprecated = true;
  reserved 2, 15, 9 to 11, 1000 to max;
  reserved "foo", "bar";
  extensions 20 to 30, 40 [(range_note) = -9];
  optional int64 a = 1 [(field_rule).name = "x", (field_rule).kind = A, (ratio) = 0.5, jstype = JS_STRING, deprecated = true, json_name = "AA"];
  oneof which { option (pick) = true; string t = 3; int32 u = 4; }
  extend Rule { repeated Holder inner = 101; optional string quick = 102 [default = "q"]; }
  message Nested { extend Holder { optional Kind k = 20; } }
}
service S { option (svc) = B; option deprecated = true; rpc One(Holder) returns (Rule) { option (verbs) = "GET"; option (verbs) = "PUT"; option idempotency_level = IDEMPOTENT; } }
`

function protocIsThere(): boolean {
  try {
    execFileSync('protoc', ['--version'], { timeout: 5000 })
    return true
  } catch {
    return false
  }
}

/** What protoc makes of a file, as JSON. */
function descriptorOfProtoc(text: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'volo-descriptor-'))
  try {
    writeFileSync(join(folder, 't.proto'), text)
    const out = join(folder, 'set')
    execFileSync('protoc', [`-I${folder}`, `--descriptor_set_out=${out}`, 't.proto'], { timeout: 20000, stdio: 'pipe' })
    const [file] = fromBinary(FileDescriptorSetSchema, readFileSync(out)).file
    return toJson(FileDescriptorProtoSchema, file!)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function ownDescriptor(text: string): Promise<unknown> {
  const module = await generated({ 't.proto': text })
  return toJson(FileDescriptorProtoSchema, fromBinary(FileDescriptorProtoSchema, toFileDescriptor(module['$file'])))
}

/** Without what says nothing: the order of nested types, and a `packed` that is the syntax's own. */
function normal(file: unknown): unknown {
  const { syntax } = file as { syntax?: string }
  return JSON.parse(JSON.stringify(file), (name, value) => {
    if (name === 'nestedType')
      return value.sort((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1))
    if (name !== 'options' || value.packed !== (syntax === 'proto3')) return value
    return Object.keys(value).length === 1 ? undefined : { ...value, packed: undefined }
  })
}

describe.skipIf(!protocIsThere())('descriptors are those of protoc', () => {
  it('for proto2 with everything', async () => {
    expect(normal(await ownDescriptor(rich))).toEqual(normal(descriptorOfProtoc(rich)))
  })

  it.each([1, 2, 3, 4, 5, 6])('for random proto2 and proto3 %i', async (seed) => {
    for (const syntax of ['proto2', 'proto3'] as const) {
      const [drawn] = fc.sample(arbitraryProto(syntax), { seed, numRuns: 1 })
      expect(normal(await ownDescriptor(drawn!))).toEqual(normal(descriptorOfProtoc(drawn!)))
    }
  })

  it('for options, reserved numbers, ranges, extensions and what is nested', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'volo-descriptor-'))
    try {
      writeFileSync(join(folder, 't.proto'), told)
      const out = join(folder, 'set')
      const args = [`-I${folder}`, '--include_imports', `--descriptor_set_out=${out}`, 't.proto']
      execFileSync('protoc', args, { timeout: 20000, stdio: 'pipe' })
      const set = fromBinary(FileDescriptorSetSchema, readFileSync(out))
      const registry = createFileRegistry(set)
      const theirs = set.file.find((file) => file.name === 't.proto')!
      // Declarations of options stay behind, for descriptor.proto would have to be there.
      theirs.extension = theirs.extension.filter((one) => !one.extendee.startsWith('.google.protobuf.'))
      theirs.dependency = []
      const module = await generated({ 't.proto': told })
      const ours = fromBinary(FileDescriptorProtoSchema, toFileDescriptor(module['$file']))
      const json = (file: typeof ours): unknown => normal(toJson(FileDescriptorProtoSchema, file, { registry }))
      expect(json(ours)).toEqual(json(theirs))
      expect(JSON.stringify(json(ours))).toContain('[opt.weight]')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

it('what an edition resolves features to stands at each field', async () => {
  expect(await ownDescriptor(modern)).toMatchObject({
    syntax: 'editions',
    edition: 'EDITION_2023',
    enumType: [{ options: { features: { enumType: 'CLOSED' } } }],
    messageType: [
      {
        field: [
          {},
          { options: { features: { fieldPresence: 'IMPLICIT' } } },
          { options: { features: { fieldPresence: 'LEGACY_REQUIRED' } } },
          { options: { features: { repeatedFieldEncoding: 'EXPANDED' } } },
          { options: { features: { utf8Validation: 'NONE' } } },
          { options: { features: { messageEncoding: 'DELIMITED' } } },
          { type: 'TYPE_ENUM', typeName: '.m.Shut' },
        ],
      },
    ],
  })
})

it('a file comes behind what it imports', async () => {
  const module = await generated({ 't.proto': rich })
  const names = toFileDescriptors(module['$file']).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
  expect(names).toEqual(['google/protobuf/timestamp.proto', 't.proto'])
})

it('a Thrift file has no FileDescriptorProto', async () => {
  const module = await generated({ 't.thrift': 'struct A {}' })
  expect(() => toFileDescriptor(module['$file'])).toThrow(TypeError)
})
