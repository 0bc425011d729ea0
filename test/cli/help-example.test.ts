/** Runs every example of every command's help, in order, in a project that has what the examples name. */

import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { makeRepo, plainGitEnv } from '../support/git-repo.ts'
import { quickly, runVolo } from './run-volo.ts'

const commands = [
  [],
  ['init'],
  ['generate'],
  ['check'],
  ['update'],
  ['breaking'],
  ['migrate'],
  ['vendor'],
  ['cache', 'clean'],
  ['idl', 'add'],
  ['idl', 'remove'],
  ['repo', 'add'],
  ['repo', 'remove'],
  ['repo', 'update'],
]

const shop = 'service Shop { string find(1: string id) }\n'

interface Place {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** A git repo with a project that lists IDLs of its own and of github.com/acme/idl, which is a folder of this test. */
async function place(): Promise<Place> {
  const root = temporaryFolder()
  const idl = makeRepo(join(root, 'acme/idl.git'))
  idl.commit('first', {
    'shop/shop.thrift': shop.replace('Shop', 'GitShop'),
    'user/user.thrift': 'service User { void ping() }\n',
  })
  for (const tag of ['v1.4', 'v1.5']) idl.git('tag', tag)
  const pay = makeRepo(join(root, 'acme/pay.git'))
  pay.commit('first', { 'pay/pay.thrift': 'service Pay { void pay() }\n' })
  pay.git('tag', 'v1.4')
  makeRepo(join(root, 'idl')).commit('first', { 'a.proto': 'syntax = "proto3";\nmessage A {}\n' })
  const settings = join(root, 'gitconfig')
  writeFileSync(
    settings,
    `[url "file://${root}/acme/"]\n  insteadOf = https://github.com/acme/\n  insteadOf = git@github.com:acme/\n[protocol]\n  allow = always\n`,
  )
  const env = { ...plainGitEnv, GIT_CONFIG_GLOBAL: settings, VOLO_CACHE: join(root, 'cache') }
  const app = makeRepo(join(root, 'app'))
  const legacy = 'entries:\n  default:\n    idls:\n      - { source: local, path: shop.thrift }\n'
  writeTree(root, {
    'released/idl/shop.thrift': shop,
    'rust-shop/volo-gen/volo.yml': legacy,
    'app/volo-gen/volo.yml': legacy,
    'app/package.json': '{ "type": "module" }\n',
    'app/idl/shop.thrift': shop,
    'app/idl/stock.thrift': 'service Stock { void count() }\nservice Admin { void stop() }\n',
    'app/idl/stock.proto': 'syntax = "proto3";\nmessage Stock {}\n',
    'app/proto/fleet/v1/fleet.proto':
      'syntax = "proto3";\npackage fleet.v1;\nmessage Q {}\nservice Fleet { rpc Get(Q) returns (Q); }\n',
  })
  const at = { folder: app.folder, env }
  for (const args of [
    ['idl', 'add', 'idl/stock.thrift', 'idl/shop.thrift'],
    ['idl', 'add', '-g', 'https://github.com/acme/idl.git', '-r', 'main', 'shop/shop.thrift'],
  ]) {
    expect(await runVolo(at.folder, args, { env })).toMatchObject({ code: 0, stderr: '' })
  }
  app.git('add', '-A')
  app.git('commit', '--quiet', '-m', 'first')
  app.git('tag', 'v1.4.0')
  app.git('update-ref', 'refs/remotes/origin/main', 'HEAD')
  return at
}

/** The words of an example; what follows two spaces is its explanation. */
function wordsOf(example: string): string[] {
  const [line = ''] = example.trim().split(/ {2,}/)
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1)
}

describe.each(commands.map((words) => [words.join(' '), words] as const))('volo %s --help', (_, words) => {
  test('has examples that run as written', async () => {
    let at = await place()
    const help = (await runVolo(at.folder, [...words, '--help'])).stdout
    const examples = help
      .split('\n')
      .filter((line) => /^ {2}volo (?!help)/.test(line) && help.indexOf(line) > help.indexOf('Examples:'))
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      const args = wordsOf(example)
      const isInit = args[0] === 'init'
      if (words.join(' ') === 'repo remove') {
        at = await place()
        const isUsed = args.includes('--force')
        if (!isUsed) await runVolo(at.folder, ['idl', 'remove', '--repo', 'idl', 'shop/shop.thrift'], { env: at.env })
      }
      // A new project beside the others, from the same IDLs.
      if (isInit) {
        for (const name of ['volo.yml', 'volo.lock', 'package.json', 'src', 'shop']) {
          rmSync(join(at.folder, name), { recursive: true, force: true })
        }
      } else if (args.includes('--output')) rmSync(join(at.folder, 'volo.yml'))
      const more = isInit ? quickly : []
      const onStart = args.includes('--watch') ? (stop: () => void) => void setTimeout(stop, 1_000) : undefined
      const { code, stderr } = await runVolo(at.folder, [...args, ...more], {
        env: at.env,
        ...(onStart === undefined ? {} : { onStart }),
      })
      expect({ example, code, stderr: code === 0 ? '' : stderr }).toEqual({ example, code: 0, stderr: '' })
      if (isInit && words.length === 0) {
        execFileSync('git', ['checkout', '--quiet', '--', '.'], { cwd: at.folder })
      }
    }
  })
})
