import { describe, expect, test } from 'vitest'
import { temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { completionProject } from './completion-project.ts'
import { runVolo } from './run-volo.ts'

/** The candidates after `volo ...words`, the last of which is being written. */
async function candidates(folder: string, words: readonly string[], shell = 'zsh'): Promise<string[]> {
  const { code, stdout, stderr } = await runVolo(folder, ['__complete', shell, ...words])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0]!)
}

describe('what may stand next', () => {
  const folder = completionProject()
  test.each([
    [['gen'], ['generate']],
    [
      ['idl', ''],
      ['add', 'list', 'remove'],
    ],
    [['idl', 'r'], ['remove']],
    [['idl', 'add', '--ent'], ['--entry']],
    [
      ['idl', 'add', '--entry', ''],
      ['default', 'grpc', 'two words'],
    ],
    [['idl', 'add', '-n', 'd'], ['default']],
    [['idl', 'add', '--entry=g'], ['--entry=grpc']],
    [
      ['idl', 'add', '--repo', ''],
      ['team-idls', 'own'],
    ],
    [['idl', 'add', ''], [':files thrift proto']],
    [['idl', 'add', '--', '-'], [':files thrift proto']],
    [['idl', 'add', '-i', ''], [':folders']],
    [['idl', 'remove', 'idl/s'], ['idl/shop.thrift']],
    [
      ['idl', 'remove', 'idl/shop.thrift', ''],
      ['users/user.thrift', 'idl/fleet.proto'],
    ],
    [
      ['repo', 'remove', ''],
      ['team-idls', 'own'],
    ],
    [['repo', 'update', 'own', ''], ['team-idls']],
    [
      ['update', ''],
      ['team-idls', 'own'],
    ],
    [
      ['update', '--service', ''],
      ['Shop', 'Stock', 'Users', 'Fleet'],
    ],
    [['update', '-s', 'St'], ['Stock']],
    [['-q', 'update', '--service=F'], ['--service=Fleet']],
    [['init', 'x', ''], [':files thrift proto']],
    [
      ['init', 'x', 'idl/shop.thrift', '--service', ''],
      ['Shop', 'Stock'],
    ],
    [['init', 'x', '--template', 's'], ['server']],
    [['init', 'x', '--dir', ''], [':folders']],
    [['generate', '--wat'], ['--watch']],
    [['generate', 'extra', ''], []],
    [['--config', ''], [':files yml']],
    [['--config', 'volo.yml', 'idl', 'add', '-n', 'gr'], ['grpc']],
    [['completion', 'f'], ['fish']],
    [['migrate', ''], [':files yml']],
    [['nonsense', 'idl', ''], []],
    [['generate', '--nonsense', ''], []],
  ])('volo %j', async (words, expected) => {
    expect(await candidates(folder, words)).toEqual(expected)
  })

  test('is every command and every option of it', async () => {
    const { stdout } = await runVolo(folder, ['--help'])
    const listed = [...stdout.slice(stdout.indexOf('\nCommands:')).matchAll(/^ {2}(\w+)/gm)].map((match) => match[1])
    const offered = await candidates(folder, [''])
    expect(offered.sort()).toEqual(listed.filter((name) => name !== 'volo').sort())
    const options = await candidates(folder, ['generate', '--'])
    const help = (await runVolo(folder, ['generate', '--help'])).stdout
    for (const [, name] of help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)) expect(options).toContain(name)
  })

  test('says what each candidate is', async () => {
    const { stdout } = await runVolo(folder, ['__complete', 'fish', 'repo', 'remove', ''])
    expect(stdout).toBe('team-idls\thttps://example.com/team/idls.git at main\nown\t../own at v1\n')
  })

  test('is nothing, and no error, where something is wrong', async () => {
    const empty = temporaryFolder()
    const broken = temporaryFolder()
    writeTree(broken, { 'volo.yml': 'entries: [\n' })
    for (const words of [['update', ''], ['idl', 'add', '-n', ''], ['--config', 'gone.yml', 'update', ''], []]) {
      expect((await candidates(empty, words)).filter((one) => words.length > 0 || one.startsWith(':'))).toEqual([])
      expect((await candidates(broken, words)).filter((one) => words.length > 0 || one.startsWith(':'))).toEqual([])
    }
    expect(await runVolo(empty, ['__complete'])).toMatchObject({ code: 0, stderr: '' })
  })

  test('never holds what a hostile volo.yml would slip into a terminal', async () => {
    const hostile = temporaryFolder()
    writeTree(hostile, {
      'volo.yml':
        'entries:\n  "a\\nb": { protocol: thrift }\n  "c\\e[31m": { protocol: thrift }\n  ":files": { protocol: thrift }\n  "$(touch x)": { protocol: thrift }\n',
    })
    expect(await candidates(hostile, ['idl', 'add', '-n', ''])).toEqual(['$(touch x)'])
  })

  test('is not a command that people see', async () => {
    expect((await runVolo(folder, ['--help'])).stdout).not.toContain('__complete')
  })
})

describe('volo completion', () => {
  test('prints a script for each shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
      const { code, stdout, stderr } = await runVolo('/', ['completion', shell])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain(`__complete ${shell}`)
    }
  })

  test('knows no other shell', async () => {
    const { code, stderr } = await runVolo('/', ['completion', 'tcsh'])
    expect(code).toBe(2)
    expect(stderr).toContain('Allowed choices are bash, zsh, fish, powershell')
    expect((await runVolo('/', ['completion'])).code).toBe(2)
  })
})
