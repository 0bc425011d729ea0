/** What the package is for its consumers: faces without dependencies, nothing but what is needed, no install scripts. */

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly scripts: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
  readonly runtimes: Readonly<Record<string, readonly string[]>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** The package alone in a node_modules of its own, so that nothing else can be found. */
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'volo-package-'))
  const target = join(folder, 'node_modules', manifest.name)
  for (const part of ['package.json', 'bin', 'dist', 'templates'])
    cpSync(join(root, part), join(target, part), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const faces = Object.keys(manifest.exports).filter((face) => face !== './package.json')

describe('the package', () => {
  test.each(faces)('%s loads with nothing else installed, by import and by require', (face) => {
    const specifier = manifest.name + face.slice(1)
    const script = `import * as a from '${specifier}'
      import { createRequire } from 'node:module'
      const b = process.versions.node.startsWith('20.') ? a : createRequire(import.meta.url)('${specifier}')
      console.log(Object.keys(a).length > 0 && Object.keys(a).length === Object.keys(b).length)`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(output.trim()).toBe('true')
  })

  test('the command runs with nothing else installed', () => {
    const bin = join(folder, 'node_modules', manifest.name, 'bin/volo.js')
    expect(execFileSync(process.execPath, [bin, '--help'], { encoding: 'utf8' })).toContain('volo init')
  })

  test('has no dependencies and no script that runs in a consumer', () => {
    expect(manifest.dependencies ?? {}).toEqual({})
    for (const script of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts[script]).toBeUndefined()
  })

  test('holds no tests, benchmarks or sources', () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    })
    const answer = JSON.parse(output) as unknown
    const [packed] = (Array.isArray(answer) ? answer : Object.values(answer as object)) as {
      readonly files: readonly { readonly path: string }[]
    }[]
    const tops = new Set(packed!.files.map(({ path }) => path.split('/')[0]))
    for (const top of ['src', 'test', 'bench', 'scripts', 'examples', '.ci']) expect(tops).not.toContain(top)
    for (const top of [
      'bin',
      'dist',
      'templates',
      'package.json',
      'README.md',
      'LICENSE-MIT',
      'LICENSE-APACHE',
      'THIRD_PARTY_NOTICES',
    ]) {
      expect(tops).toContain(top)
    }
    expect(existsSync(join(root, 'dist/gen.d.ts'))).toBe(true)
    expect(createRequire(import.meta.url).resolve('volo-ts/gen')).toBe(join(root, 'dist/gen.js'))
  })

  test('states in the README the runtimes that it is tested on', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const [, table = ''] = /^## Runtimes\n([\s\S]*?)\n\n/m.exec(readme) ?? []
    const stated = [...table.matchAll(/^\| (\w+) .*tested on (\S+) \|/gm)].map(
      ([, name, version]) => `${name} ${version}`,
    )
    expect(stated).toEqual(manifest.runtimes['node']!.map((version) => `Node ${version}`))
    expect(manifest.engines.node).toBe(`>=${/Node (\S+) and later/.exec(table)?.[1]}`)
  })
})
