import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { check, compile } from '../../src/compiler/compile.ts'
import { memoryHost } from '../../src/compiler/host.ts'
import { diagnosticToJson, renderDiagnostic } from '../../src/compiler/text/render-diagnostic.ts'
import { parseText, withoutPlaces } from './idl/thrift/parse-text.ts'

const example = (path: string): string => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
const samples = {
  'main.thrift': example('shop/idl/shop.thrift'),
  'main.proto': example('fleet/idl/fleet/v1/fleet.proto'),
}
const others = {
  'common/money.thrift': example('shop/idl/common/money.thrift'),
  'fleet/v1/geo.proto': example('fleet/idl/fleet/v1/geo.proto'),
}

/** Compiles a text in the place of a sample; whatever it is, what comes out must be printable and placed inside the text. */
function survive(name: keyof typeof samples, text: string): void {
  const { diagnostics } = compile({ entries: [name], host: memoryHost({ ...others, [name]: text }) })
  for (const diagnostic of diagnostics) {
    const { span } = diagnostic
    if (span !== undefined) {
      expect(span.start).toBeGreaterThanOrEqual(0)
      expect(span.end).toBeGreaterThanOrEqual(span.start)
      expect(span.end).toBeLessThanOrEqual(span.source.text.length)
    }
    expect(renderDiagnostic(diagnostic)).toContain(diagnostic.code)
    JSON.stringify(diagnosticToJson(diagnostic))
  }
}

const thriftWords =
  'struct union exception enum senum service extends throws oneway async void const typedef include namespace required optional list set map i32 i64 string binary bool double uuid A B c x.Y true 0 1 -7 0x1F 1.5 "s" \'t\' "a.thrift" { } ( ) [ ] < > , ; : = & * - // /* */ # \n @ \\ " cpp_type xsd_all xsd_attrs'.split(
    ' ',
  )
const protoWords =
  'syntax edition package import public weak option message enum service rpc returns stream oneof map extend extensions reserved optional required repeated group to max default json_name int32 string A b.C .x "proto3" "proto2" "2023" "google/protobuf/any.proto" 0 1 -7 0x1F 1.5 inf nan true { } ( ) [ ] < > , ; : = . - // /* */ \n @ \\ "'.split(
    ' ',
  )

const soup = (words: string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fc.string() }))
    .map((a) => a.join(' '))

interface Edit {
  readonly at: number
  readonly cut: number
  readonly put: string
}

/** A few edits: pieces cut, words put in, at places given as fractions of the text. */
const edits = (words: string[]): fc.Arbitrary<Edit[]> =>
  fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.oneof(fc.nat(3), fc.nat(200)),
      put: fc.oneof(fc.constant(''), fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 3 })),
    }),
    { minLength: 1, maxLength: 5 },
  )

function mutate(text: string, list: readonly Edit[]): string {
  let out = text
  for (const { at, cut, put } of list) {
    const offset = Math.floor(at * out.length)
    out = out.slice(0, offset) + put + out.slice(offset + cut)
  }
  return out
}

const runs = Number(process.env['FUZZ_RUNS'] ?? 300)

describe('any text', () => {
  it.each([
    ['main.thrift', thriftWords],
    ['main.proto', protoWords],
  ] as const)('in the place of %s becomes diagnostics, never a throw', (name, words) => {
    fc.assert(
      fc.property(soup([...words]), (text) => survive(name, text)),
      { numRuns: runs },
    )
    fc.assert(
      fc.property(edits([...words]), (list) => survive(name, mutate(samples[name], list))),
      { numRuns: runs },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => survive(name, text)),
      { numRuns: runs },
    )
  })

  it('cut off anywhere becomes diagnostics', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('main.thrift' as const, 'main.proto' as const),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (name, at) => survive(name, samples[name].slice(0, Math.floor(at * samples[name].length))),
      ),
      { numRuns: runs },
    )
  })
})

describe('values of options of every kind', () => {
  const holder =
    `syntax = "proto2"; package o; import "google/protobuf/descriptor.proto"; import "google/protobuf/any.proto";
    enum Open { option (e) = 1; ZERO = 0; ONE = 1; }
    message All {
      optional Open e = 1; optional bool b = 2; optional int32 i = 3; optional uint64 u = 4; optional sint64 s = 5; optional fixed32 f = 6;
      optional float r = 7; optional double d = 8; optional string t = 9; optional bytes y = 10; optional All m = 11;
      repeated Open es = 12; map<string, Open> map = 13; map<int32, All> deep = 14; optional google.protobuf.Any any = 15;
      optional group Part = 16 { optional int32 x = 1; } extensions 100 to max;
    }
    extend All { optional Open more = 100; }
    extend google.protobuf.MessageOptions { optional All all = 50000; optional Open open = 50001; optional bytes raw = 50002; }
    extend google.protobuf.EnumOptions { optional int32 e = 50000; }`.replace('option (e) = 1;', '')
  const names = [
    'e',
    'b',
    'i',
    'u',
    's',
    'f',
    'r',
    'd',
    't',
    'y',
    'm',
    'es',
    'map',
    'deep',
    'any',
    'Part',
    'part',
    '[o.more]',
    'nope',
  ]
  const values =
    '0 1 -1 2147483648 -2147483649 9223372036854775808 18446744073709551616 1e400 -1e400 0x1p3 1.5 inf -inf nan -nan true t ONE TWO "text" "\\xff" {} [] { x: 1 } { e: 2147483648 } { key: "k" value: 5 } [{ key: 1 value: { e: ONE } }] [ONE, 2147483648] { [type.googleapis.com/o.All]: { i: 1 } } { [o.more]: 2147483648 }'.match(
      /\{[^{}]*\{[^{}]*\}[^{}]*\}|\[\{.*?\}\}\]|\{[^{}]*\}|\[[^\]]*\]|\S+/g,
    )!

  /** Compiles messages with one option each, and then those again that had no error: only they are encoded. */
  function surviveAll(options: readonly string[]): void {
    const lines = options.map((option, i) => `message Subject${i} { option ${option}; }`)
    const text = (kept: readonly string[]): string => `${holder}\n${kept.join('\n')}`
    survive('main.proto', text(lines))
    const whole = text(lines)
    const { diagnostics } = check({ entries: ['main.proto'], host: memoryHost({ 'main.proto': whole }) })
    const bad = new Set(
      diagnostics
        .filter(({ severity }) => severity === 'error')
        .map(({ span }) => whole.slice(0, span?.start).split('\n').length - holder.split('\n').length - 1),
    )
    survive('main.proto', text(lines.filter((_, i) => !bad.has(i))))
  }

  it('become diagnostics or bytes, never a throw', () => {
    for (const name of names) {
      surviveAll(values.map((value) => `(all) = { ${name}: ${value} }`))
      if (name !== '[o.more]') surviveAll(values.map((value) => `(all).${name} = ${value}`))
    }
    surviveAll(values.flatMap((value) => [`(open) = ${value}`, `(raw) = ${value}`]))
  })

  it('hold 32 bits where an enum takes a number', () => {
    const text = `syntax = "proto3"; import "google/protobuf/descriptor.proto"; enum Foo { ZERO = 0; } message Bar { Foo foo = 1; }
      extend google.protobuf.FileOptions { Bar bar = 10101; } option (bar) = { foo: 2147483648 };`
    const { diagnostics } = compile({ entries: ['main.proto'], host: memoryHost({ 'main.proto': text }) })
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ['number-range', "2147483648 does not fit 'bar.foo'"],
    ])
  })
})

describe('layout', () => {
  it('says nothing in Thrift: tokens on one line, or each on its own, give the same tree', () => {
    fc.assert(
      fc.property(edits(thriftWords), (list) => {
        const { document } = parseText(mutate(samples['main.thrift'], list))
        const { tokens, source } = document
        const pieces: string[] = []
        for (let i = 0; i < tokens.length - 1; i++) pieces.push(source.text.slice(tokens.starts[i]!, tokens.ends[i]!))
        const clean = parseText(pieces.join(' '))
        // Recovery looks at line starts, and dotted names at white space: only flawless text must agree.
        if (parseText(source.text).diagnostics.length > 0 || clean.diagnostics.length > 0) return
        const strip = (tree: unknown): unknown =>
          JSON.parse(JSON.stringify(tree, (key, value) => (key === 'doc' ? undefined : value)))
        expect(strip(withoutPlaces(clean.document))).toEqual(strip(withoutPlaces(document)))
      }),
      { numRuns: runs },
    )
  })
})

describe('the samples', () => {
  it('are flawless', () => {
    for (const name of Object.keys(samples)) {
      expect(check({ entries: [name], host: memoryHost({ ...others, ...samples }) }).diagnostics).toEqual([])
    }
  })
})
