import { describe, expect, it } from 'vitest'
import type { Definition, Field, Struct, Value } from '../../../../src/compiler/idl/thrift/ast.ts'
import { parseText, withoutPlaces } from './parse-text.ts'

/** Parses text that must be flawless. */
function clean(text: string): ReturnType<typeof parseText> {
  const parsed = parseText(text)
  expect(parsed.said).toEqual([])
  return parsed
}

function definition(text: string): Definition {
  const { definitions } = clean(text).document
  expect(definitions).toHaveLength(1)
  return definitions[0]!
}

function fieldsOf(text: string): readonly Field[] {
  return (definition(`struct A { ${text} }`) as Struct).fields
}

function constantOf(text: string): unknown {
  const node = definition(`const i32 X = ${text}`)
  return withoutPlaces((node as Extract<Definition, { value: Value }>).value)
}

describe('headers', () => {
  it('reads includes and drops cpp_include', () => {
    const { includes } = clean(`include "a/b.thrift"\ncpp_include '<vector>'\ninclude 'c.thrift';`).document
    expect(includes.map((include) => include.path)).toEqual(['a/b.thrift', 'c.thrift'])
  })

  it.each([
    ['namespace * shop', '*', 'shop'],
    ['namespace java com.example.shop', 'java', 'com.example.shop'],
    ['namespace py.twisted a.b', 'py.twisted', 'a.b'],
    ['namespace java-x foo-bar.baz-1', 'java-x', 'foo-bar.baz-1'],
    ['namespace go struct.service.list', 'go', 'struct.service.list'],
    ['namespace xsd "http://example.com/x"', 'xsd', 'http://example.com/x'],
    ['namespace rs \'a.b\' (uri = "x")', 'rs', 'a.b'],
    ['java_package a.b', 'java', 'a.b'],
    ['php_namespace A', 'php', 'A'],
    ['cpp_namespace a', 'cpp', 'a'],
    ['py_module x.y', 'py', 'x.y'],
    ['smalltalk_prefix P', 'smalltalk', 'P'],
  ])('reads %j', (text, scope, name) => {
    expect(clean(text).document.namespaces.map((n) => [n.scope, n.name.text])).toEqual([[scope, name]])
  })

  it('takes headers behind declarations', () => {
    const { document } = clean('struct A {}\ninclude "b.thrift"\nnamespace js x')
    expect([document.includes.length, document.namespaces.length, document.definitions.length]).toEqual([1, 1, 1])
  })

  it.each(['', '\n', '\ufeff', '// only\n# comments\n/* here */', ';;,'])('takes the empty file %j', (text) => {
    expect(clean(text).document.definitions).toEqual([])
  })
})

describe('fields', () => {
  it.each([
    ['1: i32 a', ['1', '', 'a']],
    ['1:i32 a', ['1', '', 'a']],
    ['1 : required i32 a', ['1', 'required', 'a']],
    ['0x10: optional i32 a', ['16', 'optional', 'a']],
    ['+7: i32 a', ['7', '', 'a']],
  ])('reads %j', (text, expected) => {
    const [field] = fieldsOf(text)
    expect([String(field!.id), field!.requiredness ?? '', field!.name.text]).toEqual(expected)
  })

  it('takes separators anywhere or nowhere', () => {
    for (const text of ['1: i32 a, 2: i32 b; 3: i32 c', '1: i32 a 2: i32 b 3: i32 c', '1:i32 a,;2:i32 b;;3:i32 c,']) {
      expect(fieldsOf(text).map((field) => [field.id, field.name.text])).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ])
    }
  })

  it('takes keywords as names', () => {
    const words = [
      'list',
      'struct',
      'required',
      'optional',
      'service',
      'namespace',
      'include',
      'throws',
      'oneway',
      'void',
    ]
    words.push('const', 'enum', 'extends', 'i32', 'string', 'map', 'union', 'exception', 'typedef', 'async', 'senum')
    const text = words.map((word, i) => `${i + 1}: ${i % 2 === 0 ? 'optional ' : ''}string ${word}`).join('\n')
    expect(fieldsOf(text).map((field) => field.name.text)).toEqual(words)
  })

  it('reads references, xsd hints and annotations', () => {
    const fields = fieldsOf(
      `1: optional A & next (cpp.ref = "") 2: i32 b xsd_optional xsd_nillable xsd_attrs { 1: i32 c } (x) 3: A &d = {}`,
    )
    expect(fields.map((field) => [field.name.text, field.reference, field.annotations.length])).toEqual([
      ['next', true, 1],
      ['b', false, 1],
      ['d', true, 0],
    ])
  })

  it('numbers fields without ids downwards with a warning, as Apache Thrift does', () => {
    const { file, diagnostics } = parseText('struct A { i32 a, 5: i32 b, i32 c }')
    const [message] = file.declarations
    expect(message?.kind === 'message' && message.fields.map((field) => field.id)).toEqual([-1, 5, -2])
    expect(diagnostics.map((d) => [d.code, d.severity])).toEqual([
      ['missing-field-id', 'warning'],
      ['missing-field-id', 'warning'],
    ])
  })
})

describe('types', () => {
  it.each([
    ['bool', { kind: 'base', name: 'bool' }],
    ['slist', { kind: 'base', name: 'slist' }],
    ['uuid', { kind: 'base', name: 'uuid' }],
    ['common.Money', { kind: 'named', name: 'common.Money' }],
    ['a.b.C', { kind: 'named', name: 'a.b.C' }],
    ['list<i32>', { kind: 'list', element: { kind: 'base', name: 'i32' } }],
    ['list<i32> cpp_type "std::list"', { kind: 'list', element: { kind: 'base', name: 'i32' } }],
    ['list cpp_type "x" <i32>', { kind: 'list', element: { kind: 'base', name: 'i32' } }],
    ['set cpp_type "x" < string >', { kind: 'set', element: { kind: 'base', name: 'string' } }],
    [
      'map cpp_type "x"<string,list<set<A>>>',
      {
        kind: 'map',
        key: { kind: 'base', name: 'string' },
        value: { kind: 'list', element: { kind: 'set', element: { kind: 'named', name: 'A' } } },
      },
    ],
    ['list', { kind: 'named', name: 'list' }],
  ])('reads %j', (text, expected) => {
    const strip = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (key, v) => (key === 'annotations' ? undefined : v)))
    expect(strip(withoutPlaces(fieldsOf(`1: ${text} a`)[0]!.type))).toEqual(expected)
  })

  it('keeps annotations of types at every level', () => {
    const [field] = fieldsOf('1: list<string (a = "1")> (b) x (c = "3")')
    const type = field!.type
    expect(type.annotations.map((a) => a.key.text)).toEqual(['b'])
    expect(type.kind === 'list' && type.element.annotations.map((a) => [a.key.text, a.value])).toEqual([['a', '1']])
    expect(field!.annotations.map((a) => a.key.text)).toEqual(['c'])
  })
})

describe('values', () => {
  it.each([
    ['0', '0n'],
    ['+7', '7n'],
    ['-0x10', '-16n'],
    ['0xFFFFFFFFFFFFFFFF', '18446744073709551615n'],
    ['0o17', '15n'],
    ['-9223372036854775808', '-9223372036854775808n'],
    ['007', '7n'],
  ])('reads the integer %s exactly', (text, value) => {
    expect(constantOf(text)).toEqual({ kind: 'int', value })
  })

  it.each([
    ['.5', 0.5],
    ['-.5', -0.5],
    ['1.', 1],
    ['1e10', 1e10],
    ['+1.5E-3', 0.0015],
    ['12.', 12],
  ])('reads the number %s', (text, value) => {
    expect(constantOf(text)).toEqual({ kind: 'double', value })
  })

  it.each([
    [`"plain"`, 'plain'],
    [`'it "is"'`, 'it "is"'],
    [`"a\\n\\r\\t\\b\\f\\v\\a\\\\\\"\\'\\/"`, 'a\n\r\t\b\f\v\u0007\\"\'/'],
    [`"\\x41\\u00e4\\U0001F600\\101\\0"`, 'Aä😀A\0'],
    [`"\\d+\\."`, '\\d+\\.'],
    [`"two\nlines"`, 'two\nlines'],
    [`"größe 中文"`, 'größe 中文'],
    [`""`, ''],
    [`"\\UFFFFFFFF"`, '\\UFFFFFFFF'],
  ])('reads the string %s', (text, value) => {
    expect(constantOf(text)).toEqual({ kind: 'string', value })
  })

  it('reads lists and maps with any separators', () => {
    const one = { kind: 'int', value: '1n' }
    const two = { kind: 'int', value: '2n' }
    for (const text of ['[1, 2]', '[1 2]', '[1; 2;]', '[\n1,\n2,\n]']) {
      expect(constantOf(text)).toEqual({ kind: 'list', elements: [one, two] })
    }
    for (const text of ['{1: 2}', '{1:2,}', '{ 1 : 2; }']) {
      expect(constantOf(text)).toEqual({ kind: 'map', entries: [{ key: one, value: two }] })
    }
    expect(constantOf('{}')).toEqual({ kind: 'map', entries: [] })
  })

  it('reads names and booleans', () => {
    expect(constantOf('a.B.C')).toEqual({ kind: 'name', text: 'a.B.C' })
    const { file } = parseText('const bool T = true')
    const [constant] = file.declarations
    expect(constant?.kind === 'const' && constant.value).toMatchObject({ kind: 'bool', value: true })
  })
})

describe('declarations', () => {
  it('takes separators behind declarations', () => {
    const { definitions } = clean(
      'struct A {};\nenum B { X },\nconst i32 C = 1;\ntypedef i32 D,\nservice E {};',
    ).document
    expect(definitions.map((d) => [d.kind, d.name.text])).toEqual([
      ['struct', 'A'],
      ['enum', 'B'],
      ['const', 'C'],
      ['typedef', 'D'],
      ['service', 'E'],
    ])
  })

  it('reads annotations of declarations, constants, enum values and functions; duplicates and those without value are kept', () => {
    const { file } = clean(`
      struct A { 1: i32 a (go.tag = "x", go.tag = "y") } (deprecated, a.b-c = "1")
      enum E { X = 1 (v = "2"), Y (deprecated = "use X") } (e = "1"; f = "2")
      const i32 C = 1 (k = "v")
      typedef i32 T (t = "1")
      exception O { 1: string message } (o = "1")
      union U { 1: i32 a } (u)
      service S { void f() (a = "1") throws (1: O o) (b = "2") } (s = "1")
    `)
    const names = file.declarations.map((d) => d.annotations.map((a) => `${a.name}=${a.value}`))
    expect(names).toEqual([['deprecated=1', 'a.b-c=1'], ['e=1', 'f=2'], ['k=v'], ['t=1'], ['o=1'], ['u=1'], ['s=1']])
    const [struct, e, , , , , service] = file.declarations
    expect(struct!.deprecated).toBe(true)
    expect(struct?.kind === 'message' && struct.fields[0]!.annotations.map((a) => a.value)).toEqual(['x', 'y'])
    expect(e?.kind === 'enum' && e.values.map((v) => v.deprecated)).toEqual([false, 'use X'])
    expect(service?.kind === 'service' && service.methods[0]!.annotations.map((a) => a.name)).toEqual(['a', 'b'])
  })

  it('numbers enum values from the one before', () => {
    const { file } = clean('enum E { A, B = 5, C, D = -0x1, F }')
    const [e] = file.declarations
    expect(e?.kind === 'enum' && e.values.map((v) => [v.name, v.number])).toEqual([
      ['A', 0],
      ['B', 5],
      ['C', 6],
      ['D', -1],
      ['F', 0],
    ])
  })

  it('reads senums as strings', () => {
    const { file } = clean('senum S { "a", "b"; "c" } (x)\nstruct A { 1: S s }')
    expect(file.declarations[0]).toMatchObject({
      kind: 'typedef',
      name: 'S',
      type: { kind: 'scalar', scalar: 'string' },
    })
  })

  it('makes union and throws fields optional', () => {
    const { file } = clean('union U { 1: i32 a }\nexception X {}\nservice S { void f() throws (1: X x) }')
    const [u, , s] = file.declarations
    expect(u?.kind === 'message' && u.fields[0]!.presence).toBe('optional')
    expect(s?.kind === 'service' && s.methods[0]!.throws[0]!.presence).toBe('optional')
  })

  it('reads services in every dialect', () => {
    const { file } = clean(`
      service S extends base.Base {
        void a(),
        oneway void b(1: i32 x);
        async void c()
        list<i32> d(1: required i32 x = 1, 2: optional string y) throws ()
        async async(1: i32 oneway)
        oneway oneway()
        void extends() throws (1: X x 2: Y y),
        map<string, i32> f(
          1: i32 a,
          2: i32 b (k = "v")
        )
      }`)
    const [service] = file.declarations
    expect(service?.kind === 'service' && service.extends?.text).toBe('base.Base')
    const methods = service?.kind === 'service' ? service.methods : []
    expect(methods.map((m) => [m.kind, m.name, m.args.length, m.throws.length, m.result !== undefined])).toEqual([
      ['unary', 'a', 0, 0, false],
      ['oneway', 'b', 1, 0, false],
      ['oneway', 'c', 0, 0, false],
      ['unary', 'd', 2, 0, true],
      ['unary', 'async', 1, 0, true],
      ['unary', 'oneway', 0, 0, true],
      ['unary', 'extends', 0, 2, false],
      ['unary', 'f', 2, 0, true],
    ])
    expect(methods[3]!.args.map((arg) => arg.presence)).toEqual(['required', 'optional'])
  })

  it('reads the same tree with CRLF, with a byte order mark, and on one line', () => {
    const text =
      'struct A {\n  1: i32 a = 1,\n  2: list<string> b\n}\n\nenum E { X\nY }\nservice S { void f(1: A a) }\n'
    const tree = withoutPlaces(clean(text).document)
    expect(withoutPlaces(clean(text.replaceAll('\n', '\r\n')).document)).toEqual(tree)
    expect(withoutPlaces(clean(`\ufeff${text}`).document)).toEqual(tree)
    expect(withoutPlaces(clean(text.replaceAll('\n', ' ')).document)).toEqual(tree)
  })

  it('places every node exactly', () => {
    const text = 'struct Abc {\n  12: required list<i32> names = [1] (a)\n}'
    const [struct] = clean(text).document.definitions as [Struct]
    const cut = (node: { start: number; end: number }): string => text.slice(node.start, node.end)
    const [field] = struct.fields
    expect([cut(struct), cut(struct.name)]).toEqual([text, 'Abc'])
    expect(
      [{ start: field!.start, end: field!.idEnd }, field!.type, field!.name, field!.value!, field!].map(cut),
    ).toEqual(['12', 'list<i32>', 'names', '[1]', '12: required list<i32> names = [1] (a)'])
  })
})
