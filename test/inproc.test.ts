import { expect, test } from 'vitest'
import { accessLog, createClient, Server } from '../src/index.ts'
import * as inproc from '../src/inproc.ts'
import { Fleet, fleetHandler } from './support/fleet.ts'
import { all } from './support/settle.ts'
import { Shop, shopHandler } from './support/shop.ts'

test('a server that never listens answers in process, through its layers', async () => {
  const lines: string[] = []
  const server = new Server({ layers: [accessLog({ write: (line) => lines.push(line) })] })
    .add(Shop, shopHandler())
    .add(Fleet, fleetHandler())
  const transport = inproc.inProcess(server)
  expect(await createClient(Shop, transport).version()).toBe('1')
  expect(await all(createClient(Fleet, transport).listVehicles({ capacity: 2 }))).toHaveLength(2)
  expect(lines).toHaveLength(2)
  await transport.close()
  await server.close()
})

test('closing the server ends what runs in process', async () => {
  const server = new Server().add(Shop, shopHandler({ version: () => new Promise(() => {}) }))
  const outcome = createClient(Shop, inproc.inProcess(server)).version()
  outcome.catch(() => {})
  await server.close({ drainMs: 5 })
  await expect(outcome).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('the face holds what it says', () => {
  expect(Object.keys(inproc).sort()).toEqual(['inProcess', 'mockService', 'serveThread', 'threads', 'transfer'])
})
