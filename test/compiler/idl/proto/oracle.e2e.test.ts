import { expect, test } from 'vitest'
import { differences } from './oracle.ts'
import { protocMissing } from './protoc.ts'
import { ruleCases } from './rule-case.ts'

test.skipIf(protocMissing)(
  'protoc and the compiler accept and refuse the same files, each of which keeps or breaks one rule of the language',
  async () => {
    const cases = ruleCases()
    expect(cases.length).toBeGreaterThan(5_000)
    expect(await differences(cases)).toEqual([])
  },
  600_000,
)
