import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { listTree, readTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { quickly, runVolo } from './run-volo.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const shopIdl = join(root, 'examples/shop/idl/shop.thrift')
const fleetIdl = join(root, 'examples/fleet/idl/fleet/v1/fleet.proto')

const small = 'struct A { 1: string a }\nservice One { A get(1: A a) }\nservice Two { oneway void put(1: A a) }\n'

/** A folder with an executable in it, for the PATH. */
function fakeProgram(name: string, script: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
  return folder
}

describe('volo init', () => {
  test('makes the whole project from a Thrift IDL and what it includes', async () => {
    const folder = temporaryFolder()
    const { code, stdout, stderr } = await runVolo(folder, ['init', 'shop', shopIdl, ...quickly])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(listTree(join(folder, 'shop'))).toEqual([
      '.dockerignore',
      '.gitignore',
      'Dockerfile',
      'README.md',
      'idl/common/money.thrift',
      'idl/shop.thrift',
      'package.json',
      'src/client.ts',
      'src/gen/common/money.ts',
      'src/gen/shop.ts',
      'src/handlers/base.ts',
      'src/handlers/shop.ts',
      'src/server.ts',
      'test/base.test.ts',
      'test/shop.test.ts',
      'tsconfig.json',
      'volo.yml',
    ])
    expect(stdout).toContain('Shop  version, listProducts, getProduct, checkout, ordersById, rate, viewed')
    expect(stdout).toMatch(/Next:\n {2}cd shop\n {2}npm install\n {2}npm start {7}serves on port 8080\n/)
    const manifest = JSON.parse(readFileSync(join(folder, 'shop/package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >
    expect(manifest['dependencies']).toEqual({ 'volo-ts': '1.0.0' })
    expect(Object.keys(manifest['devDependencies']!)).toEqual(['@types/node', 'typescript'])
    expect(readdirSync(folder)).toEqual(['shop'])
    const again = await runVolo(join(folder, 'shop'), ['generate', '--check'])
    expect(again).toMatchObject({ code: 0, stderr: '' })
  })

  test('a stub says that it is not written yet, and the client and the test of the project know it', async () => {
    const folder = temporaryFolder()
    await runVolo(folder, ['init', 'shop', shopIdl, ...quickly])
    const files = readTree(join(folder, 'shop'))
    expect(files['src/handlers/shop.ts']).toContain(
      "  async checkout(cart, payment) {\n    throw new RpcError('UNIMPLEMENTED', 'Shop.checkout is not written yet')\n  },\n",
    )
    expect(files['test/shop.test.ts']).toContain("test('Shop.checkout is not written yet', async () => {")
    expect(files['test/shop.test.ts']).toContain("await assert.rejects(answer, { code: 'UNIMPLEMENTED' })")
    expect(files['src/client.ts']).toContain("error.code === 'UNIMPLEMENTED'")
  })

  test('without a terminal and without an IDL it starts from a Thrift one that is implemented', async () => {
    const folder = temporaryFolder()
    expect(await runVolo(folder, ['init', 'shop', ...quickly])).toMatchObject({ code: 0, stderr: '' })
    const files = readTree(join(folder, 'shop'))
    expect(files['src/handlers/hello.ts']).not.toContain('UNIMPLEMENTED')
    expect(files['test/hello.test.ts']).toContain("test('Hello.greet answers'")
  })

  test('the server takes an empty PORT for none; the image installs what the lock file says and is checked', async () => {
    const folder = temporaryFolder()
    await runVolo(folder, ['init', 'shop', shopIdl, ...quickly])
    const { 'src/server.ts': server, Dockerfile: docker } = readTree(join(folder, 'shop'))
    expect(server).toContain("process.env['PORT'] || 8080")
    expect(docker).toContain('RUN npm ci\n')
    expect(docker).toContain('HEALTHCHECK ')
    const { runtimes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      runtimes?: { node?: string[] }
    }
    expect(docker).toMatch(/^ARG NODE_VERSION=\d+\.\d+\.\d+$/m)
    expect(JSON.stringify(runtimes)).toContain(/NODE_VERSION=(\S+)/.exec(docker!)![1])
  })

  test('a project inside a workspace uses the package manager of the workspace', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'pnpm-workspace.yaml': 'packages: [apps/*]\n', 'package.json': '{}' })
    const { stdout } = await runVolo(folder, ['init', 'shop', shopIdl, '--dir', 'apps/shop', ...quickly])
    expect(stdout).toContain('  pnpm install\n')
    expect(readFileSync(join(folder, 'apps/shop/Dockerfile'), 'utf8')).toContain('RUN pnpm install --frozen-lockfile\n')
  })

  test('what to do next can be pasted, also when the folder has a space', async () => {
    const folder = temporaryFolder()
    const { stdout } = await runVolo(folder, ['init', 'shop', '-p', 'thrift', '--dir', 'my apps/shop', ...quickly])
    expect(stdout).toMatch(/Next:\n {2}cd "my apps\/shop"\n {2}npm install\n {2}npm start {7}serves on port 8080\n/)
  })

  test('finds the import root of a protobuf IDL and keeps the google protos out', async () => {
    const folder = temporaryFolder()
    expect(await runVolo(folder, ['init', 'fleet', fleetIdl, ...quickly, '--template', 'client'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    const files = listTree(join(folder, 'fleet'))
    expect(files.filter((path) => path.startsWith('idl/'))).toEqual([
      'idl/fleet/v1/fleet.proto',
      'idl/fleet/v1/geo.proto',
    ])
    expect(files.filter((path) => path.startsWith('src/'))).toEqual([
      'src/client.ts',
      'src/gen/fleet/v1/fleet.ts',
      'src/gen/fleet/v1/geo.ts',
    ])
    expect(readFileSync(join(folder, 'fleet/volo.yml'), 'utf8')).toContain('handlers: false')
    expect(readFileSync(join(folder, 'fleet/test/fleet.test.ts'), 'utf8')).toContain('mockService(Fleet)')
  })

  test('takes both kinds of IDL into one project, and relative includes that climb', async () => {
    const folder = temporaryFolder()
    writeTree(folder, {
      'team/a/x.thrift': 'include "../b/y.thrift"\nservice X { y.Y get() }\n',
      'team/b/y.thrift': 'struct Y { 1: string y }\n',
      'proto/x.proto': 'syntax = "proto3";\nmessage M {}\nservice P { rpc Do(M) returns (stream M); }\n',
    })
    expect(await runVolo(folder, ['init', 'both', 'team/a/x.thrift', 'proto/x.proto', ...quickly])).toMatchObject({
      code: 0,
      stderr: '',
    })
    const tree = readTree(join(folder, 'both'))
    expect(tree['volo.yml']).toContain('  grpc:\n    protocol: protobuf')
    expect(tree['src/client.ts']).toContain('thriftTransport.close()')
    expect(tree['src/client.ts']).toContain('grpcTransport.close()')
    expect(
      Object.keys(tree)
        .filter((path) => path.startsWith('idl/'))
        .sort(),
    ).toEqual(['idl/a/x.thrift', 'idl/b/y.thrift', 'idl/x.proto'])
    expect(await runVolo(join(folder, 'both'), ['generate', '--check'])).toMatchObject({ code: 0 })
  })

  test.each(['thrift', 'grpc'])('lays down a %s starter', async (protocol) => {
    const folder = temporaryFolder()
    expect(await runVolo(folder, ['init', 'hello', '--protocol', protocol, ...quickly])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(readFileSync(join(folder, 'hello/src/handlers/hello.ts'), 'utf8')).toContain('Good day')
  })

  test('every scaffolded file parses, whatever the names in the IDL', async () => {
    const folder = temporaryFolder()
    writeTree(folder, {
      'odd.thrift': `enum E { default = 1, class = 2 }
union U { 1: U self, 2: string text }
struct Rec { 1: optional Rec next, 2: required map<binary, set<double>> m, 3: required map<i64, list<E>> n, 4: required uuid id }
exception Bad { 1: string message, 2: string stack }
service server { Rec delete(1: Rec new, 2: U class, 3: E cx) throws (1: Bad b), void then(), i64 constructor(1: set<Rec> s) }
service Empty {}
service HTTPServerV2 extends server { binary raw(1: bool ${'a'.repeat(60)}, 2: bool ${'b'.repeat(60)}) }
`,
    })
    expect(await runVolo(folder, ['init', 'odd', 'odd.thrift', ...quickly])).toMatchObject({ code: 0, stderr: '' })
    const tree = readTree(join(folder, 'odd'))
    expect(Object.keys(tree)).toContain('src/handlers/http-server-v2.ts')
    for (const [path, text] of Object.entries(tree)) {
      if (!path.endsWith('.ts')) continue
      const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, fileName: path })
      expect(diagnostics.map(({ messageText }) => `${path}: ${String(messageText)}`)).toEqual([])
    }
  })

  test('--service scaffolds one service and says which it left out', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'a.thrift': small })
    const { stdout } = await runVolo(folder, ['init', 'x', 'a.thrift', '--service', 'Two', ...quickly])
    expect(stdout).toMatch(/One {2}left out/)
    expect(readdirSync(join(folder, 'x/src/handlers'))).toEqual(['two.ts'])
    const wrong = await runVolo(folder, ['init', 'y', 'a.thrift', '--service', 'Too', ...quickly])
    expect(wrong).toMatchObject({
      code: 2,
      stderr: "error: there is no service 'Too'; the IDLs declare One, Two\nhint: did you mean 'Two'?\n",
    })
  })

  test('--dry-run lists the files and writes nothing', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'a.thrift': small })
    const { code, stdout } = await runVolo(folder, ['init', 'x', 'a.thrift', '--dry-run', '--no-install'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Would create \d+ files in x:\n {2}\.dockerignore\n/)
    expect(stdout).toContain('  vendor/volo-ts-')
    expect(listTree(folder)).toEqual(['a.thrift'])
  })

  test('--json gives one value', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'a.thrift': small })
    const { stdout } = await runVolo(folder, ['init', 'x', 'a.thrift', '--json', ...quickly])
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      name: 'x',
      folder: 'x',
      install: 'skipped',
      services: [{ name: 'One', methods: ['get'], scaffolded: true }, { name: 'Two' }],
      next: ['cd x', 'npm install', 'npm start', 'npm run client', 'npm test'],
    })
  })

  test("'.' takes the current folder, its name, and the IDL that lies there", async () => {
    const folder = join(temporaryFolder(), 'My App')
    mkdirSync(folder)
    writeTree(folder, { 'idl/a.thrift': small, 'notes.md': 'mine' })
    expect(await runVolo(folder, ['init', '.', 'idl/a.thrift', '-i', 'idl', ...quickly])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toContain('"name": "my-app"')
    expect(readFileSync(join(folder, 'notes.md'), 'utf8')).toBe('mine')
  })
})

describe('volo init refuses', () => {
  test('to overwrite, by name, until --force', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'a.thrift': small, 'x/package.json': 'mine', 'x/src/server.ts': 'mine', 'x/other': '' })
    const refused = await runVolo(folder, ['init', 'x', 'a.thrift', ...quickly])
    expect(refused).toMatchObject({
      code: 1,
      stderr: `error: 2 files are in the way in x:\n  package.json\n  src/server.ts\nhint: nothing was written; --force overwrites them, --dir chooses another folder\n`,
    })
    expect(listTree(join(folder, 'x'))).toEqual(['other', 'package.json', 'src/server.ts'])
    expect(await runVolo(folder, ['init', 'x', 'a.thrift', '--force', ...quickly])).toMatchObject({ code: 0 })
    expect(readFileSync(join(folder, 'x/package.json'), 'utf8')).not.toBe('mine')
    expect(existsSync(join(folder, 'x/other'))).toBe(true)
  })

  test('a bad IDL, with every error at its place, and writes nothing', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'a.thrift': 'include "gone.thrift"\nstruct A { 1: strin a }\nservice S { B get( }\n' })
    const { code, stderr } = await runVolo(folder, ['init', 'x', 'a.thrift', ...quickly])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^a\.thrift:1:\d+: error\[file-not-found\]: cannot find 'gone\.thrift'/m)
    expect(stderr).toMatch(/^a\.thrift:3:\d+: error\[syntax\]: /m)
    expect(stderr).toContain('1 | include "gone.thrift"')
    expect(stderr).toMatch(/\^/)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(listTree(folder)).toEqual(['a.thrift'])
    const json = JSON.parse((await runVolo(folder, ['init', 'x', 'a.thrift', '--json', ...quickly])).stdout) as {
      diagnostics: unknown[]
    }
    expect(json.diagnostics.length).toBeGreaterThan(1)
    expect(json.diagnostics[0]).toMatchObject({ file: 'a.thrift', line: 1, severity: 'error' })
  })

  test.each([
    [['init', 'x', 'gone.thrift'], 1, /cannot find 'gone\.thrift'/],
    [['init', 'x', 'folder'], 2, /folder is a folder\nhint: name the IDL files in it: folder\/\*\.thrift/],
    [['init', 'x', '*.proto'], 1, /no IDL file matches \*\.proto/],
    [['init', 'x', 'types.thrift'], 1, /types\.thrift declares no service/],
    [
      ['init', 'x', 'twice.thrift', 'again.thrift'],
      1,
      /service 'One' is declared twice: in .*again\.thrift:2 and in .*twice\.thrift:2|service 'One' is declared twice: in .*twice\.thrift:2 and in .*again\.thrift:2/,
    ],
    [['init', 'x', 'latin1.thrift'], 1, /latin1\.thrift.*not UTF-8/],
    [['init', 'x', 'dir-include.thrift'], 1, /dir-include\.thrift:1:\d+: error\[file-unreadable\]: .*it is a folder/],
    [['init', 'My Shop', 'twice.thrift'], 2, /'My Shop' cannot name a project: .*\nhint: did you mean 'my-shop'\?/],
    [
      ['init', 'twice.thrift'],
      2,
      /the first word is the name of the project.*\nhint: say: volo init twice twice\.thrift/,
    ],
    [['init'], 2, /the project needs a name\nhint: say: volo init my-service/],
    [['init', 'x', 'twice.thrift', '--protocol', 'grpc'], 2, /--protocol chooses a starter IDL/],
    [['init', 'x', 'twice.thrift', '--template', 'servr'], 2, /Allowed choices are server, client, full/],
    [['init', 'x', 'twice.thrift', '--package-manager', 'cargo'], 2, /npm, pnpm, yarn, bun/],
    [['init', 'x', 'twice.thrift', '--dri-run'], 2, /unknown option '--dri-run'\nhint: did you mean --dry-run\?/],
    [['init', 'afile', 'twice.thrift'], 1, /afile is a file, and the project needs a folder/],
  ])('%j', async (args, code, message) => {
    const folder = temporaryFolder()
    writeTree(folder, {
      'types.thrift': 'struct A {}\n',
      'twice.thrift': small,
      'again.thrift': small,
      'dir-include.thrift': 'include "folder"\n',
      'folder/inside.txt': '',
      afile: '',
    })
    writeFileSync(join(folder, 'latin1.thrift'), Buffer.from('const string A = "\xe9"\n', 'latin1'))
    const before = listTree(folder)
    const result = await runVolo(folder, [...args, ...(args.length > 1 ? quickly : [])])
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(code)
    expect(result.stderr).not.toMatch(/^\s+at /m)
    expect(listTree(folder)).toEqual(before)
  })

  test.skipIf(process.platform === 'win32')('no PATH for a folder in it that cannot be looked into', async () => {
    const folder = temporaryFolder()
    symlinkSync('loop', join(folder, 'loop'))
    const { code, stderr } = await runVolo(folder, ['init', 'x', '-p', 'grpc', '--runtime', '1.0.0'], {
      env: { PATH: join(folder, 'loop') },
    })
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('npm is not installed') })
  })

  test('a runtime that is not there, before it writes anything', async () => {
    const folder = temporaryFolder()
    const { code, stderr } = await runVolo(folder, ['init', 'x', '-p', 'grpc', '--no-install', '--runtime', 'gone.tgz'])
    expect(stderr).toMatch(/there is no .*gone\.tgz\nhint: --runtime takes a version/)
    expect(code).toBe(2)
    expect(readdirSync(folder)).toEqual([])
  })

  test('to start without the package manager it shall use', async () => {
    const folder = temporaryFolder()
    const { code, stderr } = await runVolo(
      folder,
      ['init', 'x', '-p', 'grpc', '--package-manager', 'pnpm', '--runtime', '1.0.0'],
      { env: { PATH: temporaryFolder() } },
    )
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "error: pnpm is not installed: there is no 'pnpm' on the PATH\nhint: install it, choose another one with --package-manager, or leave the dependencies to later with --no-install\n",
    })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe.skipIf(process.platform === 'win32')('volo init and the package manager', () => {
  const args = ['init', 'x', '-p', 'thrift', '--runtime', '1.0.0']

  test('installs last, in the finished project, and makes a repository', async () => {
    const folder = temporaryFolder()
    const bin = fakeProgram('yarn', 'echo "$@" > installed; ls -a >> installed')
    const { code, stdout } = await runVolo(folder, args, {
      env: { PATH: `${bin}:${process.env['PATH']}`, npm_config_user_agent: 'yarn/4.1.0 npm/? node/v20' },
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/Created x in \.\/x[\s\S]*Installing dependencies with yarn[\s\S]*Next:/)
    const seen = readFileSync(join(folder, 'x/installed'), 'utf8')
    expect(seen).toMatch(/^install\n[\s\S]*\.git\n[\s\S]*volo\.yml\n/)
    expect(readFileSync(join(folder, 'x/package.json'), 'utf8')).toContain(
      '"start": "yarn build && node dist/src/server.js"',
    )
  })

  test('says so when there is no git to make a repository with', async () => {
    const folder = temporaryFolder()
    const bin = fakeProgram('yarn', 'exit 0')
    const { code, stderr } = await runVolo(folder, [...args, '--no-install'], { env: { PATH: bin } })
    expect(stderr).toContain('warning: no git repository was made: git is not on the PATH')
    expect(code).toBe(0)
    expect(existsSync(join(folder, 'x/.git'))).toBe(false)
    const quiet = await runVolo(folder, ['init', 'y', ...args.slice(2), '--no-install', '--no-git'], {
      env: { PATH: bin },
    })
    expect(quiet.stderr).not.toContain('git')
  })

  test('makes no repository inside one', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, '.git'))
    await runVolo(folder, [...args, '--no-install'])
    expect(existsSync(join(folder, 'x/.git'))).toBe(false)
  })

  test('a scoped project goes into a folder of its plain name', async () => {
    const folder = temporaryFolder()
    const { code, stdout } = await runVolo(folder, ['init', '@acme/shop', ...args.slice(2), '--no-install', '--no-git'])
    expect(code).toBe(0)
    expect(stdout).toContain('Created @acme/shop in ./shop')
    expect(JSON.parse(readFileSync(join(folder, 'shop/package.json'), 'utf8')).name).toBe('@acme/shop')
    const readme = readFileSync(join(folder, 'shop/README.md'), 'utf8')
    expect(readme).toMatch(/^# @acme\/shop\n/)
    expect(readme).toContain('docker build -t shop .')
  })

  test('a failing install leaves the project and says how to go on', async () => {
    const folder = temporaryFolder()
    const bin = fakeProgram('npm', 'echo "npm error no network" >&2; exit 1')
    const { code, stderr } = await runVolo(folder, [...args, '--no-git'], { env: { PATH: bin } })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'npm error no network\nerror: npm install failed; the project is complete in x\nhint: run it again: cd x && npm install\n',
    })
    expect(existsSync(join(folder, 'x/src/server.ts'))).toBe(true)
  })

  test('Ctrl-C during the install leaves nothing behind', async () => {
    const folder = temporaryFolder()
    const bin = fakeProgram('npm', 'mkdir node_modules; touch started package-lock.json; exec sleep 30')
    writeTree(folder, { 'here/notes.txt': 'mine' })
    for (const cwd of [folder, join(folder, 'here')]) {
      const before = readTree(folder)
      const name = cwd === folder ? 'x' : '.'
      let interrupt = (): void => {}
      const run = runVolo(cwd, ['init', name, ...args.slice(2), '--no-git'], {
        env: { PATH: `${bin}:/usr/bin:/bin` },
        onStart: (stop) => {
          interrupt = stop
        },
      })
      const started = join(cwd, name, 'started')
      while (!existsSync(started)) await new Promise((resolve) => setTimeout(resolve, 10))
      interrupt()
      expect(await run).toMatchObject({ code: 130, stderr: 'error: stopped; nothing was left behind\n' })
      const left = readTree(folder)
      delete left['here/started']
      expect(left).toEqual(before)
      expect(existsSync(join(cwd, name, 'node_modules'))).toBe(false)
    }
  })
})
