import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { explainFailure } from '../../src/cli/failure.ts'
import { createOutput } from '../../src/cli/output.ts'
import { temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo } from './run-volo.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const bin = join(root, 'bin/volo.js')
const commands = [
  'init',
  'idl',
  'idl add',
  'idl list',
  'idl remove',
  'repo',
  'repo add',
  'repo list',
  'repo update',
  'repo remove',
  'generate',
  'update',
  'check',
  'breaking',
  'migrate',
  'vendor',
  'cache',
  'cache list',
  'cache clean',
  'doctor',
  'completion',
]

describe('help', () => {
  test('names every command', async () => {
    const { code, stdout, stderr } = await runVolo('/', ['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of commands.filter((name) => !name.includes(' ')))
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  })

  test.each(commands)('volo %s has examples', async (command) => {
    for (const words of [
      [...command.split(' '), '--help'],
      ['help', ...command.split(' ')],
    ]) {
      const { code, stdout } = await runVolo('/', words)
      expect(code).toBe(0)
      expect(stdout).toMatch(/\nExamples:\n {2}volo /)
    }
  })

  test.each(commands)('volo %s keeps to the width of the terminal', async (command) => {
    const { stdout } = await runVolo('/', [...command.split(' '), '--help'])
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
  })

  test('no command, or a group without one, is wrong usage and shows the help', async () => {
    for (const words of [[], ['idl']]) {
      const { code, stderr } = await runVolo('/', words)
      expect(code).toBe(2)
      expect(stderr).toContain('Usage: volo')
    }
  })
})

describe('wrong usage', () => {
  test.each([
    [['inti'], "error: unknown command 'inti'\nhint: did you mean init?\n"],
    [['idl', 'ad', 'x'], "error: unknown command 'ad'\nhint: did you mean add?\n"],
    [['generate', '--chekc'], "error: unknown option '--chekc'\nhint: did you mean --check?\n"],
    [
      ['generate', 'extra'],
      "error: too many arguments for 'generate'. Expected 0 arguments but got 1.\nhint: see volo generate --help\n",
    ],
    [['idl', 'add'], 'error: there is no IDL file to add\nhint: name one, or say --all\n'],
    [['idl', 'remove'], "error: missing required argument 'files'\nhint: see volo idl remove --help\n"],
    [['--config'], "error: option '-c, --config <path>' argument missing\nhint: see volo --help\n"],
  ])('%j', async (words, message) => {
    expect(await runVolo('/', words)).toEqual({ code: 2, stdout: '', stderr: message })
  })
})

describe('what is said', () => {
  const folder = (): string => {
    const made = temporaryFolder()
    writeTree(made, { 'a.thrift': 'struct A { 1: B b }\n' })
    return made
  }

  test('has colour on a terminal only, and never with NO_COLOR', async () => {
    const coloured = '\u001b['
    const at = folder()
    expect((await runVolo(at, ['check', 'a.thrift'], { isTTY: true })).stderr).toContain(coloured)
    expect((await runVolo(at, ['check', 'a.thrift'], { isTTY: true, env: { NO_COLOR: '1' } })).stderr).not.toContain(
      coloured,
    )
    expect((await runVolo(at, ['check', 'a.thrift'])).stderr).not.toContain(coloured)
    expect((await runVolo(at, ['check', 'a.thrift'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(coloured)
  })

  test('is nothing but failures with --quiet, and more with --verbose', async () => {
    const at = temporaryFolder()
    writeTree(at, {
      'volo.yml':
        'entries:\n  d:\n    protocol: thrift\n    services:\n      - idl: { source: local, path: a.thrift }\n',
      'a.thrift': 'service A {}\n',
    })
    expect(await runVolo(at, ['generate', '--quiet'])).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await runVolo(at, ['-v', 'generate'])).stdout).toContain('same     src/gen/a.ts')
  })

  test('shows no stack without --debug', async () => {
    const at = temporaryFolder()
    expect((await runVolo(at, ['generate'])).stderr).not.toMatch(/^\s+at /m)
    expect((await runVolo(at, ['generate', '--debug'])).stderr).toMatch(/^\s+at /m)
  })

  test('of an unknown failure is that it is a bug, and how to report it', () => {
    let text = ''
    const io = {
      cwd: '/',
      env: {},
      stdout: { write: () => {} },
      stderr: { write: (line: string) => (text += line) },
      interactive: false,
      onInterrupt: () => () => {},
    }
    expect(explainFailure(new TypeError('x is not a function'), createOutput(io, {}), false)).toBe(1)
    expect(text).toBe(
      'error: this is a bug in volo: x is not a function\nhint: please report it to the maintainers of volo-ts, with what the same command prints with --debug\n',
    )
    text = ''
    explainFailure(new TypeError('x is not a function'), createOutput(io, {}), true)
    expect(text).toMatch(/^\s+at /m)
  })
})

describe('the built command', () => {
  test('exits with the code of its failure', () => {
    const run = (...words: string[]): { status: number | null; stderr: string } =>
      spawnSync(process.execPath, [bin, ...words], { cwd: temporaryFolder(), encoding: 'utf8' })
    expect(run('--version')).toMatchObject({ status: 0, stderr: '' })
    expect(run('generate')).toMatchObject({ status: 1 })
    expect(run('inti')).toMatchObject({
      status: 2,
      stderr: "error: unknown command 'inti'\nhint: did you mean init?\n",
    })
    expect(run('check', 'gone.thrift').stderr).toMatch(/cannot find 'gone\.thrift'/)
  })

  test('loads no compiler, YAML, template engine, parser, prompt or process library for its help', () => {
    const built = JSON.parse(readFileSync(join(root, 'dist/modules.json'), 'utf8')) as Readonly<
      Record<string, { readonly imports: readonly string[]; readonly modules: readonly string[] }>
    >
    const files = new Set<string>()
    const walk = (file: string): void => {
      if (files.has(file) || built[file] === undefined) return
      files.add(file)
      for (const next of built[file].imports) walk(next)
    }
    walk('cli.js')
    const modules = [...files].flatMap((file) => built[file]!.modules)
    const parts = new Set(
      modules.flatMap((path) => {
        const match = /^(?:node_modules\/(@[\w-]+\/[\w-]+|[\w-]+)|src\/(\w+))/.exec(path)
        return match === null ? [] : [match[1] ?? match[2]]
      }),
    )
    expect([...parts].sort()).toEqual(['cli', 'commander'])
    const text = [...files].map((file) => readFileSync(join(root, 'dist/command', file), 'utf8')).join('')
    expect(text.length).toBeLessThan(250_000)
  })

  test('survives a reader that leaves early', async () => {
    const child = spawn(process.execPath, [bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += String(text)
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test.skipIf(process.platform === 'win32')('leaves nothing behind when it is stopped by a signal', async () => {
    const folder = temporaryFolder()
    const tools = temporaryFolder()
    writeFileSync(join(tools, 'npm'), `#!/bin/sh\ntouch '${tools}/started'\nexec sleep 60\n`)
    chmodSync(join(tools, 'npm'), 0o755)
    const child = spawn(process.execPath, [bin, 'init', 'x', '-p', 'thrift', '--runtime', '1.0.0'], {
      cwd: folder,
      env: { ...process.env, PATH: `${tools}:${process.env['PATH']}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += String(text)
    })
    const ended = new Promise((resolve) => child.on('close', resolve))
    while (!existsSync(join(tools, 'started'))) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(stderr).toBe('error: stopped; nothing was left behind\n')
    expect(readdirSync(folder)).toEqual([])
  })
})
