/** Three services, one of which moves out by one line. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { example, lines } from './lesson.ts'

// Each run is a process of its own.
vi.setConfig({ testTimeout: 60_000 })

const folder = join(import.meta.dirname, '../../examples/monolith')

test('one test file passes wherever payments run', async () => {
  const printed = await example('monolith', 'test')
  for (const place of ['here', 'threads', 'process']) expect(printed).toContain(`payments ${place}`)
  expect(printed).toMatch(/fail 0\b/)
})

test.each(['here', 'threads', 'process'])('the shop sells with payments %s', async (place) => {
  const [order, many] = lines(await example('monolith', place))
  expect(order).toBe('175 cents, receipt 389a3d76896ddd89')
  expect(many).toMatch(new RegExp(`^payments ${place}: 100 orders in \\d+ ms, the shop was deaf for up to \\d+ ms$`))
})

test('the lines of the README are those of the lesson', () => {
  const places = readFileSync(join(folder, 'src/places.ts'), 'utf8')
  const shown = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^const payments = (\w+)\(/gm)]
  expect(shown.map(([, maker]) => maker)).toEqual(['inProcess', 'threads', 'thrift'])
  for (const [, maker] of shown) expect(places).toContain(`() => ${maker}(`)
})
