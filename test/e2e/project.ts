/** What the end-to-end suites share: a packed package installed in an empty folder, commands run in real child processes. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of this repository. */
export const root: string = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** How a child process ended. */
export interface Ended {
  readonly code: number | null
  readonly output: string
}

/** A child process whose output is collected. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  output(): string
}

/** Starts a command. */
export function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
  return { child, ended, output: () => output }
}

/** Runs a command to its end and gives its output; throws when it does not exit 0. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, output } = await start(command, args, cwd, env).ended
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} exited ${code}:\n${output}`)
  return output
}

/** A temporary folder with the package installed from its own tarball; gives the folder and the path of its `volo`. */
export async function installedPackage(): Promise<{
  readonly folder: string
  readonly volo: string
  readonly tarball: string
}> {
  const folder = mkdtempSync(join(tmpdir(), 'volo-e2e-'))
  const packed = join(folder, 'packed')
  mkdirSync(packed)
  await run('npm', ['pack', '--silent', '--pack-destination', packed], root)
  const tarball = join(packed, readdirSync(packed).find((name) => name.endsWith('.tgz'))!)
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  writeFileSync(join(tools, 'package.json'), '{ "name": "tools", "private": true }\n')
  await run('npm', ['install', '--no-audit', '--no-fund', tarball], tools)
  return { folder, volo: join(tools, 'node_modules/.bin/volo'), tarball }
}

/** Starts the built server of a project on a free port. */
export async function serve(folder: string): Promise<Running & { readonly port: number }> {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: { start: string } }
  const entry = /node (\S+\.js)/.exec(scripts.start)?.[1]
  if (entry === undefined) throw new Error(`no entry in "${scripts.start}"`)
  const running = start(process.execPath, [entry], folder, { PORT: '0' })
  const port = await new Promise<number>((resolve, reject) => {
    running.child.stdout!.on('data', () => {
      const found = /listening on \S*?:(\d+)\s/.exec(running.output())
      if (found) resolve(Number(found[1]))
    })
    running.ended.then(({ code, output }) => reject(new Error(`the server exited ${code}:\n${output}`)), reject)
  })
  return { ...running, port }
}
