import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { deferred, turns } from '../../support/settle.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Company for the streams under test, as in a process that streams a lot. */
async function manyShortStreams(): Promise<void> {
  const fleet = createClient(Fleet, fleetHandler())
  for (let i = 0; i < 300; i++) for await (const _ of fleet.listVehicles({ capacity: 1 }));
}

async function collected(until: () => boolean): Promise<boolean> {
  // A stream is watched a second after it began, however fast the machine is.
  for (let i = 0; i < 500 && !until(); i++) {
    collect()
    await setTimeout(10)
  }
  return until()
}

test('a streamed response that its caller forgets ends the call, and pins nothing', async () => {
  const closed: unknown[] = []
  const router = createRouter().add(
    Fleet,
    fleetHandler({
      async *listVehicles(_request, cx) {
        try {
          for (;;) yield {}
        } finally {
          closed.push(cx.cancelled?.code)
        }
      },
    }),
  )
  const fleet = createClient(Fleet, inProcess(router, { concurrency: 4 }))
  const read = async (): Promise<void> => {
    await fleet.listVehicles({})[Symbol.asyncIterator]().next()
  }
  fleet.listVehicles({})
  await read()
  await turns()
  expect(router.inFlight).toBe(2)
  await manyShortStreams()
  expect(await collected(() => router.inFlight === 0)).toBe(true)
  await turns()
  expect(closed).toEqual(['CANCELLED', 'CANCELLED'])
})

test('a reader that waits keeps its stream, however long', async () => {
  const going = deferred()
  const router = createRouter().add(
    Fleet,
    fleetHandler({
      async *listVehicles() {
        await going.promise
        yield { id: 'late' }
        yield { id: 'later' }
      },
    }),
  )
  const fleet = createClient(Fleet, inProcess(router))
  const ids: string[] = []
  const reading = (async () => {
    for await (const { id } of fleet.listVehicles({})) ids.push(id)
  })()
  const one = fleet.listVehicles({})[Symbol.asyncIterator]().next()
  await manyShortStreams()
  for (let i = 0; i < 5; i++) {
    collect()
    await turns()
  }
  expect(router.inFlight).toBe(2)
  going.resolve()
  await reading
  expect(ids).toEqual(['late', 'later'])
  expect(await one).toMatchObject({ done: false, value: { id: 'late' } })
  expect(await collected(() => router.inFlight === 0)).toBe(true)
})
