import { afterAll, beforeAll, expect, test } from 'vitest'
import { currentContext, enableAmbient } from '../../../src/runtime/ambient/ambient.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { setAmbientStore } from '../../../src/runtime/core/context/ambient.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { all, code, turns } from '../../support/settle.ts'
import { Shop, shopHandler } from '../../support/shop.ts'

beforeAll(() => {
  enableAmbient()
  enableAmbient()
})
afterAll(() => setAmbientStore(undefined))

test('calls inside a handler inherit its context without being told', async () => {
  let leaf: Context | undefined
  const inner = createClient(
    Shop,
    shopHandler({
      version(cx) {
        leaf = cx
        return new Promise(() => {})
      },
    }),
  )
  const outer = createClient(
    Shop,
    shopHandler({
      async version() {
        await turns()
        return inner.version()
      },
    }),
  )
  expect(await code(outer.version({ timeoutMs: 50, metainfo: { persistent: { p: '1' } } }))).toBe('DEADLINE_EXCEEDED')
  expect(leaf!.metainfo.persistent.get('p')).toBe('1')
  expect(leaf!.cancelled?.code).toBe('DEADLINE_EXCEEDED')
})

test('an explicit parent wins, null included', async () => {
  const deadlines: (number | undefined)[] = []
  const inner = createClient(
    Shop,
    shopHandler({
      version(cx) {
        deadlines.push(cx.deadline)
        return ''
      },
    }),
  )
  let other: Context | undefined
  const outer = createClient(
    Shop,
    shopHandler({
      async getProduct(sku, cx) {
        other = cx
        return { sku, title: '' }
      },
      async version() {
        await inner.version()
        await inner.version({ parent: other })
        await inner.version({ parent: null })
        return ''
      },
    }),
  )
  await outer.getProduct('a', { timeoutMs: 10_000 })
  await outer.version({ timeoutMs: 60_000 })
  expect(deadlines).toEqual([expect.any(Number), other!.deadline, undefined])
})

test('the running context is the handler’s, and outside a handler there is none', async () => {
  expect(currentContext()).toBeUndefined()
  const seen: (Context | undefined)[] = []
  const shop = createClient(
    Shop,
    shopHandler({
      version(cx) {
        seen.push(cx, currentContext())
        return ''
      },
    }),
  )
  await shop.version()
  expect(seen[1]).toBe(seen[0])
  expect(currentContext()).toBeUndefined()
})

test('the generator of a streamed response runs in its own context, whoever reads it', async () => {
  const fleet = createClient(
    Fleet,
    fleetHandler({
      async *listVehicles(_request, cx) {
        for (let i = 0; i < 3; i++) {
          yield { id: String(currentContext() === cx) }
          await turns(1)
        }
      },
    }),
  )
  expect((await all(fleet.listVehicles({}))).map(({ id }) => id)).toEqual(['true', 'true', 'true'])
  for await (const _ of fleet.listVehicles({})) break
})
