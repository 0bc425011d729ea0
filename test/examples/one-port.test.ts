/** One server on one port answers Thrift, gRPC and its own process. */

import { expect, test, vi } from 'vitest'
import { example, lines } from './lesson.ts'

// Each run is a process of its own.
vi.setConfig({ testTimeout: 60_000 })

test('the lesson passes its tests', async () => {
  expect(await example('one-port', 'test')).toMatch(/fail 0\b/)
})

test('three kinds of clients see one stock', async () => {
  const printed = lines(await example('one-port'))
  expect(printed).toContain('  stocktaker -> Stock.put (inproc)')
  expect(printed).toContain('  till -> Stock.take (tcp)')
  expect(printed).toContain('  display -> stock.v1.StockFeed.Watch (tcp)')
  expect(printed.filter((line) => line.startsWith('display:'))).toEqual([
    'display: 3 of apple',
    'display: 2 of apple',
    'display: 1 of apple',
  ])
  expect(printed.at(-1)).toBe('till: only 1 of apple left')
})
