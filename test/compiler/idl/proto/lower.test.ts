import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readProto } from './read-proto.ts'

const proto3 = (body: string): string => `syntax = "proto3";\npackage a.b;\n${body}`

describe('lowering', () => {
  test('reads the fleet example without a finding', () => {
    const { file, findings, service } = readProto(readFileSync('examples/fleet/idl/fleet/v1/fleet.proto', 'utf8'))
    expect(findings).toEqual([])
    expect(file.package).toBe('fleet.v1')
    expect(file.doc).toBe('Follows the vehicles of a delivery fleet.')
    expect(file.imports.map((one) => one.path)).toEqual([
      'fleet/v1/geo.proto',
      'google/protobuf/duration.proto',
      'google/protobuf/empty.proto',
      'google/protobuf/timestamp.proto',
    ])
    expect(service('Fleet').methods.map((method) => [method.name, method.kind, method.doc])).toEqual([
      ['GetVehicle', 'unary', undefined],
      ['PutVehicle', 'unary', undefined],
      ['ListVehicles', 'server_streaming', 'Every vehicle inside an area.'],
      ['RecordTrack', 'client_streaming', 'Takes the positions of a trip and sums them up.'],
      ['Dispatching', 'bidi_streaming', 'Talks with drivers, both ways at once.'],
    ])
  })

  test('flattens nested declarations after the one that holds them', () => {
    const { file, message } = readProto(proto3('message A { message B { enum C { X = 0; } } B b = 1; } message D {}'))
    expect(file.declarations.map((one) => one.fullName)).toEqual(['a.b.A', 'a.b.A.B', 'a.b.A.B.C', 'a.b.D'])
    expect(message('A.B').parent).toBe(message('A'))
    expect(message('A').fields[0]!.type).toMatchObject({ kind: 'reference', reference: { text: 'B', scope: 'a.b.A' } })
  })

  test('gives every scalar its type', () => {
    const names =
      'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'
    const body = names.split(' ').map((name, i) => `${name} f${i} = ${i + 1};`)
    const { message } = readProto(proto3(`message A { ${body.join(' ')} }`))
    expect(
      message('A')
        .fields.map((field) => (field.type.kind === 'scalar' ? field.type.scalar : ''))
        .join(' '),
    ).toBe('f64 f32 i32 i64 u32 u64 s32 s64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes')
  })

  test('decides presence and packing by syntax, label, oneof and features', () => {
    const presence = (text: string): string => {
      const read = readProto(text)
      expect(read.findings).toEqual([])
      return read
        .message('M')
        .fields.map((field) => `${field.name}:${field.presence}${field.packed ? ':packed' : ''}`)
        .join(' ')
    }
    expect(
      presence(
        'syntax = "proto3"; message M { int32 a=1; optional int32 b=2; repeated int32 c=3; oneof o { int32 d=4; } repeated string e=5; map<int32,int32> f=6; repeated int32 g=7 [packed=false]; }',
      ),
    ).toBe('a:default b:optional c:default:packed d:optional e:default f:default g:default')
    expect(
      presence(
        'message M { optional int32 a=1; required int32 b=2; repeated int32 c=3; repeated int32 d=4 [packed=true]; }',
      ),
    ).toBe('a:optional b:required c:default d:default:packed')
    expect(
      presence(`edition = "2023"; option features.field_presence = IMPLICIT; message M {
        int32 a=1; int32 b=2 [features.field_presence=EXPLICIT]; int32 c=3 [features.field_presence=LEGACY_REQUIRED];
        repeated int32 d=4; repeated int32 e=5 [features.repeated_field_encoding=EXPANDED]; }`),
    ).toBe('a:default b:optional c:required d:default:packed e:default')
  })

  test('resolves features through file, message, oneof and field', () => {
    const { message, enumOf, findings } = readProto(`edition = "2023";
      option features = { enum_type: CLOSED utf8_validation: NONE };
      message M { N n = 1 [features.message_encoding = DELIMITED]; string s = 2; string v = 3 [features.utf8_validation = VERIFY]; }
      message N {} enum E { Z = 1; } enum F { option features.enum_type = OPEN; Y = 0; }`)
    expect(findings).toEqual([])
    expect(message('M').fields.map((field) => [field.delimited, field.validateUtf8 ?? true])).toEqual([
      [true, true],
      [false, false],
      [false, true],
    ])
    expect([enumOf('E').closed, enumOf('F').closed]).toEqual([true, false])
  })

  test('turns a group into a message and a delimited field', () => {
    const { field, file, findings } = readProto('message M { repeated group Item = 3 { optional int32 x = 1; } }')
    expect(findings).toEqual([])
    expect(file.declarations.map((one) => one.name)).toEqual(['M', 'M.Item'])
    expect(field('M', 'item')).toMatchObject({
      id: 3,
      delimited: true,
      type: { kind: 'list', element: { reference: { text: 'Item', scope: 'M' } } },
    })
  })

  test('lowers extensions with their extendee, at the top and nested', () => {
    const { file } = readProto(
      'package p; message M { extensions 100 to max; extend M { optional int32 in = 101; } } extend M { optional group G = 102 {} }',
    )
    expect(file.declarations.map((one) => `${one.kind} ${one.fullName}`)).toEqual([
      'message p.M',
      'extension p.M.in',
      'extension p.g',
      'message p.G',
    ])
    expect(file.declarations[0]).toMatchObject({ extensionRanges: [{ start: 100, end: 536870911 }] })
    expect(file.declarations[1]).toMatchObject({ extendee: { text: 'M', scope: 'p.M' }, field: { id: 101 } })
  })

  test('keeps defaults exact, in every form of literal', () => {
    const defaults: [string, string, unknown][] = [
      ['int64', '-9223372036854775808', -9223372036854775808n],
      ['uint64', '0xFFFFFFFFFFFFFFFF', 18446744073709551615n],
      ['int32', '-0x80000000', -2147483648n],
      ['int32', '0777', 511n],
      ['double', '1e3', 1000],
      ['double', '.5', 0.5],
      ['double', '-1.', -1],
      ['float', '-inf', Number.NEGATIVE_INFINITY],
      ['float', 'nan', Number.NaN],
      ['double', '7', 7],
      ['bool', 'true', true],
      ['string', '"a" \'b\' "\\x63\\144\\n\\"\\?"', 'abcd\n"?'],
      ['string', '"\\u00e9\\U0001F600\\ud83d\\ude00"', 'é😀😀'],
      ['string', '"\\xc3\\xa9"', 'é'],
      ['bytes', '"\\0\\377z"', Uint8Array.of(0, 255, 122)],
    ]
    for (const [type, literal, value] of defaults) {
      const { field, findings } = readProto(`message M { optional ${type} f = 1 [default = ${literal}]; }`)
      expect(findings, literal).toEqual([])
      const lowered = field('M', 'f').default
      expect(lowered !== undefined && 'value' in lowered ? lowered.value : undefined, literal).toEqual(value)
    }
  })

  test('derives JSON names as protoc does, unless one is written', () => {
    const { message } = readProto(
      proto3(
        'message M { int32 foo_bar = 1; int32 _x = 2; int32 a__b_1c = 3; int32 Foo = 4; int32 d = 5 [json_name = "@d"]; }',
      ),
    )
    expect(message('M').fields.map((field) => field.jsonName)).toEqual(['fooBar', 'X', 'aB1c', 'Foo', '@d'])
  })

  test('keeps options as annotations with their values as data', () => {
    const { file, field, service } = readProto(
      proto3(`option java_package = "x" "y"; option (my.opt).a.(b.c) = 18446744073709551615;
      message M { int32 f = 1 [deprecated = true, (x) = {a: 1 b: [2, 3] c {d: "e"} c <d: RED>; [p.ext]: -1.5, [type.googleapis.com/p.M] {}}]; }
      service S { rpc A(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; option (google.api.http) = {get: "/v1/{name=a/*}"}; ; } }`),
    )
    expect(file.annotations.map(({ name, value }) => [name, value])).toEqual([
      ['java_package', 'xy'],
      ['my.opt.a.b.c', '18446744073709551615'],
    ])
    expect(field('M', 'f').deprecated).toBe(true)
    expect(field('M', 'f').annotations[1]).toMatchObject({
      name: 'x',
      value: { a: 1, b: [2, 3], c: [{ d: 'e' }, { d: 'RED' }], '[p.ext]': -1.5, '[type.googleapis.com/p.M]': {} },
    })
    expect(service('S').methods[0]).toMatchObject({
      idempotent: true,
      annotations: [{}, { name: 'google.api.http', value: { get: '/v1/{name=a/*}' } }],
    })
  })

  test('marks what edition 2024 keeps local', () => {
    const { file, findings } = readProto(`edition = "2024"; import option "x.proto";
      message A { message B {} export message C {} enum D { Z = 0; } } local enum E { Y = 0; } export message F {}`)
    expect(findings).toEqual([])
    expect(file.imports[0]!.kind).toBe('option')
    expect(file.declarations.map((one) => [one.name, 'local' in one])).toEqual([
      ['A', false],
      ['A.B', true],
      ['A.C', false],
      ['A.D', true],
      ['E', true],
      ['F', false],
    ])
  })

  test('accepts fields named and typed like keywords', () => {
    const { message, findings } = readProto(
      proto3(
        'message M { int32 message = 1; repeated.a.b.M a = 2; string syntax = 3; optional .a.b.M b = 4; stream c = 5; local d = 6; .a.b.M e = 7; int32 to = 8; map m = 9; rpc returns = 10; }',
      ),
    )
    expect(findings).toEqual([])
    expect(message('M').fields).toHaveLength(10)
  })

  test('reads files with a byte order mark, CRLF, no package, and nothing at all', () => {
    expect(readProto('\ufeffsyntax = "proto3";\r\nmessage M {}\r\n').findings).toEqual([])
    expect(readProto('').findings).toEqual([])
    expect(readProto(';;// only a comment').findings).toEqual([])
    expect(readProto('syntax = "proto3"; message M {}').file.declarations[0]!.fullName).toBe('M')
  })
})
