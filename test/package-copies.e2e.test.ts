/** The ES module and the CommonJS build loaded in one process: what one copy makes, the other knows. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile, memoryHost } from '../src/compiler.ts'
import type * as Gen from '../src/gen.ts'
import type * as Grpc from '../src/grpc.ts'
import type * as Index from '../src/index.ts'
import type * as Inproc from '../src/inproc.ts'
import type * as Thrift from '../src/thrift.ts'

interface Copy {
  readonly index: typeof Index
  readonly gen: typeof Gen
  readonly grpc: typeof Grpc
  readonly inproc: typeof Inproc
  readonly thrift: typeof Thrift
}

// biome-ignore lint/suspicious/noExplicitAny: a generated module has no types here
type Generated = any

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const faces = ['index', 'gen', 'grpc', 'inproc', 'thrift'] as const
const load = (pathOf: (face: string) => string): Copy =>
  Object.fromEntries(faces.map((face) => [face, require(join(root, pathOf(face)))])) as unknown as Copy
const copies = {
  esm: load((face) => `dist/${face}.js`),
  cjs: load((face) => `dist/cjs/${face}.cjs`),
}
type Format = keyof typeof copies
/** Each copy as the one that makes, with the other as the one that looks. */
const ways: readonly (readonly [Format, Format])[] = [
  ['esm', 'cjs'],
  ['cjs', 'esm'],
]

const idls = {
  'desk.thrift': `namespace * desk
exception Refused { 1: string why }
struct Note { 1: required string text, 2: optional i32 pages = 1 }
service Desk { Note file(1: Note note) throws (1: Refused refused) }
service Scale { i32 weigh(1: binary bytes) }`,
  'tick.proto': `syntax = "proto3";
package tick;
message Amount { int32 to = 1; }
service Counter { rpc Count(Amount) returns (Amount); rpc List(Amount) returns (stream Amount); }`,
}

let folder: string
/** The generated modules, bound to one copy of the runtime. */
const generated = {} as Record<Format, { readonly desk: Generated; readonly tick: Generated }>

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'volo-copies-'))
  const { files } = compile({ entries: Object.keys(idls), includes: ['.'], host: memoryHost(idls) })
  const runtime = { esm: join(root, 'dist/gen.js'), cjs: join(root, 'dist/cjs/gen.cjs') }
  for (const format of ['esm', 'cjs'] as const) {
    for (const { path, text } of files) {
      const { outputText } = ts.transpileModule(text, {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
      })
      const bound = outputText.replaceAll('require("volo-ts/gen")', `require(${JSON.stringify(runtime[format])})`)
      writeFileSync(join(folder, `${format}-${path.replace(/ts$/, 'cjs')}`), bound)
    }
    generated[format] = {
      desk: require(join(folder, `${format}-desk.cjs`)),
      tick: require(join(folder, `${format}-tick.cjs`)),
    }
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the two copies are two', () => {
  for (const name of ['RpcError', 'Server', 'Metadata'] as const) {
    expect(copies.esm.index[name]).not.toBe(copies.cjs.index[name])
  }
})

test('both copies export the same names', () => {
  for (const face of faces) expect(Object.keys(copies.cjs[face]).sort()).toEqual(Object.keys(copies.esm[face]).sort())
})

describe.each(ways)('what the %s copy makes, for the %s copy', (made, looks) => {
  const maker = copies[made]
  const looker = copies[looks]

  test('errors are instances of its classes, and only of those', () => {
    const rpc = new maker.index.RpcError('NOT_FOUND', 'gone')
    const biz = new maker.index.BizError(7, 'no')
    expect(rpc instanceof looker.index.RpcError && looker.index.isRpcError(rpc)).toBe(true)
    expect(biz instanceof looker.index.BizError && looker.index.isBizError(biz)).toBe(true)
    expect(rpc instanceof looker.index.BizError).toBe(false)
    expect(biz instanceof looker.index.RpcError).toBe(false)
    expect(looker.index.RpcError.from(rpc)).toBe(rpc)
    const application = new maker.thrift.ApplicationException(6, 'broken')
    expect(application instanceof looker.thrift.ApplicationException).toBe(true)
  })

  test('a declared exception is one, and of its own class alone', () => {
    const refused = new generated[made].desk.Refused({ why: 'full' })
    expect(refused instanceof looker.index.DeclaredException).toBe(true)
    expect(looker.index.isDeclaredException(refused)).toBe(true)
    class Other extends looker.index.DeclaredException {}
    expect(refused instanceof Other).toBe(false)
    expect(new Other() instanceof Other).toBe(true)
    expect(new Other() instanceof generated[made].desk.Refused).toBe(false)
  })

  test('metadata is taken with all its values', () => {
    const metadata = new maker.index.Metadata([
      ['a', '1'],
      ['a', '2'],
    ])
    expect(metadata instanceof looker.index.Metadata).toBe(true)
    expect(new looker.index.Metadata(metadata).getAll('a')).toEqual(['1', '2'])
  })

  test("the package's own context keys are the same objects, those of users are not", () => {
    for (const key of ['callAddress', 'callTags', 'retryAttempt'] as const) {
      expect(maker.index[key]).toBe(looker.index[key])
    }
    expect(maker.thrift.requestInfo).toBe(looker.thrift.requestInfo)
    expect(maker.index.contextKey('mine')).not.toBe(looker.index.contextKey('mine'))
  })

  test('schemas, values and the defaults of their types are understood', () => {
    const { desk, tick } = generated[made]
    expect(looker.thrift.toJson(desk.Note, { text: 'a' })).toEqual({ text: 'a', pages: 1 })
    expect(looker.grpc.toJson(tick.Amount, { to: 3 })).toEqual({ to: 3 })
    const bytes = looker.thrift.toBinary(desk.Note, { text: 'a' })
    expect(maker.thrift.fromBinary(desk.Note, bytes)).toEqual({ text: 'a', pages: 1 })
    expect(looker.index.clone(desk.Note, desk.Note.create({ text: 'b' }))).toEqual({ text: 'b', pages: 1 })
  })

  test('handlers and callers in one process: errors, exceptions, context keys and the ambient context cross', async () => {
    const { Desk, Refused } = generated[made].desk
    const mine = maker.index.contextKey<string>('mine')
    const seen: unknown[] = []
    looker.index.enableAmbient()
    const server = new maker.index.Server({ ambient: true }).add(Desk, {
      file(note: { text: string }, cx: Index.Context) {
        seen.push(cx.get(mine), looker.index.currentContext() === maker.index.currentContext())
        if (note.text === 'rpc') throw new looker.index.RpcError('NOT_FOUND', 'gone')
        if (note.text === 'biz') throw new looker.index.BizError(7, 'no', { a: 'b' })
        if (note.text === 'declared') throw new Refused({ why: 'full' })
        return note
      },
    })
    const layer: Index.Layer = (next) => (cx, request) => {
      cx.set(mine, 'set')
      return next(cx, request)
    }
    const serverLayer: Index.Layer = (next) => (cx, request) => {
      cx.set(mine, looker.index.currentContext() === undefined ? 'none' : 'server')
      return next(cx, request)
    }
    const other = new maker.index.Server({ layers: [serverLayer], ambient: true }).add(Desk, {
      file: (note: unknown, cx: Index.Context) => {
        seen.push(cx.get(mine))
        return note
      },
    })
    for (const isolate of ['none', 'copy', 'codec'] as const) {
      const transport = looker.inproc.inProcess(server, isolate === 'none' ? {} : { isolate })
      const client = looker.index.createClient(Desk, transport, { layers: [layer] }) as Generated
      expect(await client.file({ text: 'plain' })).toEqual({ text: 'plain', pages: 1 })
      const failure = async (text: string): Promise<unknown> =>
        client.file({ text }).then(
          () => undefined,
          (error: unknown) => error,
        )
      const rpc = (await failure('rpc')) as Index.RpcError
      expect([rpc instanceof looker.index.RpcError, rpc.code]).toEqual([true, 'NOT_FOUND'])
      const biz = (await failure('biz')) as Index.BizError
      expect([biz instanceof maker.index.BizError, biz.status, biz.extra]).toEqual([true, 7, { a: 'b' }])
      const declared = (await failure('declared')) as { why: string }
      expect([declared instanceof Refused, declared.why]).toEqual([true, 'full'])
      await transport.close()
    }
    expect(new Set(seen)).toEqual(new Set([undefined, true]))
    const transport = looker.inproc.inProcess(other)
    await (looker.index.createClient(Desk, transport) as Generated).file({ text: 'x' })
    expect(seen.at(-1)).toBe('server')
    await transport.close()
    await server.close()
    await other.close()
  })

  test('health, counts and headers of a server, and streams, over a socket', async () => {
    const { Counter } = generated[made].tick
    const server = new maker.index.Server({ http: {} }).add(Counter, {
      count({ to }: { to: number }, cx: Index.Context) {
        looker.grpc.sendHeaders(cx)
        return looker.grpc.uncompressed({ to })
      },
      async *list({ to }: { to: number }) {
        for (let i = 1; i <= to; i++) yield { to: i }
      },
    })
    looker.grpc.countCalls(server)
    const health = looker.grpc.addHealth(server)
    health.set('', 'NOT_SERVING')
    const { port } = (await server.listen('127.0.0.1:0')) as { port: number }
    const transport = looker.grpc.grpc(`127.0.0.1:${port}`)
    const client = maker.index.createClient(Counter, transport, { layers: [looker.index.retry()] }) as Generated
    expect(await client.count({ to: 4 }, { retry: { attempts: 2 } })).toEqual({ to: 4 })
    const all: number[] = []
    for await (const { to } of client.list({ to: 3 })) all.push(to)
    expect(all).toEqual([1, 2, 3])
    expect(server.stats()).toMatchObject({ calls: { started: 2, succeeded: 2 } })
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`)
    expect(answer.status).toBe(503)
    await transport.close()
    await server.close()
  })

  test('bytes that one copy marks move to a thread whose pool is of the other', async () => {
    const worker = join(folder, `worker-${made}.cjs`)
    writeFileSync(
      worker,
      `const { Server } = require(${JSON.stringify(join(root, 'dist/cjs/index.cjs'))})
       const { serveThread } = require(${JSON.stringify(join(root, 'dist/cjs/inproc.cjs'))})
       const { Scale } = require('./cjs-desk.cjs')
       serveThread(new Server().add(Scale, { weigh: (bytes) => bytes.length }))`,
    )
    const pool = looker.inproc.threads(pathToFileURL(worker), { size: 1 })
    const client = looker.index.createClient(generated[made].desk.Scale, pool) as Generated
    const bytes = new Uint8Array(8)
    expect(await client.weigh(maker.inproc.transfer(bytes))).toBe(8)
    expect(bytes.length).toBe(0)
    await pool.close()
  })
})
