/** protoc: the one of the npm package, which every test compares with; tests are skipped on machines that it has no binary for. */

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../../../node_modules/protoc')

function findBinary(): string | undefined {
  const list = join(folder, 'assets.json')
  if (!existsSync(list)) return undefined
  const assets: { platform: string; arch: string; executable: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  const found = assets.find(({ platform, arch }) => platform === process.platform && arch === process.arch)
  return found === undefined ? undefined : join(folder, 'bin', found.executable)
}

const binary = findBinary()

/** Whether there is no protoc to compare with. */
export const protocMissing = binary === undefined
if (protocMissing) console.warn('skipped: the npm package protoc has no binary for this machine')

/** The folder of the google protos that come with protoc. */
export const protocInclude = join(folder, 'include')

/** Runs protoc. */
export function protoc(args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(binary!, args, { encoding: 'utf8', timeout: 30_000 })
}

/** What protoc says of files, of which `t.proto` is the entry; undefined when it accepts them. They are written to `folder`. */
export function refusalOf(files: Readonly<Record<string, string>>, folder: string): Promise<string | undefined> {
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const args = ['-I', folder, '-I', protocInclude, '-o', join(folder, 'set.bin'), 't.proto']
  const child = spawn(binary!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  return new Promise((settle, fail) => {
    let text = ''
    child.stderr.on('data', (part: Buffer) => {
      text += part.toString('utf8')
    })
    child.on('error', fail)
    child.on('close', (status) => settle(status === 0 ? undefined : text.replaceAll(`${folder}/`, '')))
  })
}
