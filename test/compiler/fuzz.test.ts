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
