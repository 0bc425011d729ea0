import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Behaviour, behaviours, sceneOf } from './behaviour.ts'
import { closeWays, type Way, ways } from './way.ts'

afterAll(closeWays)

function expectedOf(behaviour: Behaviour, way: Way): unknown {
  const difference = behaviour.differences?.find((one) => one.ways.includes(way.name))
  return difference === undefined ? behaviour.expected : difference.expected
}

for (const way of ways) {
  describe([way.name, way.idl, way.variant].join(' '), () => {
    for (const behaviour of behaviours) {
      if (behaviour.idl !== undefined && behaviour.idl !== way.idl) continue
      test(behaviour.name, async () => {
        const open = await way.open()
        try {
          expect(await behaviour.run(sceneOf(open))).toEqual(expectedOf(behaviour, way))
        } finally {
          await open.close()
        }
      })
    }
  })
}

test('every difference stands in the table of the documentation, and nothing else does', () => {
  const text = readFileSync(join(import.meta.dirname, '../../src/runtime/inproc/README.md'), 'utf8')
  const table = text.slice(text.indexOf('| behaviour | way |'))
  const rows = [...table.matchAll(/^\| ([^|]+) \| ([^|]+) \|/gm)].slice(1).filter(([row]) => !row.startsWith('|--'))
  const documented = rows.flatMap(([, behaviour, names]) =>
    names!.split(',').map((name) => `${behaviour!.trim()}: ${name.trim()}`),
  )
  const known = new Set(ways.map(({ name }) => name))
  const real = behaviours.flatMap(({ name, differences = [] }) =>
    differences.flatMap((one) => one.ways.filter((way) => known.has(way)).map((way) => `${name}: ${way}`)),
  )
  expect(documented.sort()).toEqual(real.sort())
})
