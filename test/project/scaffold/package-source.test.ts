import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot, packageVersion } from '../../../src/project/package-root.ts'
import { detectPackageManager, projectScripts } from '../../../src/project/scaffold/package-manager.ts'
import { packageSource, vendorPackage } from '../../../src/project/scaffold/package-source.ts'
import { temporaryFolder, writeTree } from '../temporary-folder.ts'

describe('the dependency on this package', () => {
  test('is a version for a release, else a tarball in vendor/', () => {
    const { spec, vendored } = packageSource(undefined, '/home/me')
    if (packageVersion().includes('-')) {
      expect({ spec, vendored }).toEqual({
        spec: `file:vendor/volo-ts-${packageVersion()}.tgz`,
        vendored: `vendor/volo-ts-${packageVersion()}.tgz`,
      })
    } else {
      expect({ spec, vendored }).toEqual({ spec: `^${packageVersion()}`, vendored: undefined })
    }
  })

  test.each([
    ['1.2.3', '1.2.3'],
    ['next', 'next'],
    ['^2', '^2'],
    ['https://example.com/volo-ts.tgz', 'https://example.com/volo-ts.tgz'],
    ['../volo-ts.tgz', 'file:/home/volo-ts.tgz'],
    ['volo-ts-1.0.0.tgz', 'file:/home/me/volo-ts-1.0.0.tgz'],
    ['file:x.tgz', 'file:/home/me/x.tgz'],
  ])('--runtime %s', (given, spec) => {
    expect(packageSource(given, '/home/me')).toEqual({ spec, vendored: undefined })
  })

  test('packs the running package', async () => {
    const folder = temporaryFolder()
    await vendorPackage('vendor/volo-ts-x.tgz', folder, { env: process.env })
    expect(readFileSync(join(folder, 'vendor/volo-ts-x.tgz')).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
  })

  test('needs npm for that, and says so', async () => {
    await expect(vendorPackage('vendor/x.tgz', temporaryFolder(), { env: { PATH: '/nowhere' } })).rejects.toThrow(
      /needs npm/,
    )
  })

  test('the package root has what scaffolds are made from', () => {
    expect(existsSync(join(packageRoot(), 'templates/project/package.json.hbs'))).toBe(true)
  })
})

describe('package managers', () => {
  test('the one that runs the command is found', () => {
    const folder = temporaryFolder()
    expect(detectPackageManager(folder, { npm_config_user_agent: 'pnpm/9.1.0 npm/? node/v20.0.0' })).toBe('pnpm')
    expect(detectPackageManager(folder, { npm_config_user_agent: 'deno/1' })).toBe('npm')
    expect(detectPackageManager(folder, {})).toBe('npm')
  })

  test.each([
    ['pnpm-workspace.yaml', 'packages: [apps/*]\n', 'pnpm'],
    ['yarn.lock', '', 'yarn'],
    ['bun.lock', '', 'bun'],
    ['package.json', '{ "packageManager": "pnpm@9.1.0+sha512.abc" }', 'pnpm'],
    ['package.json', '{ broken', 'npm'],
  ])('that of the workspace around it, by %s, wins', (name, text, manager) => {
    const folder = temporaryFolder()
    writeTree(folder, { [name]: text })
    expect(detectPackageManager(join(folder, 'apps/shop'), {})).toBe(manager)
  })

  test('what lies above the repository does not count', () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'yarn.lock': '', 'repo/.git/HEAD': '' })
    expect(detectPackageManager(join(folder, 'repo/shop'), {})).toBe('npm')
  })

  test('every script builds first, whether or not pre scripts are known', () => {
    const kind = { server: true, client: false }
    const names = (manager: 'npm' | 'yarn'): string[] => projectScripts(manager, kind).map(({ name }) => name)
    expect(names('npm')).toEqual(['build', 'prestart', 'start', 'pretest', 'test', 'generate'])
    expect(names('yarn')).toEqual(['build', 'start', 'test', 'generate'])
    for (const { name, command } of projectScripts('yarn', kind)) {
      if (name === 'start' || name === 'test') expect(command).toMatch(/^yarn build && (cd dist\/test && )?node /)
    }
  })
})
