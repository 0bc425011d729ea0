import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { compile } from '../../src/compiler/compile.ts'
import { corpusFiles, corpusHost, corpusRoot } from '../compiler/idl/proto/corpus.ts'
import { typeCheck } from './type-check.mjs'

// All of it, and Thrift too, is `npm run corpus`.
test('a slice of the real protos of Google generates, and type-checks under the strictest options', () => {
  const entries = corpusFiles(640).map((name) => join(corpusRoot, name))
  expect(entries.length).toBeGreaterThan(10)
  const { files, diagnostics } = compile({ entries, includes: [corpusRoot], host: corpusHost })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const modules = new Map(files.map(({ path, text }) => [`/corpus/out/${path}`, text]))
  expect(modules.size).toBeGreaterThan(entries.length)
  expect(typeCheck(modules, resolve(import.meta.dirname, '../../src/gen.ts')).errors).toEqual([])
}, 120_000)
