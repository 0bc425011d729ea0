/**
 * The categories of the protobuf cases, held against buf. `rules/<case>/buf.txt` has what buf 1.75 says of the case with the categories
 * WIRE, WIRE_JSON and FILE: `buf breaking . --against ../before` in `after/`.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { breakingCategories } from '../../../src/compiler/breaking/rule.ts'

const here = join(import.meta.dirname, 'rules')

/** Where the README says that we differ. */
const different: Readonly<Record<string, string>> = {
  'enum-default-changed': 'the first value is the default of proto2',
  'enum-openness-changed': 'a number without a name goes to the unknown fields of one version only',
  'extension-target-changed': 'the other message has the field no more',
  'field-json-type-changed/protobuf': 'open enums and integers share their bytes, and so do maps and lists of entries',
  'field-name-changed': 'the JSON name is kept',
  'field-oneof-alone': 'alone in a oneof is the same as having presence',
  'field-utf8-changed': 'readers refuse text that is not UTF-8',
  'method-removed/protobuf': 'calls fail',
  'method-type-changed': 'the messages hold the same',
  'oneof-renamed': 'oneofs have no bytes',
}

const cases = (readdirSync(here, { recursive: true }) as string[])
  .filter((path) => path.endsWith('buf.txt'))
  .map((path) => relative(here, join(here, path, '..')))
  .sort()

function gravest(found: (category: string) => boolean): string {
  return breakingCategories.find(found) ?? 'nothing'
}

describe('buf', () => {
  it('was asked about the cases of protobuf', () => {
    expect(cases.length).toBeGreaterThan(45)
    for (const name of Object.keys(different)) expect(existsSync(join(here, name))).toBe(true)
  })

  it.each(cases)('says the same of %s, or we say why not', (name) => {
    const [wire = '', json = '', file = ''] = readFileSync(join(here, name, 'buf.txt'), 'utf8')
      .trim()
      .split('\n')
    const lines = { wire, json, source: file }
    const theirs = gravest((category) => / [A-Z]/.test(lines[category as keyof typeof lines]))
    const text = readFileSync(join(here, name, 'expected.txt'), 'utf8')
    const ours = gravest((category) => text.includes(`(breaks ${category})`))
    if (Object.hasOwn(different, name)) expect(ours).not.toBe(theirs)
    else expect(ours).toBe(theirs)
  })
})
