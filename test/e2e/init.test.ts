/** Every template and IDL kind, scaffolded by the packed package: installs, type-checks, tests, serves, calls. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeRepo } from '../support/git-repo.ts'
import { installedPackage, root, run, serve, start } from './project.ts'

let folder: string
let volo: string

beforeAll(async () => {
  ;({ folder, volo } = await installedPackage())
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const shop = {
  idl: [join(root, 'examples/shop/idl/shop.thrift'), '-i', join(root, 'examples/shop/idl')],
  calls: ['version', 'listProducts', 'checkout'],
}
const fleet = {
  idl: [join(root, 'examples/fleet/idl/fleet/v1/fleet.proto'), '-i', join(root, 'examples/fleet/idl')],
  calls: ['getVehicle', 'putVehicle'],
}

async function scaffold(name: string, args: readonly string[]): Promise<string> {
  await run(volo, ['init', name, ...args, '--yes', '--no-git'], folder)
  return join(folder, name)
}

async function stop(server: Awaited<ReturnType<typeof serve>>): Promise<void> {
  server.child.kill('SIGTERM')
  expect(await server.ended).toMatchObject({ code: 0 })
}

describe.each([
  ['thrift', shop],
  ['grpc', fleet],
] as const)('%s', (kind, { idl, calls }) => {
  test('the full template builds, tests, serves and calls itself', async () => {
    const project = await scaffold(`${kind}-full`, idl)
    await run('npm', ['run', 'build'], project)
    await run('npm', ['test'], project)
    const server = await serve(project)
    const output = await run('npm', ['run', 'client'], project, { SERVER_ADDRESS: `127.0.0.1:${server.port}` })
    for (const call of calls) expect(output).toContain(call)
    await stop(server)
  })

  test('the server template answers the client template', async () => {
    const serverProject = await scaffold(`${kind}-server`, [...idl, '--template', 'server'])
    const clientProject = await scaffold(`${kind}-client`, [...idl, '--template', 'client'])
    expect(existsSync(join(serverProject, 'src/client.ts'))).toBe(false)
    expect(existsSync(join(clientProject, 'src/server.ts'))).toBe(false)
    for (const project of [serverProject, clientProject]) {
      await run('npm', ['run', 'build'], project)
      await run('npm', ['test'], project)
    }
    const server = await serve(serverProject)
    const output = await run('npm', ['run', 'client'], clientProject, { SERVER_ADDRESS: `127.0.0.1:${server.port}` })
    for (const call of calls) expect(output).toContain(call)
    await stop(server)
  })

  test('without an IDL a starter one is laid down and works', async () => {
    const project = await scaffold(`${kind}-starter`, ['--protocol', kind])
    await run('npm', ['run', 'build'], project)
    await run('npm', ['test'], project)
    const server = await serve(project)
    await run('npm', ['run', 'client'], project, { SERVER_ADDRESS: `127.0.0.1:${server.port}` })
    await stop(server)
  })

  test('the client names the method that fails, and calls the others', async () => {
    const project = join(folder, `${kind}-full`)
    const handler = join(project, 'src/handlers', kind === 'thrift' ? 'shop.ts' : 'fleet.ts')
    const text = readFileSync(handler, 'utf8')
    writeFileSync(handler, text.replace(/throw new RpcError.*/, "throw new Error('a secret')"))
    await run('npm', ['run', 'build'], project)
    const server = await serve(project)
    const { code, output } = await start('npm', ['run', 'client'], project, {
      SERVER_ADDRESS: `127.0.0.1:${server.port}`,
    }).ended
    expect(code).toBe(1)
    expect(output).toMatch(/^\w+\.\w+ failed: INTERNAL internal error$/m)
    expect(output).toContain(calls[0])
    await stop(server)
    writeFileSync(handler, text)
    await run('npm', ['run', 'build'], project)
  })

  test('npm start serves, and a second server on its port says what to do', async () => {
    const project = join(folder, `${kind}-full`)
    const server = await serve(project)
    const second = await start('npm', ['start'], project, { PORT: String(server.port) }).ended
    expect(second.code).not.toBe(0)
    expect(second.output).toContain(String(server.port))
    expect(second.output).toMatch(/in use/)
    expect(second.output).not.toMatch(/^\s+at .+:\d+:\d+/m)
    await stop(server)
    if (process.platform !== 'win32') {
      const npm = start('npm', ['start'], project, { PORT: '0' })
      await expect.poll(() => npm.output(), { timeout: 60_000 }).toContain('listening on')
      const { port } = /listening on \S*?:(?<port>\d+)/.exec(npm.output())!.groups!
      npm.child.kill('SIGTERM')
      // All that npm started holds its output open: the server has ended too.
      await npm.ended
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    }
    const client = await start('npm', ['run', 'client'], project, { SERVER_ADDRESS: `127.0.0.1:${server.port}` }).ended
    expect(client.code).not.toBe(0)
    expect(client.output).not.toMatch(/^\s+at .+:\d+:\d+/m)
  })
})

test('a project from a git IDL builds, serves, is called, and takes an update over', async () => {
  const idl = (methods: string): Record<string, string> => ({
    'common/money.thrift': 'struct Money {\n  1: required i64 units\n}\n',
    'shop/shop.thrift': `include "../common/money.thrift"\n\nservice Shop {\n  money.Money total(1: string id)\n${methods}}\n`,
  })
  const repo = makeRepo(join(folder, 'idl'))
  const first = repo.commit('The shop', idl(''))
  const env = { VOLO_CACHE: join(folder, 'cache') }
  const args = ['init', 'from-git', '-g', repo.url, '-r', 'main', 'shop/shop.thrift', '--yes', '--no-git']
  await run(volo, args, folder, env)
  const project = join(folder, 'from-git')
  const callAll = async (): Promise<string> => {
    await run('npm', ['run', 'build'], project)
    await run('npm', ['test'], project)
    const server = await serve(project)
    const output = await run('npm', ['run', 'client'], project, { SERVER_ADDRESS: `127.0.0.1:${server.port}` })
    await stop(server)
    return output
  }
  expect(await callAll()).toContain('Shop.total')
  expect(readFileSync(join(project, 'volo.lock'), 'utf8')).toContain(first)
  await run(volo, ['generate', '--frozen', '--check', '--offline'], project, env)

  const second = repo.commit('Ping', idl('  void ping()\n'))
  expect(await start(volo, ['update', '--check'], project, env).ended).toMatchObject({ code: 1 })
  expect(await run(volo, ['update'], project, env)).toContain('extended src/handlers/shop.ts (Shop: ping)')
  expect(readFileSync(join(project, 'volo.lock'), 'utf8')).toContain(second)
  expect(await callAll()).toContain('Shop.total')
})
