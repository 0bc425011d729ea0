/** grpcurl, which Go can build: finds services by reflection alone and calls them. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { addHealth, addReflection } from '../../../dist/grpc.js'
import { Server } from '../../../dist/index.js'
import { generatedModule } from '../generated-module.mjs'

const execute = promisify(execFile)
const bin = join(tmpdir(), 'volo-interop-bin')
const tool = join(bin, 'grpcurl')
const version = 'v1.9.4'
const buildMs = 300_000
const runMs = 30_000

const proto = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
message Cart { string id = 1; repeated Line line = 2; google.protobuf.Timestamp at = 3; optional int32 limit = 4; map<string, int64> stock = 5; oneof pay { string card = 6; bool cash = 7; } reserved 9, 20 to 30; }
message Line { string sku = 1; int32 quantity = 2 [deprecated = true]; enum Kind { NONE = 0; GIFT = 1; } Kind kind = 3; }
service Shop { rpc Get(Cart) returns (Cart); rpc Watch(Cart) returns (stream Cart); rpc Put(stream Cart) returns (Cart); }`

/** Runs the checks; gives \`{ name, outcome, detail }\` for each. */
export async function grpcurl() {
  const name = 'grpcurl'
  const missing = await build()
  if (missing !== undefined) return [{ name, outcome: 'SKIPPED', detail: missing }]
  const { Shop } = await generatedModule('shop/v1/shop.proto', proto)
  const server = new Server().add(Shop, {
    get: (cart) => cart,
    async *watch(cart) {
      for (let i = 0; i < 3; i++) yield { ...cart, id: `${cart.id}${i}` }
    },
    async put(carts) {
      let count = 0
      for await (const _ of carts) count++
      return { id: String(count) }
    },
  })
  addHealth(server)
  addReflection(server)
  const { address } = await server.listen('127.0.0.1:0')
  const ask = async (...args) => {
    const { stdout } = await execute(tool, ['-plaintext', ...args], { timeout: runMs })
    return stdout.trim()
  }
  const cart =
    '{"id":"a","line":[{"sku":"b","quantity":2,"kind":"GIFT"}],"at":"2026-01-02T03:04:05Z","limit":0,"stock":{"x":"9007199254740993"},"cash":false}'
  const checks = {
    'list services': async () =>
      same(
        await ask(address, 'list'),
        [
          'grpc.health.v1.Health',
          'grpc.reflection.v1.ServerReflection',
          'grpc.reflection.v1alpha.ServerReflection',
          'shop.v1.Shop',
        ].join('\n'),
      ),
    'list methods': async () =>
      same(await ask(address, 'list', 'shop.v1.Shop'), 'shop.v1.Shop.Get\nshop.v1.Shop.Put\nshop.v1.Shop.Watch'),
    'describe a message': async () => {
      const text = await ask(address, 'describe', 'shop.v1.Cart')
      for (const part of [
        'optional int32 limit = 4;',
        'map<string, int64> stock = 5;',
        'oneof pay {',
        'reserved 9, 20 to 30;',
      ])
        if (!text.includes(part)) throw new Error(`no "${part}" in:\n${text}`)
    },
    'describe a field option': async () => {
      const text = await ask(address, 'describe', 'shop.v1.Line')
      if (!text.includes('[deprecated = true]')) throw new Error(text)
    },
    'a unary call': async () => {
      same(JSON.stringify(JSON.parse(await ask('-d', cart, address, 'shop.v1.Shop/Get'))), cart)
    },
    'a server streaming call': async () => {
      const text = await ask('-d', '{"id":"w"}', address, 'shop.v1.Shop/Watch')
      same(text.replace(/\s+/g, ''), '{"id":"w0"}{"id":"w1"}{"id":"w2"}')
    },
    'a client streaming call': async () => {
      same(JSON.parse(await ask('-d', '{} {} {}', address, 'shop.v1.Shop/Put')).id, '3')
    },
    health: async () => same(JSON.parse(await ask(address, 'grpc.health.v1.Health/Check')).status, 'SERVING'),
  }
  const failed = []
  try {
    for (const [what, check] of Object.entries(checks)) {
      await check().catch((error) =>
        failed.push({ name: `${name}: ${what}`, outcome: 'FAILED', detail: String(error) }),
      )
    }
  } finally {
    await server.close({ drainMs: 0 })
  }
  if (failed.length > 0) return failed
  const count = Object.keys(checks).length
  return [{ name, outcome: 'PASSED', detail: `${count} of ${count} checks with ${version}` }]
}

function same(actual, expected) {
  if (actual !== expected) throw new Error(`${actual}\nis not\n${expected}`)
}

/** Builds the tool; gives the reason when that cannot be. */
async function build() {
  if (existsSync(tool)) return undefined
  try {
    await execute('go', ['version'])
  } catch {
    return 'Go is not installed'
  }
  try {
    await execute('go', ['install', `github.com/fullstorydev/grpcurl/cmd/grpcurl@${version}`], {
      env: { ...process.env, GOBIN: bin },
      timeout: buildMs,
    })
    return undefined
  } catch (error) {
    return `Go could not build it: ${String(error.stderr ?? error.message)
      .trim()
      .split('\n')
      .at(-1)}`
  }
}
