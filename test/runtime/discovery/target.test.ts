import { expect, it } from 'vitest'
import { balance } from '../../../src/runtime/balance/balance.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { discoverTarget } from '../../../src/runtime/discovery/target.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, echoHandler } from '../grpc/echo.ts'

it.each([
  ['dns:///shop.default.svc:8080', 'dns:///shop.default.svc:8080'],
  ['dns://10.0.0.2:53/_grpc._tcp.shop', 'dns:///_grpc._tcp.shop'],
  ['static:///10.0.0.1:80,[::1]:81', 'static:///10.0.0.1:80,[::1]:81'],
  ['etcd://10.0.0.1:2379,10.0.0.2:2379/shop', 'etcd://10.0.0.1:2379,10.0.0.2:2379/shop'],
  ['consul://127.0.0.1:8500/shop', 'consul://127.0.0.1:8500/shop'],
])('%s is a source of instances', (name, target) => {
  expect(discoverTarget(name).target).toBe(target)
})

it.each([
  'shop:8080',
  'zk://a/b',
  'dns:///',
  'etcd:///shop',
  'static:///shop',
  'etcd://a:1/x/y',
  '__proto__://a/b',
  'dns:shop',
])('%s is none, and the error names it', (name) => {
  expect(() => discoverTarget(name)).toThrow(JSON.stringify(name))
  expect(() => discoverTarget(name)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})

it('balance() takes a name', async () => {
  const server = new Server().add(Echo, echoHandler)
  onCleanup(() => server.close({ drainMs: 0 }))
  const { address } = await server.listen('127.0.0.1:0')
  const transport = balance(`static:///${address}`, { connect: (instance) => grpc(instance.address) })
  onCleanup(() => transport.close({ drainMs: 0 }))
  expect((await createClient(Echo, transport).unary({ text: 'a' })).text).toBe('a')
})
