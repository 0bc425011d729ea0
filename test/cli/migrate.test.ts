import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listTree, readTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo } from './run-volo.ts'

const legacy = `# Ours.
entries:
  default:
    protocol: thrift
    filename: volo_gen.rs
    idls:
    - source: local
      path: ../idl/shop.thrift # the shop
      includes:
      - ../idl
`
const migrated = `# yaml-language-server: $schema=node_modules/volo-ts/schema/volo.schema.json
# Ours.
entries:
  default:
    protocol: thrift
    filename: volo_gen.rs
    services:
    - idl:
        source: local
        path: ../idl/shop.thrift # the shop
        includes:
        - ../idl
`

function rustProject(): string {
  const folder = temporaryFolder()
  writeTree(folder, { 'volo-gen/volo.yml': legacy, 'idl/shop.thrift': 'service Shop { void ping() }\n' })
  return folder
}

describe('volo migrate', () => {
  test('rewrites the file where Rust Volo keeps it, and keeps the old one', async () => {
    const folder = rustProject()
    const { code, stdout, stderr } = await runVolo(folder, ['migrate'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`migrated volo-gen/volo.yml (legacy format): 1 entry, 1 IDL, 0 repos
kept     volo-gen/volo.yml.bak, the file as it was

Next: volo generate --config volo-gen/volo.yml
`)
    expect(readTree(join(folder, 'volo-gen'))).toEqual({ 'volo.yml': migrated, 'volo.yml.bak': legacy })
  })

  test('never overwrites a file that it has kept', async () => {
    const folder = rustProject()
    writeTree(folder, { 'volo-gen/volo.yml.bak': 'mine', 'volo-gen/volo.yml.bak.1': 'mine too' })
    expect((await runVolo(folder, ['migrate', 'volo-gen'])).stdout).toContain('kept     volo-gen/volo.yml.bak.2,')
    expect(readTree(join(folder, 'volo-gen'))).toEqual({
      'volo.yml': migrated,
      'volo.yml.bak': 'mine',
      'volo.yml.bak.1': 'mine too',
      'volo.yml.bak.2': legacy,
    })
  })

  test('into another file leaves the old one alone and changes the paths', async () => {
    const folder = rustProject()
    const { code, stdout } = await runVolo(folder, ['migrate', 'volo-gen/volo.yml', '--output', 'volo.yml'])
    expect(code).toBe(0)
    expect(stdout).toContain('migrated volo-gen/volo.yml to volo.yml (legacy format)')
    expect(stdout).toContain('Next: volo generate\n')
    expect(readFileSync(join(folder, 'volo.yml'), 'utf8')).toBe(migrated.replaceAll('../idl', 'idl'))
    expect(readFileSync(join(folder, 'volo-gen/volo.yml'), 'utf8')).toBe(legacy)
    const again = await runVolo(folder, ['migrate', 'volo-gen/volo.yml', '--output', 'volo.yml'])
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('volo.yml is there already') })
  })

  test('makes a volo.yml of a workspace file', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'volo.workspace.yml': 'services:\n- idl: { source: local, path: a.thrift }\n' })
    expect((await runVolo(folder, ['migrate'])).code).toBe(0)
    expect(listTree(folder)).toEqual(['volo.workspace.yml', 'volo.yml'])
  })

  test('with --dry-run prints the result and writes nothing', async () => {
    const folder = rustProject()
    const before = readTree(folder)
    expect(await runVolo(folder, ['migrate', '--dry-run'])).toEqual({ code: 0, stdout: migrated, stderr: '' })
    expect(readTree(folder)).toEqual(before)
  })

  test('says so when there is nothing to do', async () => {
    const folder = rustProject()
    await runVolo(folder, ['migrate'])
    const before = readTree(folder)
    expect((await runVolo(folder, ['migrate'])).stdout).toBe(
      'volo-gen/volo.yml needs no migration: it is read as it is.\n',
    )
    expect(readTree(folder)).toEqual(before)
  })

  test('with --json tells everything', async () => {
    const folder = rustProject()
    const { stdout } = await runVolo(folder, ['migrate', '--json'])
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      dryRun: false,
      format: 'legacy',
      from: 'volo-gen/volo.yml',
      to: 'volo-gen/volo.yml',
      changed: true,
      backup: 'volo-gen/volo.yml.bak',
      notes: [],
      text: migrated,
      diagnostics: [],
    })
  })

  test.each([
    ['is no YAML', 'entries:\n\ta: 1\n', 'volo-gen/volo.yml:2:1: error[config-syntax]'],
    [
      'would become a wrong one',
      legacy.replace('protocol: thrift', 'protocol: thirft'),
      "volo-gen/volo.yml (migrated):5:15: error[config-value]: 'protocol' of entry 'default' must be",
    ],
    ['is something else', 'name: CI\non: push\n', 'volo-gen/volo.yml is no configuration of Volo'],
  ])('writes nothing when the file %s', async (_, text, message) => {
    const folder = rustProject()
    writeTree(folder, { 'volo-gen/volo.yml': text })
    const before = readTree(folder)
    const { code, stderr } = await runVolo(folder, ['migrate'])
    expect(code).toBe(1)
    expect(stderr).toContain(message)
    expect(readTree(folder)).toEqual(before)
  })

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'leaves everything as it was where it may not write',
    async () => {
      const folder = rustProject()
      chmodSync(join(folder, 'volo-gen'), 0o555)
      const { code, stderr } = await runVolo(folder, ['migrate'])
      chmodSync(join(folder, 'volo-gen'), 0o755)
      expect(code).toBe(1)
      expect(stderr).toContain('permission denied')
      expect(readTree(folder)).toMatchObject({ 'volo-gen/volo.yml': legacy })
      expect(existsSync(join(folder, 'volo-gen/volo.yml.bak'))).toBe(false)
    },
  )

  test('without a file anywhere says where it has looked', async () => {
    const { code, stderr } = await runVolo(temporaryFolder(), ['migrate'])
    expect(code).toBe(1)
    expect(stderr).toBe(
      'error: there is no volo.yml in ., nor a volo-gen/volo.yml, nor a volo.workspace.yml\nhint: name the file: volo migrate <file>\n',
    )
    expect((await runVolo(temporaryFolder(), ['migrate', 'gone.yml'])).stderr).toContain('cannot read gone.yml')
  })
})
