import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listTree, readTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { quickly, runVolo } from './run-volo.ts'

const stock = 'struct Item { 1: required string sku }\nservice Stock { Item find(1: string sku) }\n'
const feed =
  'syntax = "proto3";\npackage feed.v1;\nmessage Tick {}\nservice Feed { rpc Watch(Tick) returns (stream Tick); }\n'

async function project(): Promise<string> {
  const home = temporaryFolder()
  writeTree(home, {
    'hello.thrift': 'service Hello { string hi(1: string name) }\n',
    'shared/feed/v1/feed.proto': feed,
  })
  expect(await runVolo(home, ['init', 'app', 'hello.thrift', ...quickly])).toMatchObject({ code: 0 })
  const folder = join(home, 'app')
  writeTree(folder, { 'idl/stock.thrift': stock })
  return folder
}

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')

describe('volo idl add', () => {
  test('lists the IDL, generates its code, makes its handler and says how to serve it', async () => {
    const folder = await project()
    const { code, stdout, stderr } = await runVolo(folder, ['idl', 'add', 'idl/stock.thrift'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`added    idl/stock.thrift to entry 'default' of volo.yml
created  src/gen/stock.ts
created  src/handlers/stock.ts (Stock: find)

To serve it, add to src/server.ts:

  import { Stock } from './gen/stock.js'
  import { stockHandler } from './handlers/stock.js'
  server.add(Stock, stockHandler)
`)
    expect(read(folder, 'src/handlers/stock.ts')).toContain(
      "throw new RpcError('UNIMPLEMENTED', 'Stock.find is not written yet')",
    )
    expect(read(folder, 'volo.yml')).toMatch(/path: idl\/stock\.thrift\n {10}includes:\n {12}- idl\n$/)
    expect(await runVolo(folder, ['generate', '--check'])).toMatchObject({ code: 0 })
  })

  test('gives a project that has only a package.json its volo.yml', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'package.json': '{ "type": "module" }\n', 'api/stock.thrift': stock, 'lib/a.ts': '' })
    const { code, stdout, stderr } = await runVolo(join(folder, 'lib'), ['idl', 'add', '../api/stock.thrift'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`created  ../volo.yml
added    ../api/stock.thrift to entry 'default' of ../volo.yml
created  ../src/gen/stock.ts
created  ../src/handlers/stock.ts (Stock: find)

The code imports volo-ts, which package.json does not list: npm install volo-ts
`)
    expect(read(folder, 'volo.yml')).toBe(`# The IDLs of this project. After a change run: volo update
# yaml-language-server: $schema=node_modules/volo-ts/schema/volo.schema.json
entries:
  default:
    protocol: thrift
    services:
      - idl:
          source: local
          path: api/stock.thrift
          includes:
            - api
`)
    expect(await runVolo(folder, ['generate', '--check'])).toMatchObject({ code: 0 })
  })

  test('begins no project with an IDL that is wrong', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'package.json': '{}', 'bad.thrift': 'struct {' })
    expect(await runVolo(folder, ['idl', 'add', 'bad.thrift'])).toMatchObject({ code: 1 })
    expect(listTree(folder)).toEqual(['bad.thrift', 'package.json'])
  })

  test('--all adds every IDL below the folders that are named', async () => {
    const folder = await project()
    writeTree(folder, {
      'more/a/user.thrift': 'service User { void hi() }\n',
      'more/b.thrift': 'struct B {}\n',
      'more/c.txt': '',
    })
    expect(await runVolo(folder, ['idl', 'add', '--all', 'more', '-i', 'more'])).toMatchObject({ code: 0, stderr: '' })
    const listed = JSON.parse((await runVolo(folder, ['idl', 'list', '--json'])).stdout) as { path: string }[]
    expect(listed.map(({ path }) => path)).toEqual(['idl/hello.thrift', 'more/a/user.thrift', 'more/b.thrift'])
    expect((await runVolo(folder, ['idl', 'add', '--all', 'nowhere'])).stderr).toContain('nowhere is no folder')
    expect((await runVolo(folder, ['idl', 'add', '--all', 'src'])).stderr).toContain(
      'no .thrift or .proto file below src',
    )
  })

  test('adding it again changes nothing, byte by byte', async () => {
    const folder = await project()
    await runVolo(folder, ['idl', 'add', 'idl/stock.thrift'])
    const before = readTree(folder)
    const { code, stdout } = await runVolo(join(folder, 'src'), ['idl', 'add', '../idl/../idl/stock.thrift'])
    expect(code).toBe(0)
    expect(stdout).toContain("../idl/stock.thrift is listed already, in entry 'default'")
    expect(readTree(folder)).toEqual(before)
  })

  test('protobuf beside Thrift goes to an entry of its own, also from outside the project', async () => {
    const folder = await project()
    const { stdout } = await runVolo(folder, ['idl', 'add', '../shared/feed/v1/feed.proto', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      idls: [{ path: '../shared/feed/v1/feed.proto', entry: 'grpc', what: 'added' }],
      created: ['src/gen/feed/v1/feed.ts'],
      handlers: [{ service: 'feed.v1.Feed', file: 'src/handlers/feed.ts', created: true }],
    })
    expect(read(folder, 'volo.yml')).toContain(`  grpc:
    protocol: protobuf
    services:
      - idl:
          source: local
          path: ../shared/feed/v1/feed.proto
          includes:
            - ../shared
`)
    expect(read(folder, 'src/handlers/feed.ts')).toContain("from '../gen/feed/v1/feed.js'")
  })

  test('new includes of a listed IDL are recorded', async () => {
    const folder = await project()
    await runVolo(folder, ['idl', 'add', 'idl/stock.thrift'])
    const { stdout } = await runVolo(folder, ['idl', 'add', 'idl/stock.thrift', '-i', '../shared'])
    expect(stdout).toContain('changed  the includes of idl/stock.thrift')
    expect(read(folder, 'volo.yml')).toMatch(/- idl\n {12}- \.\.\/shared\n$/)
  })

  test.each([
    ['struct A { 1: Strng a }\n', /stock\.thrift:1:15: error\[/],
    ['include "gone.thrift"\n', /cannot find 'gone\.thrift'/],
    [
      'service Hello { void x() }\n',
      /service 'Hello' is declared twice: in idl\/hello\.thrift:1 and in idl\/stock\.thrift:1/,
    ],
  ])('a bad IDL leaves everything as it was: %j', async (text, message) => {
    const folder = await project()
    writeTree(folder, { 'idl/stock.thrift': text })
    const before = readTree(folder)
    const { code, stderr } = await runVolo(folder, ['idl', 'add', 'idl/stock.thrift'])
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(readTree(folder)).toEqual(before)
  })

  test('an entry takes one protocol', async () => {
    const folder = await project()
    const { stderr } = await runVolo(folder, ['idl', 'add', '../shared/feed/v1/feed.proto', '--entry', 'default'])
    expect(stderr).toContain("entry 'default' of volo.yml is for thrift, and an entry has one protocol")
  })

  test('a client gets no handler', async () => {
    const folder = await project()
    appendFileSync(join(folder, 'volo.yml'), '    typescript:\n      handlers: false\n')
    await runVolo(folder, ['idl', 'add', 'idl/stock.thrift'])
    expect(listTree(join(folder, 'src/handlers'))).toEqual(['hello.ts'])
  })
})

describe('volo idl list', () => {
  test('shows entry, file and services', async () => {
    const folder = await project()
    await runVolo(folder, ['idl', 'add', '../shared/feed/v1/feed.proto'])
    expect((await runVolo(folder, ['idl', 'list'])).stdout).toBe(
      'default  idl/hello.thrift              Hello\ngrpc     ../shared/feed/v1/feed.proto  Feed\n',
    )
    expect(JSON.parse((await runVolo(folder, ['idl', 'list', '--json'])).stdout)).toMatchObject([
      { entry: 'default', protocol: 'thrift', path: 'idl/hello.thrift', services: ['Hello'], errors: 0 },
      { entry: 'grpc', protocol: 'protobuf' },
    ])
    writeTree(folder, { 'idl/hello.thrift': 'servce Hello {}' })
    expect((await runVolo(folder, ['idl', 'ls'])).stdout).toMatch(
      /^default {2}idl\/hello\.thrift +\d errors? \(volo check\)$/m,
    )
  })
})

describe('volo idl remove', () => {
  test('takes the entry and its code out, and leaves the IDL and the handler', async () => {
    const folder = await project()
    const before = readTree(folder)
    await runVolo(folder, ['idl', 'add', 'idl/stock.thrift'])
    expect(
      (await runVolo(folder, ['idl', 'remove', 'idl/stock.thrift'])).stdout,
    ).toBe(`removed  idl/stock.thrift from entry 'default' of volo.yml
removed  src/gen/stock.ts
src/handlers/stock.ts is yours and was kept; delete it if nothing needs it
`)
    expect(Object.keys(readTree(folder)).filter((path) => !(path in before))).toEqual(['src/handlers/stock.ts'])
    expect(read(folder, 'volo.yml')).toBe(before['volo.yml'])
  })

  test('says what is listed when it is asked for something else', async () => {
    const folder = await project()
    expect(await runVolo(folder, ['idl', 'remove', 'idl/stock.thrift'])).toMatchObject({
      code: 1,
      stderr: 'error: volo.yml does not list idl/stock.thrift\nhint: it lists: idl/hello.thrift\n',
    })
  })
})

describe('volo update', () => {
  const change = (folder: string, methods: string): void =>
    writeTree(folder, { 'idl/hello.thrift': `enum Mood { GOOD = 1 }\nservice Hello { ${methods} }\n` })

  test('generates, adds what is new and names what is gone', async () => {
    const folder = await project()
    const path = join(folder, 'src/handlers/hello.ts')
    writeTree(folder, {
      'src/handlers/hello.ts': readFileSync(path, 'utf8').replace(/throw .*/, "return 'hi ' + name"),
    })
    change(folder, 'Mood mood(), void bye(1: string name)')
    const { code, stdout, stderr } = await runVolo(folder, ['update'])
    expect(code).toBe(0)
    expect(stdout).toBe('changed  src/gen/hello.ts\nextended src/handlers/hello.ts (Hello: mood, bye)\n')
    expect(stderr).toBe(
      "warning: src/handlers/hello.ts: Hello has no method 'hi' any more\nhint: delete it from the handler if nothing else needs it\n",
    )
    const text = readFileSync(path, 'utf8')
    expect(text).toContain("return 'hi ' + name")
    expect(text).toContain("import { RpcError } from 'volo-ts'")
    const stub = (head: string, method: string): string =>
      `  async ${head} {\n    throw new RpcError('UNIMPLEMENTED', 'Hello.${method} is not written yet')\n  },\n`
    expect(text).toContain(`${stub('mood()', 'mood')}\n${stub('bye(name)', 'bye')}}\n`)
    const again = readTree(folder)
    expect((await runVolo(folder, ['update'])).stdout).toBe('Generated code is up to date (1 file).\n')
    expect(readTree(folder)).toEqual(again)
  })

  test('a handler under another name is found', async () => {
    const folder = await project()
    const tree = readTree(folder)
    writeTree(folder, {
      'src/handlers/deep/greeter.ts': tree['src/handlers/hello.ts']!.replaceAll('../gen', '../../gen'),
    })
    writeTree(folder, { 'src/handlers/hello.ts': '// moved\n' })
    change(folder, 'string hi(1: string name), void bye()')
    expect((await runVolo(folder, ['update'])).stdout).toContain('extended src/handlers/deep/greeter.ts (Hello: bye)')
    expect(read(folder, 'src/handlers/hello.ts')).toBe('// moved\n')
  })

  test('a handler that can not be extended is reported with what to paste', async () => {
    const folder = await project()
    writeTree(folder, { 'src/handlers/hello.ts': 'export const helloHandler = makeHandler()\n' })
    const { code, stderr } = await runVolo(folder, ['update'])
    expect(code).toBe(1)
    expect(stderr).toContain(
      'error: src/handlers/hello.ts was left alone, because nothing in it is declared as HelloHandler',
    )
    expect(stderr).toContain(
      "\nasync hi(name) {\n  throw new RpcError('UNIMPLEMENTED', 'Hello.hi is not written yet')\n},\n",
    )
    expect(read(folder, 'src/handlers/hello.ts')).toBe('export const helloHandler = makeHandler()\n')
  })

  test('a service that is new in an IDL gets a handler when it is named', async () => {
    const folder = await project()
    appendFileSync(join(folder, 'idl/hello.thrift'), 'service Admin { void stop() }\n')
    expect((await runVolo(folder, ['update'])).stdout).toContain(
      'Admin has no handler; to create one, run: volo update --service Admin',
    )
    expect((await runVolo(folder, ['update', '--service', 'Admin'])).stdout).toContain(
      'created  src/handlers/admin.ts (Admin: stop)',
    )
    expect(await runVolo(folder, ['update', '--service', 'Adm'])).toMatchObject({
      code: 2,
      stderr: "error: there is no service 'Adm'; the IDLs declare Hello, Admin\n",
    })
  })

  test('an error in the IDL leaves code and handlers alone', async () => {
    const folder = await project()
    change(folder, 'Mod mood()')
    const before = readTree(folder)
    expect(await runVolo(folder, ['update'])).toMatchObject({ code: 1 })
    expect(readTree(folder)).toEqual(before)
  })

  test('--json tells all of it', async () => {
    const folder = await project()
    change(folder, 'Mood mood()')
    expect(JSON.parse((await runVolo(folder, ['update', '--json'])).stdout)).toMatchObject({
      ok: true,
      changed: ['src/gen/hello.ts'],
      handlers: [
        { service: 'Hello', file: 'src/handlers/hello.ts', created: false, added: ['mood'], vanished: ['hi'] },
      ],
    })
  })
})
