/** Small IDLs that could cost much: chains, doublings and crowds of everything that a file can name or nest. */

/** The name of each bomb, its file and its text; `n` says how large. */
export function idlBombs(n: number): readonly (readonly [name: string, path: string, text: string])[] {
  const range = (line: (i: number) => string, k: number = n): string =>
    Array.from({ length: k }, (_, i) => line(i)).join('\n')
  const bombs: Readonly<Record<string, readonly [string, string]>> = {
    typedefChain: [
      'a.thrift',
      `typedef i32 T0\n${range((i) => `typedef T${i} T${i + 1}`)}\nstruct S { 1: T${n} a = 5 }`,
    ],
    typedefList: [
      'a.thrift',
      `typedef i32 T0\n${range((i) => `typedef list<T${i}> T${i + 1}`, Math.min(n, 60))}\nstruct S { 1: T${Math.min(n, 60)} a }`,
    ],
    typedefPair: [
      'a.thrift',
      `typedef i32 T0\n${range((i) => `typedef map<T${i},T${i}> T${i + 1}`, 40)}\nstruct S { 1: T40 a }`,
    ],
    typedefBackward: [
      'a.thrift',
      `struct S { 1: T0 a }\n${range((i) => `typedef T${i + 1} T${i}`)}\ntypedef i32 T${n}`,
    ],
    constChain: [
      'a.thrift',
      `const i32 C0 = 1\n${range((i) => `const i32 C${i + 1} = C${i}`)}\nstruct S { 1: i32 a = C${n} }`,
    ],
    constBackward: ['a.thrift', `${range((i) => `const i32 C${i} = C${i + 1}`)}\nconst i32 C${n} = 1`],
    constDouble: [
      'a.thrift',
      `const list<i32> C0 = [1]\n${range((i) => `const list<list<i32>> C${i + 1} = [C0, C0]`)}`,
    ],
    extendsChain: [
      'a.thrift',
      `service S0 { void a0() }\n${range((i) => `service S${i + 1} extends S${i} { void a${i + 1}() }`)}`,
    ],
    structChain: ['a.thrift', `struct S0 { 1: i32 a }\n${range((i) => `struct S${i + 1} { 1: S${i} a }`)}`],
    structRequired: ['a.thrift', `struct S0 { 1: i32 a }\n${range((i) => `struct S${i + 1} { 1: required S${i} a }`)}`],
    structDefault: ['a.thrift', `struct S0 { 1: i32 a }\n${range((i) => `struct S${i + 1} { 1: S${i} a = {} }`)}`],
    wide: ['a.thrift', `struct S {\n${range((i) => `${i + 1}: i32 f${i}`)} }`],
    union: ['a.thrift', `union S {\n${range((i) => `${i + 1}: i32 f${i}`)} }`],
    enum: ['a.thrift', `enum E {\n${range((i) => `V${i} = ${i}`)} }\nconst E A = E.V${n - 1}`],
    deepType: ['a.thrift', `struct S { 1: ${'list<'.repeat(n)}i32${'>'.repeat(n)} a }`],
    deepValue: ['a.thrift', `const list<i32> A = ${'['.repeat(n)}${']'.repeat(n)}`],
    annotations: ['a.thrift', `struct S { 1: i32 a (${range((i) => `k${i} = "v"`)}) }`],
    includes: ['a.thrift', `${range((i) => `include "i${i}.thrift"`)}`],
    methods: ['a.thrift', `service S {\n${range((i) => `void m${i}()`)} }`],
    comment: ['a.thrift', `/* ${'*'.repeat(n * 10)} */ struct S {}\n${range(() => '// x')}\nstruct R {}`],
    sameName: ['a.thrift', range(() => 'struct S {}')],
    sameField: ['a.thrift', `struct S {\n${range(() => '1: i32 a')} }`],
    unknown: ['a.thrift', `struct S {\n${range((i) => `${i + 1}: Missing${i} f${i}`)} }`],
    nested: [
      'a.proto',
      `syntax = "proto3";\n${range((i) => `message M${i} {`, Math.min(n, 5000))}${'}'.repeat(Math.min(n, 5000))}`,
    ],
    protoChain: ['a.proto', `syntax = "proto3"; message M0 {}\n${range((i) => `message M${i + 1} { M${i} m = 1; }`)}`],
    protoWide: ['a.proto', `syntax = "proto3"; message M {\n${range((i) => `string f${i} = ${i + 1};`)} }`],
    protoOneof: [
      'a.proto',
      `syntax = "proto3"; message M { oneof o {\n${range((i) => `string f${i} = ${i + 1};`)} } }`,
    ],
    protoEnum: ['a.proto', `syntax = "proto3"; enum E {\n${range((i) => `V${i} = ${i};`)} }`],
    reserved: [
      'a.proto',
      `syntax = "proto3"; message M {\n${range((i) => `reserved ${i * 2 + 1};`)}\n${range((i) => `string f${i} = ${i * 2 + 2};`)} }`,
    ],
    reservedNames: [
      'a.proto',
      `syntax = "proto3"; message M {\n${range((i) => `reserved "r${i}";`)}\n${range((i) => `string f${i} = ${i + 1};`)} }`,
    ],
    extensions: [
      'a.proto',
      `syntax = "proto2"; message M { extensions 1 to max; }\nextend M {\n${range((i) => `optional string e${i} = ${i + 1};`)} }`,
    ],
    options: [
      'a.proto',
      `syntax = "proto3"; import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { repeated int32 r = 50000; }\n${range((i) => `option (r) = ${i};`)}`,
    ],
    deepOption: [
      'a.proto',
      `syntax = "proto3"; import "google/protobuf/descriptor.proto"; message A { A a = 1; } extend google.protobuf.FileOptions { A a = 50000; }\noption (a) = ${'{a:'.repeat(n)}{}${'}'.repeat(n)};`,
    ],
    rpcs: ['a.proto', `syntax = "proto3"; message A {} service S {\n${range((i) => `rpc M${i}(A) returns (A);`)} }`],
    packages: [
      'a.proto',
      `syntax = "proto3"; package ${range((i) => `p${i}`, Math.min(n, 5000)).replaceAll('\n', '.')}; message A { A a = 1; }`,
    ],
    strings: ['a.proto', `syntax = "proto2"; message A { optional string s = 1 [default = ${range(() => '"x"')}]; }`],
  }
  return Object.entries(bombs).map(([name, [path, text]]) => [name, path, text])
}
