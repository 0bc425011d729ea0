/** What V8 takes for values, against what is charged for them. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { jsonTree } from '../../src/runtime/core/json/parse-within.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function memory(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Bytes that what `make` returns takes. */
function taken(make: () => unknown): number {
  make()
  const before = memory()
  const held = make()
  const bytes = memory() - before
  expect(held).toBeDefined()
  return bytes
}

describe('the memory charged for JSON text', () => {
  const count = 20_000
  const list = (item: (i: number) => string): string => `[${Array.from({ length: count }, (_, i) => item(i)).join()}]`
  const members = (i: number, many: number, name: (n: number) => string): string =>
    `{${Array.from({ length: many }, (_, j) => `"${name(i * many + j)}":1`).join()}}`
  it.each<[string, (i: number) => string]>([
    ['empty objects', () => '{}'],
    ['empty arrays', () => '[]'],
    ['arrays of one number', () => '[1]'],
    ['nested arrays', () => `${'['.repeat(50)}${']'.repeat(50)}`],
    ['objects of one shape', () => '{"a":5e-1,"b":5e-1}'],
    ['objects whose members no other has', (i) => members(i, 1, (n) => `${n.toString(36)}x`)],
    ['objects of many such members', (i) => members(i, 8, (n) => `${n.toString(36)}x`)],
    ['objects with an index', () => '{"33":1}'],
    ['objects with an index in other letters', () => '{"\\u0033\\u0033":1}'],
    ['objects with a great index', () => '{"1000":1}'],
    ['objects with indices far from each other', (i) => members(i, 4, (n) => `${(n % 4) * 400}`)],
    ['short texts', (i) => `"${(i + 1_000_000).toString(36)}"`],
    ['texts of two bytes per letter', (i) => `"€${'a'.repeat(40)}${i}"`],
  ])('is at least what its tree takes: %s', (_, item) => {
    const text = list(item)
    const { weight } = jsonTree(new TextEncoder().encode(text))
    expect(weight * 16).toBeGreaterThan(taken(() => JSON.parse(text)))
  })
})
