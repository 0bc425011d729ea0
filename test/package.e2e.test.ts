/** What the package is for its consumers: faces without dependencies, nothing but what is needed, no install scripts. */

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
  readonly main: string
  readonly types: string
  readonly engines: { readonly node: string }
  readonly runtimes: Readonly<Record<string, readonly string[]>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** The package alone in a node_modules of its own, so that nothing else can be found but the optional peers of faces. */
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'volo-package-'))
  const target = join(folder, 'node_modules', manifest.name)
  for (const part of ['package.json', 'bin', 'dist', 'templates'])
    cpSync(join(root, part), join(target, part), { recursive: true })
  for (const peer of Object.values(peers))
    cpSync(join(root, 'node_modules', peer), join(folder, 'node_modules', peer), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const faces = Object.keys(manifest.exports).filter((face) => face !== './package.json')
/** The optional peer of a face. */
const peers: Readonly<Record<string, string>> = { './opentelemetry': '@opentelemetry/api' }
/** The faces that programs load when they run. */
const runtimeFaces = faces.filter((face) => face !== './compiler')

interface Packed {
  /** Bytes of the tarball. */
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

let tarball: string | undefined

/** The folder of the tarball's files, as `npm install` writes them. */
function unpacked(): string {
  if (tarball !== undefined) return tarball
  const place = join(folder, 'tarball')
  mkdirSync(place)
  const name = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', place], {
    cwd: root,
    encoding: 'utf8',
  })
  execFileSync('tar', ['xzf', join(place, name.trim()), '-C', place])
  tarball = join(place, 'package')
  return tarball
}

/** What `npm pack` would write. */
function packed(): Packed {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  })
  const answer = JSON.parse(output) as unknown
  return (Array.isArray(answer) ? answer : Object.values(answer as object))[0] as Packed
}

describe('the package', () => {
  test.each(faces)('%s loads with nothing else installed, by import and by require', (face) => {
    const specifier = manifest.name + face.slice(1)
    const script = `import * as a from '${specifier}'
      import { createRequire } from 'node:module'
      const b = createRequire(import.meta.url)('${specifier}')
      console.log(Object.keys(a).length > 0 && Object.keys(a).length === Object.keys(b).length)`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(output.trim()).toBe('true')
  })

  test.each(runtimeFaces)('%s is one copy, by import and by require', (face) => {
    const specifier = manifest.name + face.slice(1)
    const script = `import * as a from '${specifier}'
      import { createRequire } from 'node:module'
      const b = createRequire(import.meta.url)('${specifier}')
      console.log(Object.keys(a).every((name) => a[name] === b[name]))`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(output.trim()).toBe('true')
  })

  test.each(runtimeFaces)('%s is CommonJS for what cannot require an ES module, as Jest cannot', (face) => {
    const specifier = manifest.name + face.slice(1)
    const script = `const path = require.resolve('${specifier}')
      console.log(path.endsWith('.cjs') && Object.keys(require('${specifier}')).length > 0)`
    const flags = ['--no-experimental-require-module', '--input-type=commonjs']
    const output = execFileSync(process.execPath, [...flags, '-e', script], { cwd: folder, encoding: 'utf8' })
    expect(output.trim()).toBe('true')
  })

  test('only the face of an optional peer asks for it, and says which is missing', () => {
    const bare = mkdtempSync(join(tmpdir(), 'volo-bare-'))
    try {
      cpSync(join(folder, 'node_modules', manifest.name), join(bare, 'node_modules', manifest.name), {
        recursive: true,
      })
      for (const face of faces) {
        const script = `import('${manifest.name + face.slice(1)}').then(() => console.log('loaded'), (error) => console.log(error.message))`
        const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
          cwd: bare,
          encoding: 'utf8',
        })
        const peer = peers[face]
        if (peer === undefined) expect([face, output.trim()]).toEqual([face, 'loaded'])
        else expect(output).toContain(`'${peer}'`)
      }
    } finally {
      rmSync(bare, { recursive: true, force: true })
    }
  })

  test('its conditions are in the order module-sync, import, require; the compiler is an ES module only', () => {
    for (const face of runtimeFaces) {
      const conditions = manifest.exports[face] as Readonly<Record<string, object>>
      expect(Object.keys(conditions)).toEqual(['module-sync', 'import', 'require'])
      expect(conditions['import']).toEqual(conditions['module-sync'])
      for (const one of Object.values(conditions)) {
        expect(Object.keys(one)).toEqual(['types', 'default'])
        for (const path of Object.values(one)) expect(existsSync(join(root, path as string))).toBe(true)
      }
    }
    expect(Object.keys(manifest.exports['./compiler'] as object)).toEqual(['types', 'default'])
  })

  test('the runtime needs nothing of the command and no import.meta', () => {
    for (const [directory, extension] of [
      ['dist', '.js'],
      ['dist/cjs', '.cjs'],
    ] as const) {
      for (const name of readdirSync(join(root, directory)).filter((one) => one.endsWith(extension))) {
        const text = readFileSync(join(root, directory, name), 'utf8').replaceAll(/^\s*\*.*$/gm, '')
        expect([name, /import\.meta|createRequire|command\//.exec(text)?.[0]]).toEqual([name, undefined])
      }
    }
  })

  test('the command runs with nothing else installed', () => {
    const bin = join(folder, 'node_modules', manifest.name, 'bin/volo.js')
    expect(execFileSync(process.execPath, [bin, '--help'], { encoding: 'utf8' })).toContain('volo init')
  })

  test('has no dependencies and no script that runs in a consumer or that npm warns consumers of', () => {
    const published = JSON.parse(readFileSync(join(unpacked(), 'package.json'), 'utf8')) as typeof manifest
    expect(published.dependencies ?? {}).toEqual({})
    for (const script of ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare']) {
      expect([script, published.scripts[script]]).toEqual([script, undefined])
    }
    for (const path of [published.main, published.types]) expect(existsSync(join(unpacked(), path))).toBe(true)
  })

  test('has a bill of materials of exactly what the command bundles', () => {
    const bill = JSON.parse(readFileSync(join(unpacked(), 'dist/sbom.cdx.json'), 'utf8')) as {
      readonly bomFormat: string
      readonly specVersion: string
      readonly serialNumber: string
      readonly components: readonly {
        readonly group?: string
        readonly name: string
        readonly version: string
        readonly purl: string
      }[]
    }
    expect([bill.bomFormat, bill.specVersion]).toEqual(['CycloneDX', '1.6'])
    expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const names = bill.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
    for (const name of ['commander', 'handlebars', 'yaml', 'execa', '@babel/parser', '@clack/prompts'])
      expect(names).toContain(name)
    for (const [i, { version, purl }] of bill.components.entries()) {
      const installed = JSON.parse(readFileSync(join(root, 'node_modules', names[i]!, 'package.json'), 'utf8')) as {
        version: string
      }
      expect(version).toBe(installed.version)
      expect(purl).toBe(`pkg:npm/${names[i]!.replace('@', '%40')}@${version}`)
    }
    const notices = readFileSync(join(unpacked(), 'THIRD_PARTY_NOTICES'), 'utf8')
    for (const name of names) expect(notices).toContain(`\n${name}. `)
  })

  test('holds every file to which its README links', () => {
    const readme = readFileSync(join(unpacked(), 'README.md'), 'utf8')
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(10)
    expect(links.filter((link) => !existsSync(join(unpacked(), link)))).toEqual([])
  })

  test('holds no tests, benchmarks or sources: what is in their folders is documentation', () => {
    const code = packed().files.filter(
      ({ path }) => /^(src|test|bench|scripts|examples|\.ci)\//.test(path) && !path.endsWith('.md'),
    )
    expect(code).toEqual([])
    const tops = new Set(packed().files.map(({ path }) => path.split('/')[0]))
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

  test('is at most 1.3 MB packed', () => {
    expect(packed().size).toBeLessThan(1_300_000)
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
