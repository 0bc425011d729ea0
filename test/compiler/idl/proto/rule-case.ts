/** Small .proto files, each of which keeps or breaks one rule of the language, made by putting every construct into every place. */

/** One file and those that it imports. */
export interface RuleCase {
  readonly text: string
  readonly files?: Readonly<Record<string, string>>
}

type Level = 'proto2' | 'proto3' | '2023' | '2024' | '2026'
const heads: Readonly<Record<Level, string>> = {
  proto2: 'syntax = "proto2";',
  proto3: 'syntax = "proto3";',
  2023: 'edition = "2023";',
  2024: 'edition = "2024";',
  2026: 'edition = "2026";',
}
const levels = Object.keys(heads) as Level[]
const modern = (level: Level): boolean => !level.startsWith('proto')
/** The label that a singular field needs. */
const label = (level: Level): string => (level === 'proto2' ? 'optional ' : '')

const support = (level: Level): string =>
  `message Msg { ${label(level)}int32 i = 1; } enum Enm { ENM_ZERO = 0; ENM_ONE = 1; }`

const types = [
  'int32',
  'uint64',
  'sint32',
  'fixed64',
  'bool',
  'float',
  'double',
  'string',
  'bytes',
  'Msg',
  'Enm',
  'Nowhere',
  'map<string, Msg>',
]
const labels = ['', 'optional ', 'required ', 'repeated ']
const fieldOptions = [
  'default = 1',
  'default = "x"',
  'default = true',
  'default = nan',
  'default = -inf',
  'default = ENM_ONE',
  'default = -1',
  'packed = true',
  'packed = false',
  'json_name = "f"',
  'json_name = "other"',
  'json_name = ""',
  'lazy = true',
  'unverified_lazy = true',
  'jstype = JS_STRING',
  'jstype = JS_NORMAL',
  'ctype = CORD',
  'ctype = STRING',
  'weak = true',
  'deprecated = true',
  'debug_redact = true',
  'retention = RETENTION_SOURCE',
  'targets = TARGET_TYPE_FIELD',
  'edition_defaults = { edition: EDITION_2023 value: "1" }',
  'features.field_presence = EXPLICIT',
  'features.field_presence = IMPLICIT',
  'features.field_presence = LEGACY_REQUIRED',
  'features.repeated_field_encoding = PACKED',
  'features.repeated_field_encoding = EXPANDED',
  'features.utf8_validation = NONE',
  'features.utf8_validation = VERIFY',
  'features.message_encoding = DELIMITED',
  'features.message_encoding = LENGTH_PREFIXED',
  'features.enum_type = CLOSED',
  'features.json_format = ALLOW',
  'features.field_presence = NOWHERE',
  'features = { field_presence: EXPLICIT }',
  'nowhere = 1',
]

/** Every option on every type, for singular and repeated fields, and every label on every type. */
function* fields(): Generator<string> {
  for (const level of levels) {
    const wrap = (field: string): string => `${heads[level]} ${support(level)} message M { ${field} }`
    for (const type of types) for (const one of labels) yield wrap(`${one}${type} f = 1;`)
    // The later levels differ in the rules of names and visibility, which have files of their own.
    if (level === '2024' || level === '2026') continue
    for (const option of fieldOptions) {
      for (const type of ['int32', 'uint64', 'string', 'Msg', 'Enm', 'map<int32, Msg>', 'map<string, string>']) {
        const isMap = type.startsWith('map')
        yield wrap(`${isMap ? '' : label(level)}${type} f = 1 [${option}];`)
        if (!isMap && /default|packed|features|lazy/.test(option)) yield wrap(`repeated ${type} f = 1 [${option}];`)
      }
      if (/default = 1|packed = true|features|json_name|lazy/.test(option)) {
        yield wrap(`oneof o { int32 f = 1 [${option}]; }`)
        yield wrap(`oneof o { Msg f = 1 [${option}]; }`)
        if (level !== 'proto3') {
          yield wrap(`extensions 5; extend M { ${label(level)}int32 f = 5 [${option}]; }`)
          yield wrap(`extensions 5; extend M { ${label(level)}Msg f = 5 [${option}]; }`)
          yield wrap(`extensions 5; extend M { repeated int32 f = 5 [${option}]; }`)
        }
      }
    }
  }
}

/** Features of a file, message, oneof and enum, and what they do to what stands inside. */
function* features(): Generator<string> {
  const all = fieldOptions.filter((one) => one.startsWith('features.'))
  for (const option of all) {
    const set = `option ${option};`
    yield `${heads[2023]} ${set} ${support('2023')} message M { int32 a = 1; Msg m = 2; Enm e = 3; repeated int32 r = 4; map<int32, Enm> x = 5; oneof o { string s = 6; } extensions 9; } extend M { string q = 9; }`
    yield `${heads[2023]} ${set}`
    yield `${heads[2023]} message M { ${set} }`
    yield `${heads[2023]} message M { oneof o { ${set} int32 a = 1; } }`
    yield `${heads[2023]} enum E { ${set} A = 0; }`
    yield `${heads[2023]} enum E { A = 0 [${option}]; }`
    yield `${heads[2023]} message M { extensions 5 [${option}]; }`
    yield `${heads[2023]} message M {} service S { ${set} rpc R(M) returns (M); }`
    yield `${heads[2023]} message M {} service S { rpc R(M) returns (M) { ${set} } }`
    yield `${heads.proto3} ${set}`
    yield `${heads.proto2} message M { ${set} }`
  }
}

/** What stands at the top of a file. */
function* fileRules(): Generator<string> {
  yield ''
  yield ';'
  yield 'message M { optional int32 a = 1; }'
  yield 'syntax = "proto1";'
  yield 'syntax = "2023";'
  yield 'edition = "proto3";'
  yield 'edition = "2022";'
  yield 'edition = "2025";'
  yield 'syntax = "proto3"; syntax = "proto3";'
  yield 'package a; syntax = "proto3";'
  yield 'syntax = "pro" "to3";'
  yield "syntax = 'proto3';"
  yield '// comment\nsyntax = "proto3";'
  yield '\uFEFFsyntax = "proto3";'
  yield ' syntax = "proto3"'
  for (const level of levels) {
    const head = heads[level]
    for (const body of [
      'package a;',
      'package a.b.c;',
      'package a; package a;',
      'package .a;',
      'package a.;',
      'package a..b;',
      'package;',
      'package a b;',
      'package "a";',
      'package 1a;',
      'package package;',
      `package ${'a'.repeat(511)};`,
      `package ${'a'.repeat(512)};`,
      `package a${'.a'.repeat(100)};`,
      `package a${'.a'.repeat(101)};`,
      'import "google/protobuf/any.proto";',
      'import public "google/protobuf/any.proto";',
      'import weak "google/protobuf/any.proto";',
      'import option "google/protobuf/any.proto";',
      'import "nowhere.proto";',
      'import "t.proto";',
      'import "";',
      'import;',
      'import "google/protobuf/any.proto"',
      'import "google/protobuf/any.proto"; import "google/protobuf/any.proto";',
      'import public public "google/protobuf/any.proto";',
      'option java_package = "a";',
      'option java_package = "a"; option java_package = "b";',
      'option java_package = a;',
      'option java_package = 1;',
      'option java_multiple_files = true;',
      'option java_multiple_files = 1;',
      'option java_multiple_files = "true";',
      'option java_outer_classname = "A";',
      'option java_string_check_utf8 = true;',
      'option java_generate_equals_and_hash = true;',
      'option optimize_for = SPEED;',
      'option optimize_for = FAST;',
      'option optimize_for = 1;',
      'option optimize_for = LITE_RUNTIME;',
      'option cc_generic_services = true;',
      'option cc_enable_arenas = true;',
      'option go_package = "a";',
      'option nowhere = 1;',
      'option (nowhere) = 1;',
      'option deprecated = true;',
      'option uninterpreted_option = { };',
      'option java_package.x = "a";',
      'option features = { };',
      'option;',
      'option = 1;',
      'option java_package "a";',
      'option java_package = "a"',
      'option java_package = "a" "b";',
      'option java_package = { };',
      'option java_package = -"a";',
      'option java_package = "\\777";',
      'option java_package = "\\x";',
      'option java_package = "\\xff";',
      'option java_package = "\\u00e9";',
      'option java_package = "\\ud800";',
      'option java_package = "\\z";',
      'option java_package = "a\nb";',
      'extend google.protobuf.FileOptions { }',
      'message a { } package a;',
      'message A { } message A { }',
      'message A { } enum A { A_ZERO = 0; }',
      'enum E { A = 0; } message A { }',
      'enum E { A = 0; } enum F { A = 0; }',
      'message message { }',
      'message M',
      'message M { };',
      'message M { } }',
      'message M { ',
      'enum E { }',
      'service S { }',
      'service S { } service S { }',
      'extend M { }',
      'foo M { }',
      '1;',
      '/* open',
      '// line',
      '# hash',
      'message M { /* a /* b */ }',
      'message \u00e9 { }',
      'message M.N { }',
      'message _M { }',
      `${'message M { '.repeat(31)}${'} '.repeat(31)}`,
      `${'message M { '.repeat(32)}${'} '.repeat(32)}`,
      'export message M { }',
      'local enum E { E_ZERO = 0; }',
      'export service S { }',
      'local extend M { }',
      'export export message M { }',
      'message M { local message N { } N n = 1; }',
      'message M { export enum N { N_ZERO = 0; } }',
      'message export { } message local { }',
    ]) {
      yield `${head} ${body}`
    }
  }
}

/** What stands inside messages, enums and services. */
function* bodies(): Generator<string> {
  for (const level of levels) {
    const head = heads[level]
    const l = label(level)
    const name = (text: string): string => (modern(level) ? text : `"${text}"`)
    for (const body of [
      `${l}int32 a = 0;`,
      `${l}int32 a = -1;`,
      `${l}int32 a = 1;`,
      `${l}int32 a = 0x10;`,
      `${l}int32 a = 010;`,
      `${l}int32 a = 18999;`,
      `${l}int32 a = 19000;`,
      `${l}int32 a = 19999;`,
      `${l}int32 a = 20000;`,
      `${l}int32 a = 536870911;`,
      `${l}int32 a = 536870912;`,
      `${l}int32 a = 4294967297;`,
      `${l}int32 a = 1.0;`,
      `${l}int32 a = 1; ${l}int32 a = 2;`,
      `${l}int32 a = 1; ${l}int32 b = 1;`,
      `${l}int32 foo_bar = 1; ${l}int32 fooBar = 2;`,
      `${l}int32 foo_bar = 1; ${l}int32 foo__bar = 2;`,
      `${l}int32 foo_bar = 1; ${l}int32 FooBar = 2;`,
      `${l}int32 a = 1 [json_name = "b"]; ${l}int32 b = 2;`,
      `${l}int32 a = 1 [json_name = "x"]; ${l}int32 b = 2 [json_name = "x"];`,
      `${l}int32 a = 1 [json_name = "[x]"];`,
      `${l}int32 a = 1 [json_name = "[x"];`,
      `${l}int32 a = 1 [json_name = "x\\0"];`,
      `${l}int32 a = 1 [json_name = "a", json_name = "b"];`,
      `option deprecated_legacy_json_field_conflicts = true; ${l}int32 foo_bar = 1; ${l}int32 fooBar = 2;`,
      `option deprecated_legacy_json_field_conflicts = true; ${l}int32 a = 1 [json_name = "x"]; ${l}int32 b = 2 [json_name = "x"];`,
      `${l}int32 a = 1 [];`,
      `${l}int32 a = 1 [deprecated];`,
      `${l}int32 a = 1 [deprecated = true,];`,
      `${l}int32 a = 1 [deprecated = true deprecated = true];`,
      `${l}int32 a = 1 [deprecated = true, deprecated = true];`,
      `${l}int32 a;`,
      `${l}int32 a =;`,
      `${l}int32 = 1;`,
      `${l}a = 1;`,
      `${l}int32 a = 1`,
      `${l}int32 a.b = 1;`,
      `${l}.M a = 1;`,
      `${l}..M a = 1;`,
      `${l}M.N a = 1; message N { }`,
      `${l}N.M a = 1; message N { }`,
      `${l}M a = 1;`,
      `${l}m a = 1;`,
      `${l}a a = 1;`,
      `stream int32 a = 1;`,
      'oneof o { }',
      'oneof o { int32 a = 1; }',
      'oneof o { optional int32 a = 1; }',
      'oneof o { repeated int32 a = 1; }',
      'oneof o { required int32 a = 1; }',
      'oneof o { map<int32, int32> a = 1; }',
      'oneof o { oneof p { int32 a = 1; } }',
      'oneof o { message N { } }',
      'oneof o { reserved 1; }',
      'oneof o { option deprecated = true; int32 a = 1; }',
      'oneof o { option nowhere = 1; int32 a = 1; }',
      'oneof o { int32 a = 1; } oneof o { int32 b = 2; }',
      'oneof o { int32 o = 1; }',
      'oneof o { int32 a = 1; } oneof p { int32 b = 1; }',
      'oneof { int32 a = 1; }',
      'oneof o { group G = 1 { } }',
      'oneof o { int32 a = 1;; }',
      'optional oneof o { int32 a = 1; }',
      'map<int32, int32> a = 1;',
      'map<string, M> a = 1;',
      'map<bool, string> a = 1;',
      'map<float, int32> a = 1;',
      'map<bytes, int32> a = 1;',
      'map<M, int32> a = 1;',
      'map<E, int32> a = 1; enum E { E_ZERO = 0; }',
      'map<int32, E> a = 1; enum E { E_ZERO = 0; }',
      'map<int32, map<int32, int32>> a = 1;',
      'map<int32, group> a = 1;',
      'map<int32> a = 1;',
      'map<int32, int32, int32> a = 1;',
      'map <int32, int32> a = 1;',
      'map a = 1;',
      'optional map<int32, int32> a = 1;',
      'map<int32, int32> a_b = 1; map<int32, int32> aB = 2;',
      'map<int32, int32> a = 1; message AEntry { }',
      'map<int32, int32> a = 1; enum AEntry { A_ZERO = 0; }',
      'message AEntry { option map_entry = true; optional int32 key = 1; optional int32 value = 2; } repeated AEntry a = 1;',
      'message AEntry { option map_entry = true; int32 key = 1; int32 value = 2; } repeated AEntry a = 1;',
      'message AEntry { option map_entry = false; }',
      'option map_entry = true;',
      'option map_entry = false;',
      'repeated group G = 1 { }',
      'optional group G = 1 { optional int32 a = 1; }',
      'optional group g = 1 { }',
      'optional group G = 1 { } optional int32 g = 2;',
      'optional group G = 1 { } message G { }',
      'optional group G = 1 [deprecated = true] { }',
      'optional group G = 1;',
      'optional group = 1 { }',
      'group G = 1 { }',
      'required group G = 1 { }',
      `${l}group a = 1; message group { }`,
      `${l}M group = 1;`,
      'reserved 1;',
      'reserved 1, 2, 5 to 8, 10 to max;',
      'reserved 0;',
      'reserved -1;',
      'reserved 5 to 3;',
      'reserved 5 to 5;',
      'reserved 1 to 536870911;',
      'reserved 1 to 536870912;',
      'reserved max;',
      'reserved 2147483647;',
      'reserved 536870912;',
      'reserved 2147483646 to max;',
      'reserved 1; reserved 1;',
      'reserved 1 to 5, 3;',
      `reserved 1; ${l}int32 a = 1;`,
      `reserved ${name('a')};`,
      `reserved ${name('a')}, ${name('b')};`,
      `reserved ${name('a')}, ${name('a')};`,
      `reserved ${name('a')}; ${l}int32 a = 1;`,
      `reserved ${name('a')}, 1;`,
      `reserved "a";`,
      'reserved a;',
      'reserved "a b";',
      'reserved "a" "b";',
      'reserved "";',
      'reserved;',
      'reserved 1,;',
      'reserved 1 to;',
      'reserved 1 to "a";',
      'reserved 1.5;',
      'reserved 0x10;',
      'extensions 5;',
      'extensions 5 to max;',
      'extensions 0;',
      'extensions 5 to 3;',
      'extensions 19000 to 19999;',
      'extensions 5, 5;',
      'extensions 5 to 10; extensions 8;',
      'extensions 5; reserved 5;',
      `extensions 5; ${l}int32 a = 5;`,
      'extensions 536870912;',
      'extensions 1 to 536870911;',
      'extensions;',
      'extensions 5',
      'extensions "a";',
      'extensions 5 [];',
      'extensions 5 [nowhere = 1];',
      'extensions 5 [verification = UNVERIFIED];',
      'extensions 5 [verification = DECLARATION];',
      'extensions 5 [verification = UNVERIFIED, declaration = { number: 5 full_name: ".a" type: "int32" }];',
      'extensions 5 [declaration = { number: 5 full_name: ".a" type: "int32" }];',
      'extensions 5 [declaration = { number: 6 full_name: ".a" type: "int32" }];',
      'extensions 5 [declaration = { number: 5 full_name: "a" type: "int32" }];',
      'extensions 5 [declaration = { number: 5 full_name: ".a" type: "int31" }];',
      'extensions 5 [declaration = { number: 5 full_name: ".a" type: ".M" }];',
      'extensions 5 [declaration = { number: 5 full_name: ".a" }];',
      'extensions 5 [declaration = { number: 5 type: "int32" }];',
      'extensions 5 [declaration = { full_name: ".a" type: "int32" }];',
      'extensions 5 [declaration = { number: 5 reserved: true }];',
      'extensions 5 [declaration = { number: 5 reserved: true full_name: ".a" }];',
      'extensions 5 [declaration = { number: 5 reserved: true full_name: ".a" type: "int32" }];',
      'extensions 5 [declaration = { number: 5 full_name: ".a" type: "int32" }, declaration = { number: 5 full_name: ".b" type: "int32" }];',
      'extensions 5, 6 [declaration = { number: 5 full_name: ".a" type: "int32" }, declaration = { number: 6 full_name: ".a" type: "int32" }];',
      'extensions 5, 6 [declaration = { number: 5 full_name: ".a" type: "int32" }];',
      'extensions 5 [declaration = { number: 5 full_name: ".a..b" type: "int32" }];',
      'extensions 5 [declaration = { number: 5 full_name: ".1a" type: "int32" }];',
      'option message_set_wire_format = true; extensions 5 to max;',
      'option message_set_wire_format = true;',
      `option message_set_wire_format = true; extensions 5; ${l}int32 a = 1;`,
      'option message_set_wire_format = true; extensions 4 to 2147483646;',
      'option message_set_wire_format = true; extensions 4 to 2147483647;',
      'option deprecated = true;',
      'option no_standard_descriptor_accessor = true;',
      'option deprecated = 1;',
      'option deprecated = TRUE;',
      'option nowhere = 1;',
      'option (nowhere) = 1;',
      'option (nowhere).a = 1;',
      'option deprecated = true; option deprecated = false;',
      'rpc R(M) returns (M);',
      'service S { }',
      'package a;',
      'import "a.proto";',
      'extend M { }',
      ';',
      'int32;',
      'message N { message N { } }',
      'message N { } message N { }',
      'enum N { N_ZERO = 0; } message N { }',
      `message N { } ${l}int32 N = 1;`,
      'message M { }',
      `${l}int32 message = 1; ${l}int32 enum = 2; ${l}int32 option = 3; ${l}int32 reserved = 4; ${l}int32 extensions = 5; ${l}int32 oneof = 6; ${l}int32 map = 7; ${l}int32 optional = 8;`,
      `${l}option a = 1; message option { }`,
      `${l}message a = 1; message message { }`,
      `${l}oneof a = 1; message oneof { }`,
      `${l}reserved a = 1; message reserved { }`,
      `${l}stream a = 1; message stream { }`,
      `${l}string a = 1 [(nowhere) = 1];`,
    ]) {
      yield `${head} message M { ${body} }`
    }
    for (const body of [
      'A = 0;',
      'A = 1;',
      'A = -1;',
      'B = 1; A = 0;',
      'A = 0; A = 1;',
      'A = 0; B = 0;',
      'option allow_alias = true; A = 0; B = 0;',
      'option allow_alias = true; A = 0; B = 1;',
      'option allow_alias = false; A = 0; B = 1;',
      'A = 0; B = 2147483647; C = -2147483648;',
      'A = 0; B = 2147483648;',
      'A = 0; B = -2147483649;',
      'A = 0; B = 1.5;',
      'A = 0; B = "1";',
      'A = 0; B;',
      'A = 0; B = 0x1;',
      'A = 0 B = 1;',
      'A = 00;',
      'A = -0;',
      'A = 0, B = 1;',
      'A = 0; a = 1;',
      'A = 0; E_A = 1;',
      'A = 0; EA = 1;',
      'A_B = 0; AB = 1;',
      'E_1 = 0; E1 = 1;',
      'option allow_alias = true; A = 0; E_A = 0;',
      'option allow_alias = true; A = 0; B = 0; E_A = 1;',
      'option deprecated_legacy_json_field_conflicts = true; A = 0; E_A = 1;',
      'option deprecated = true; A = 0;',
      'option nowhere = true; A = 0;',
      'A = 0 [deprecated = true];',
      'A = 0 [debug_redact = true];',
      'A = 0 [nowhere = true];',
      'A = 0 [];',
      'A = 0; reserved 1;',
      'A = 0; reserved 0;',
      'A = 0; reserved -5 to -1;',
      'A = 0; reserved 5 to max;',
      'A = 0; reserved 5 to 3;',
      'A = 0; reserved -1 to -5;',
      'A = 0; reserved 2147483648;',
      'A = 0; reserved 1, 1;',
      'A = 0; reserved 1 to 5; reserved 3;',
      `A = 0; reserved ${name('A')};`,
      `A = 0; reserved ${name('B')}, ${name('B')};`,
      `A = 0; reserved ${name('B')};`,
      'A = 0; extensions 5;',
      'A = 0; message N { }',
      'A = 0; oneof o { }',
      'A = 0;;',
      ';',
      'reserved 1;',
      'option A = 0;',
      'option = 0;',
      'A = max;',
      'reserved = 0;',
      'true = 0;',
      'inf = 0; nan = 1;',
      'message = 0;',
      'E = 0;',
      'export A = 0;',
    ]) {
      yield `${head} enum E { ${body} }`
    }
    for (const body of [
      'rpc R(M) returns (M);',
      'rpc R(M) returns (M) { }',
      'rpc R(M) returns (M) { };',
      'rpc R(M) returns (M) { ; }',
      'rpc R(stream M) returns (stream M);',
      'rpc R(stream M) returns (M) { option deprecated = true; }',
      'rpc R(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }',
      'rpc R(M) returns (M) { option idempotency_level = SAFE; }',
      'rpc R(M) returns (M) { option nowhere = 1; }',
      'rpc R(M) returns (M) { rpc Q(M) returns (M); }',
      'rpc R(M) returns (M) [deprecated = true];',
      'rpc R(M);',
      'rpc R() returns (M);',
      'rpc R(M) returns ();',
      'rpc R(M) returns M;',
      'rpc R M returns (M);',
      'rpc (M) returns (M);',
      'rpc R(M, M) returns (M);',
      'rpc R(M) return (M);',
      'rpc R(M) returns (M)',
      'rpc R(int32) returns (M);',
      'rpc R(M) returns (string);',
      'rpc R(E) returns (M);',
      'rpc R(S) returns (M);',
      'rpc R(Nowhere) returns (M);',
      'rpc R(.M) returns (.M);',
      'rpc R(M.N) returns (M);',
      'rpc R(M.i) returns (M);',
      'rpc R(R) returns (M);',
      'rpc R(stream) returns (M);',
      'rpc R(M) returns (M); rpc R(M) returns (M);',
      'rpc R(M) returns (M); rpc r(M) returns (M);',
      'stream R(M, M);',
      'option deprecated = true;',
      'option nowhere = true;',
      'option deprecated = true; option deprecated = true;',
      'message N { }',
      ';',
      'R(M) returns (M);',
    ]) {
      yield `${head} message M { ${l}int32 i = 1; } enum E { E_ZERO = 0; } service S { ${body} }`
    }
  }
}

const described = 'import "google/protobuf/descriptor.proto";'

/** Extensions, and options that files declare themselves, with every form of value. */
function* extensionRules(): Generator<string> {
  for (const level of levels) {
    const head = heads[level]
    const l = label(level)
    const m = 'message M { extensions 5 to 10; }'
    const n = `message N { ${l}int32 i = 1; }`
    for (const body of [
      `${m} extend M { ${l}int32 a = 5; }`,
      `${m} extend M { repeated int32 a = 5; }`,
      `${m} extend M { required int32 a = 5; }`,
      `${m} extend M { int32 a = 5; }`,
      `${m} extend M { optional int32 a = 5; }`,
      `${m} extend M { ${l}int32 a = 4; }`,
      `${m} extend M { ${l}int32 a = 11; }`,
      `${m} extend M { ${l}int32 a = 5; ${l}int32 b = 5; }`,
      `${m} extend M { ${l}int32 a = 5; ${l}int32 a = 6; }`,
      `${m} extend M { ${l}int32 a = 5; } extend M { ${l}int32 b = 5; }`,
      `${m} extend M { map<int32, int32> a = 5; }`,
      `${m} extend M { oneof o { int32 a = 5; } }`,
      `${m} extend M { optional group G = 5 { } }`,
      `${m} extend M { ${l}M a = 5; }`,
      `${m} extend M { option deprecated = true; ${l}int32 a = 5; }`,
      `${m} extend M { reserved 5; }`,
      `${m} extend M { }`,
      `${m} extend M { ; }`,
      `${m} extend M;`,
      `${m} extend .M { ${l}int32 a = 5; }`,
      `${m} extend Nowhere { ${l}int32 a = 5; }`,
      `${m} extend int32 { ${l}int32 a = 5; }`,
      `enum E { E_ZERO = 0; } extend E { ${l}int32 a = 5; }`,
      `message P { } extend P { ${l}int32 a = 5; }`,
      `${m} ${n} extend M { ${l}N a = 5 [lazy = true]; }`,
      `${m} extend M { ${l}int32 a = 5 [json_name = "a"]; }`,
      `${m} extend M { ${l}int32 foo_bar = 5 [json_name = "fooBar"]; }`,
      `${m} extend M { ${l}int32 a = 5 [json_name = "b"]; }`,
      `${m} message Q { extend M { ${l}int32 a = 5; } }`,
      `${m} message Q { extend M { ${l}int32 a = 5; } ${l}int32 a = 1; }`,
      `message S { option message_set_wire_format = true; extensions 4 to max; } ${n} extend S { ${l}N a = 5; }`,
      `message S { option message_set_wire_format = true; extensions 4 to max; } extend S { ${l}int32 a = 5; }`,
      `message S { option message_set_wire_format = true; extensions 4 to max; } ${n} extend S { repeated N a = 5; }`,
      `message S { option message_set_wire_format = true; extensions 4 to max; } ${n} extend S { ${l}N a = 600000000; }`,
      `message D { extensions 5 [declaration = { number: 5 full_name: ".a" type: "int32" }]; } extend D { ${l}int32 a = 5; }`,
      `message D { extensions 5 [declaration = { number: 5 full_name: ".b" type: "int32" }]; } extend D { ${l}int32 a = 5; }`,
      `message D { extensions 5 [declaration = { number: 5 full_name: ".a" type: "int64" }]; } extend D { ${l}int32 a = 5; }`,
      `message D { extensions 5 [declaration = { number: 5 full_name: ".a" type: "int32" repeated: true }]; } extend D { ${l}int32 a = 5; }`,
      `message D { extensions 5 [declaration = { number: 5 full_name: ".a" type: ".N" }]; } ${n} extend D { ${l}N a = 5; }`,
      `message D { extensions 5 [declaration = { number: 5 full_name: ".a" type: ".E" }]; } ${n} extend D { ${l}N a = 5; }`,
      `message D { extensions 5 [declaration = { number: 5 reserved: true }]; } extend D { ${l}int32 a = 5; }`,
      `message D { extensions 5 [verification = DECLARATION]; } extend D { ${l}int32 a = 5; }`,
      `${described} extend google.protobuf.FileOptions { ${l}int32 a = 50000; } option (a) = 1;`,
      `${described} extend google.protobuf.FileOptions { ${l}int32 a = 1; }`,
      `${described} extend google.protobuf.MessageOptions { repeated int32 a = 50000; } message Q { option (a) = 1; option (a) = 2; }`,
      `${described} extend google.protobuf.FeatureSet { ${l}int32 a = 9990; }`,
    ]) {
      yield `${head} ${body}`
    }
  }
  const custom = (level: Level, value: string): string => {
    const l = label(level)
    return `${heads[level]} ${described}
message T { ${l}int32 i = 1; ${l}string s = 2; ${l}bool b = 3; ${l}double d = 4; repeated int32 r = 5; ${l}T t = 6; repeated T ts = 7; ${l}E e = 8; map<string, int32> m = 9; oneof o { int32 x = 10; int32 y = 11; } ${l}bytes by = 12; ${l}float f = 13; ${level === 'proto2' ? 'optional group Grp = 14 { optional int32 q = 1; } extensions 100;' : ''} }
${level === 'proto2' ? 'extend T { optional int32 ext = 100; } message R { required int32 a = 1; optional int32 b = 2; }' : ''}
enum E { E_ZERO = 0; E_ONE = 1; true = 2; inf = 3; nan = 4; }
extend google.protobuf.MessageOptions { ${l}int32 i = 50001; ${l}uint32 u = 50002; ${l}int64 l = 50003; ${l}uint64 ul = 50004; ${l}float f = 50005; ${l}double d = 50006; ${l}bool b = 50007; ${l}string s = 50008; ${l}bytes by = 50009; ${l}E e = 50010; ${l}T t = 50011; repeated int32 r = 50012; repeated T ts = 50013; ${level === 'proto2' ? 'optional R req = 50014;' : ''} }
message M { ${value} }`
  }
  const scalars = [
    '1',
    '-1',
    '+1',
    '0x10',
    '010',
    '1.5',
    '-1.5',
    '1e3',
    '1.',
    '.5',
    'inf',
    '-inf',
    'nan',
    '-nan',
    'infinity',
    '-infinity',
    'Inf',
    'NaN',
    '-Inf',
    'true',
    'false',
    'True',
    't',
    '"a"',
    '"a" "b"',
    'E_ZERO',
    'E_TWO',
    '-E_ZERO',
    '2147483647',
    '2147483648',
    '-2147483648',
    '-2147483649',
    '4294967296',
    '9223372036854775808',
    '-9223372036854775809',
    '18446744073709551615',
    '18446744073709551616',
    '{ }',
    '{ i: 1 }',
    '[1]',
    '-true',
    '- 1',
    '1f',
    "'a'",
  ]
  for (const name of ['i', 'u', 'l', 'ul', 'f', 'd', 'b', 's', 'by', 'e', 't', 'r', 'ts']) {
    for (const value of scalars) yield custom('proto2', `option (${name}) = ${value};`)
  }
  const aggregates = [
    'i: 1',
    'i 1',
    'i: -1',
    'i: - 1',
    'i: +1',
    'i: 1.5',
    'i: 0x10',
    'i: 2147483648',
    'i: "1"',
    'i: true',
    'i: 1 i: 2',
    'i: 1, s: "a"',
    'i: 1; s: "a"',
    'i: 1,, s: "a"',
    'i: 1,',
    ', i: 1',
    'i: 1 s: "a" "b"',
    's: a',
    's: 1',
    "s: 'a'",
    'b: true',
    'b: True',
    'b: t',
    'b: 1',
    'b: 2',
    'b: TRUE',
    'b: "true"',
    'd: 1',
    'd: 1.5f',
    'd: inf',
    'd: -inf',
    'd: Infinity',
    'd: nan',
    'd: -nan',
    'd: NaN',
    'd: "1"',
    'd: 1e400',
    'f: 1e400',
    'd: .5',
    'd: 5.',
    'r: 1',
    'r: [1, 2]',
    'r: []',
    'r [1, 2]',
    'r: [1, ]',
    'r: [1 2]',
    'r: 1 r: 2',
    'r: [1] r: 2',
    'i: [1]',
    't: { }',
    't { }',
    't < >',
    't: < i: 1 >',
    't: { i: 1 >',
    't: 1',
    't: [{ }]',
    'ts: [{ }, { i: 1 }]',
    'ts [{ }, { i: 1 }]',
    'ts { } ts { }',
    'ts: []',
    'e: E_ONE',
    'e: 1',
    'e: 99',
    'e: E_TWO',
    'e: "E_ONE"',
    'e: true',
    'e: inf',
    'm: { key: "a" value: 1 }',
    'm { key: "a" value: 1 }',
    'm: { key: "a" }',
    'm: { value: 1 }',
    'm: { }',
    'm: [{ key: "a" value: 1 }, { key: "b" value: 1 }]',
    'm: { key: 1 value: 1 }',
    'm: { key: "a" value: "b" }',
    'm: { key: "a" other: 1 }',
    'm: { key: "a" key: "b" }',
    'm { key: "a" value: 1 } m { key: "a" value: 2 }',
    'x: 1',
    'x: 1 y: 2',
    'x: 1 x: 2',
    'o: 1',
    'nowhere: 1',
    'I: 1',
    '1: 1',
    'by: "\\xff"',
    'by: "a"',
    's: "\\xff"',
    's: "\\u00e9"',
    's: "\\z"',
    '[ext]: 1',
    '[ext] : 1',
    '[.ext]: 1',
    '[nowhere]: 1',
    'ext: 1',
    'Grp { q: 1 }',
    'grp { q: 1 }',
    'GRP { q: 1 }',
    'Grp: { q: 1 }',
    '# comment\n i: 1',
    '// comment\n i: 1',
    '/* comment */ i: 1',
    '[type.googleapis.com/T] { }',
  ]
  for (const text of aggregates) yield custom('proto2', `option (t) = { ${text} };`)
  for (const level of ['proto3', '2023'] as const) {
    for (const text of aggregates.filter((one) => !/ext|[gG][rR][pP]/.test(one)))
      yield custom(level, `option (t) = { ${text} };`)
  }
  for (const path of [
    'option (t).i = 1;',
    'option (t).i = 1; option (t).s = "a";',
    'option (t).i = 1; option (t).i = 2;',
    'option (t) = { }; option (t).i = 2;',
    'option (t).i = 2; option (t) = { };',
    'option (t).t.t.i = 1;',
    'option (t).nowhere = 1;',
    'option (t).i.i = 1;',
    'option (t).r = 1; option (t).r = 2;',
    'option (t).r = [1];',
    'option (t).ts = { }; option (t).ts = { };',
    'option (t).ts.i = 1;',
    'option (t).x = 1; option (t).y = 1;',
    'option (t).m = { key: "a" };',
    'option (t).(ext) = 1;',
    'option (t).(nowhere) = 1;',
    'option (.t).i = 1;',
    'option (t.i) = 1;',
    'option t.i = 1;',
    'option (i) = 1; option (i) = 2;',
    'option (ts) = { i: 1 }; option (ts) = { i: 2 };',
    'option (ts).i = 1;',
    'option (T) = 1;',
    'option (t).grp.q = 1;',
    'option (t).Grp = { };',
    'option (t).grp = { };',
    'option (req) = { };',
    'option (req) = { a: 1 };',
    'option (req).b = 1;',
    'option (req).a = 1;',
    'option (t).grp.q = 1; option (t).i = 2;',
    'option (req).a = 1; option (req).b = 1;',
    'option (t) = { i: 1 }; option (i) = 1;',
    'option(t).i=1;',
    'option (t) . i = 1;',
    'option (t).i = 1',
    'option (t)(i) = 1;',
    'option ().i = 1;',
    'option (t).i = {};',
    'option (t).i. = 1;',
  ]) {
    yield custom('proto2', path)
  }
}

const other = (level: Level, body: string): string => `${heads[level]} ${body}`

/** Files that use what another one declares. */
function* importRules(): Generator<RuleCase> {
  for (const level of levels) {
    for (const theirs of levels) {
      const l = label(level)
      const imported: [string, string][] = [
        ['enum E { E_ZERO = 0; }', `message M { ${l}E e = 1; }`],
        ['enum E { E_ZERO = 0; }', 'message M { repeated E e = 1; }'],
        ['enum E { E_ZERO = 0; }', 'message M { map<int32, E> e = 1; }'],
        ['message B { }', `message M { ${l}B b = 1; }`],
        ['export message B { }', `message M { ${l}B b = 1; }`],
        ['message B { enum E { E_ZERO = 0; } }', `message M { ${l}B.E e = 1; }`],
        ['option optimize_for = LITE_RUNTIME; message B { }', `message M { ${l}B b = 1; }`],
        [
          'option optimize_for = LITE_RUNTIME; message B { }',
          `option optimize_for = LITE_RUNTIME; message M { ${l}B b = 1; }`,
        ],
        ['message B { }', 'message B { }'],
        ['package b; message B { }', 'message b { }'],
        ['package b; message B { }', `message M { ${l}b.B b = 1; }`],
        ['package b; message B { }', `message M { ${l}B b = 1; }`],
        ['package a.b; message B { }', `package a; message M { ${l}b.B b = 1; }`],
      ]
      for (const [b, a] of imported)
        yield { text: other(level, `import "b.proto"; ${a}`), files: { 'b.proto': other(theirs, b) } }
      if (theirs === 'proto2' || modern(theirs)) {
        yield {
          text: other(
            level,
            `import "b.proto"; option optimize_for = LITE_RUNTIME; message M { } extend B { ${l}int32 a = 5; }`,
          ),
          files: { 'b.proto': other(theirs, 'message B { extensions 5; }') },
        }
      }
    }
    yield { text: other(level, 'import "b.proto";'), files: { 'b.proto': other(level, 'import "t.proto";') } }
    yield {
      text: other(level, 'import "b.proto"; message M { repeated C c = 1; }'),
      files: {
        'b.proto': other(level, 'import "c.proto"; export message B { }'),
        'c.proto': other('proto3', 'message C { }'),
      },
    }
    yield {
      text: other(level, 'import "b.proto"; message M { repeated C c = 1; }'),
      files: { 'b.proto': other('proto3', 'import public "c.proto";'), 'c.proto': other('proto3', 'message C { }') },
    }
    yield {
      text: other(level, 'import option "b.proto"; message M { repeated B b = 1; }'),
      files: { 'b.proto': other('proto3', 'message B { }') },
    }
  }
}

/** All files. */
export function ruleCases(): RuleCase[] {
  const texts = [...fields(), ...features(), ...fileRules(), ...bodies(), ...extensionRules()]
  return [...[...new Set(texts)].map((text) => ({ text })), ...importRules()]
}
