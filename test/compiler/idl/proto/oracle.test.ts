import { expect, test } from 'vitest'
import { differences } from './oracle.ts'
import { protocMissing } from './protoc.ts'
import { ruleCases } from './rule-case.ts'

// All of them are in oracle.e2e.test.ts; a number that divides none of the generator's periods gives a sample of every rule.
const step = 23

test.skipIf(protocMissing)(
  'protoc and the compiler accept and refuse the same files: a sample of those that break one rule each',
  async () => {
    expect(await differences(ruleCases().filter((_, i) => i % step === 0))).toEqual([])
  },
  120_000,
)
