import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary, toJson } from '@bufbuild/protobuf'
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

/** Of a message field, `optional` in proto3 changes nothing but a mark and a oneof of one. */
const marksOfMessages = /optional ([ABC]) /g

describe.skipIf(!protocIsThere())('descriptors are those of protoc', () => {
  it('for proto2 with everything', async () => {
    expect(normal(await ownDescriptor(rich))).toEqual(normal(descriptorOfProtoc(rich)))
  })

  it.each([1, 2, 3, 4, 5, 6])('for random proto2 and proto3 %i', async (seed) => {
    for (const syntax of ['proto2', 'proto3'] as const) {
      const [drawn] = fc.sample(arbitraryProto(syntax), { seed, numRuns: 1 })
      const text = syntax === 'proto3' ? drawn!.replace(marksOfMessages, '$1 ') : drawn!
      expect(normal(await ownDescriptor(text))).toEqual(normal(descriptorOfProtoc(text)))
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
