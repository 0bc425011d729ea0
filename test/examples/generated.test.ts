/** The generated code of the lessons is what the compiler of these sources prints; `UPDATE_GOLDEN=1` prints it anew. */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runVolo } from '../cli/run-volo.ts'

const examples = join(import.meta.dirname, '../../examples')
const lessons = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'volo.yml')))

test.each(lessons)('the generated code of %s is up to date', async (lesson) => {
  const args = process.env['UPDATE_GOLDEN'] === '1' ? ['generate'] : ['generate', '--check']
  const { code, stdout, stderr } = await runVolo(join(examples, lesson), args)
  expect(code, stdout + stderr).toBe(0)
})
