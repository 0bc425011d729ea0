import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { packageVersion } from '../../../src/runtime/core/version.ts'

it('tells peers the version of package.json', () => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  expect(packageVersion).toBe((JSON.parse(text) as { version: string }).version)
})
