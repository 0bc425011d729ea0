import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { generatedText } from '../../support/generated.ts'

// What generated code costs the type checker of those who use it, counted and not timed. The budgets stand in ARCHITECTURE.md.

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['node'],
  typeRoots: [join(repository, 'node_modules/@types')],
  paths: { 'volo-ts/gen': [join(repository, 'src/gen.ts')] },
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
}

/** The libraries and the runtime, parsed once for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/** Checks modules held in memory and counts what that took beyond the runtime that they import. */
function cost(files: Readonly<Record<string, string>>): { errors: number; instantiations: number; types: number } {
  const texts = new Map(Object.entries(files).map(([path, text]) => [join(repository, 'test', 'budget', path), text]))
  const host = ts.createCompilerHost(options)
  const program = ts.createProgram([...texts.keys()], options, {
    ...host,
    directoryExists: (path) => path === join(repository, 'test', 'budget') || host.directoryExists?.(path) === true,
    fileExists: (path) => texts.has(path) || host.fileExists(path),
    readFile: (path) => texts.get(path) ?? host.readFile(path),
    getSourceFile: (path, ...rest) => {
      const text = texts.get(path)
      if (text !== undefined) return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022)
      if (!parsed.has(path)) parsed.set(path, host.getSourceFile(path, ...rest))
      return parsed.get(path)
    },
  })
  let errors = program.getSyntacticDiagnostics().length
  for (const path of texts.keys()) errors += program.getSemanticDiagnostics(program.getSourceFile(path)).length
  return { errors, instantiations: program.getInstantiationCount(), types: program.getTypeCount() }
}

/** What importing the runtime alone costs. */
const nothing = cost({ 'nothing.ts': "import type { Context } from 'volo-ts/gen'\nexport type C = Context\n" })

function thriftIdl(methods: number): string {
  const lines = ['enum Kind { A = 1, B = 2 }', 'exception Failed { 1: string message, 2: Kind kind }']
  for (let i = 0; i < methods; i++) {
    lines.push(
      `struct Item${i} { 1: required i64 id, 2: string name = "x", 3: list<Item${Math.max(0, i - 1)}> items, 4: map<string, Kind> kinds }`,
      `union Choice${i} { 1: Item${i} item, 2: string text, 3: i64 number }`,
    )
  }
  lines.push('service Large {')
  for (let i = 0; i < methods; i++) {
    lines.push(`  Item${i} get${i}(1: i64 id, 2: Choice${i} choice, 3: optional Kind kind) throws (1: Failed failed),`)
  }
  return `${lines.join('\n')}\n}`
}

function protoIdl(methods: number): string {
  const lines = ['syntax = "proto3"; package large;', 'enum Kind { NONE = 0; SOME = 1; }']
  for (let i = 0; i < methods; i++) {
    lines.push(
      `message Item${i} { int64 id = 1; string name = 2; repeated Item${Math.max(0, i - 1)} items = 3; map<string, Kind> kinds = 4;`,
      `  oneof choice { string text = 5; Kind kind = 6; } }`,
    )
  }
  lines.push('service Large {')
  for (let i = 0; i < methods; i++)
    lines.push(`  rpc Get${i}(Item${i}) returns (${i % 4 === 0 ? 'stream ' : ''}Item${i});`)
  return `${lines.join('\n')}\n}`
}

const use = (module: string): string => `
import { createClient } from '../../src/runtime/core/client/client.ts'
import type { Transport } from '../../src/runtime/core/transport.ts'
import { Large, type LargeHandler } from './${module}.js'
export const client = (transport: Transport) => createClient(Large, transport)
export const handler = (handler: LargeHandler): Partial<LargeHandler> => ({ ...handler })
`

describe('an IDL of many methods', () => {
  // Measured on TypeScript 6.0; the budget leaves room for a quarter more.
  test.each([
    ['Thrift', 'large.thrift', thriftIdl, { instantiations: 225_000, types: 250_000 }],
    ['protobuf', 'large.proto', protoIdl, { instantiations: 100_000, types: 115_000 }],
  ] as const)(
    'of %s costs in proportion to them, and 1,000 stay within the budget of types',
    {
      timeout: 120_000,
    },
    (_, path, idl, budget) => {
      const of = (methods: number): ReturnType<typeof cost> =>
        cost({ ...generatedText({ [path]: idl(methods) }), 'use.ts': use('large') })
      const [few, many] = [of(100), of(1000)]
      expect([few.errors, many.errors]).toEqual([0, 0])
      for (const count of ['instantiations', 'types'] as const) {
        expect(many[count] - nothing[count]).toBeLessThan(budget[count])
        expect(many[count] - nothing[count]).toBeLessThan((few[count] - nothing[count]) * 12)
      }
    },
  )
})
