import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findConflicts, layDown } from '../../../src/project/scaffold/scaffold.ts'
import { listTree, readTree, temporaryFolder, writeTree } from '../temporary-folder.ts'

const files = [
  { path: 'package.json', text: '{}' },
  { path: 'src/gen/a.ts', text: 'a' },
  { path: 'src/server.ts', text: 's' },
]

describe('laying down', () => {
  test('a new folder appears whole, with those above it', async () => {
    const home = temporaryFolder()
    const folder = join(home, 'a/b/shop')
    const laid = await layDown({ folder, files })
    laid.keep()
    expect(listTree(home)).toEqual(['a/b/shop/package.json', 'a/b/shop/src/gen/a.ts', 'a/b/shop/src/server.ts'])
    expect(readdirSync(join(home, 'a/b'))).toEqual(['shop'])
  })

  test('undo takes a new folder back, and the folders made for it', async () => {
    const home = temporaryFolder()
    const laid = await layDown({ folder: join(home, 'a/shop'), files })
    writeTree(home, { 'a/shop/node_modules/x/index.js': '' })
    laid.undo()
    expect(readdirSync(home)).toEqual([])
  })

  test('in a folder that is there, other files stay and undo restores what was replaced', async () => {
    const folder = temporaryFolder()
    const before = { 'package.json': 'mine', 'notes.txt': 'n', 'src/server.ts': 's' }
    writeTree(folder, before)
    expect(findConflicts(folder, files)).toEqual(['package.json'])
    const laid = await layDown({ folder, files, force: true })
    expect(readTree(folder)).toMatchObject({ 'package.json': '{}', 'notes.txt': 'n', 'src/gen/a.ts': 'a' })
    laid.undo()
    expect(readTree(folder)).toEqual(before)
    expect(existsSync(join(folder, 'src/gen'))).toBe(false)
    const again = await layDown({ folder, files, force: true })
    again.keep()
    expect(listTree(folder)).toEqual(['notes.txt', 'package.json', 'src/gen/a.ts', 'src/server.ts'])
  })

  test('a failure on the way leaves everything as it was', async () => {
    const home = temporaryFolder()
    const addTo = async (stage: string): Promise<readonly string[]> => {
      writeFileSync(join(stage, 'half'), '')
      throw new Error('no')
    }
    await expect(layDown({ folder: join(home, 'x/shop'), files, addTo })).rejects.toThrow('no')
    expect(readdirSync(home)).toEqual([])
    writeTree(home, { 'src/gen': 'a file where a folder belongs' })
    await expect(layDown({ folder: home, files, force: true })).rejects.toThrow()
    expect(readTree(home)).toEqual({ 'src/gen': 'a file where a folder belongs' })
  })

  test('a folder in the place of a file is not replaced, and nothing else either', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'src/server.ts/inside.txt': 'mine', 'package.json': 'mine' })
    await expect(layDown({ folder, files, force: true })).rejects.toThrow(
      /^cannot replace .*server\.ts: it is a folder$/,
    )
    expect(readTree(folder)).toEqual({ 'src/server.ts/inside.txt': 'mine', 'package.json': 'mine' })
  })

  test('an abort on the way leaves everything as it was', async () => {
    const home = temporaryFolder()
    const stop = new AbortController()
    const addTo = async (): Promise<readonly string[]> => {
      stop.abort()
      return []
    }
    await expect(layDown({ folder: join(home, 'shop'), files, addTo, signal: stop.signal })).rejects.toThrow('stopped')
    expect(readdirSync(home)).toEqual([])
  })

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('no permission is one sentence', async () => {
    const home = temporaryFolder()
    mkdirSync(join(home, 'locked'))
    chmodSync(join(home, 'locked'), 0o555)
    await expect(layDown({ folder: join(home, 'locked/shop'), files })).rejects.toThrow(/permission denied/)
    chmodSync(join(home, 'locked'), 0o755)
  })
})

describe('conflicts', () => {
  test('a file with the planned text is none; files and folders in each other’s way are', () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'package.json': '{}', src: 'a file' })
    mkdirSync(join(folder, 'src2'))
    expect(findConflicts(folder, files)).toEqual(['src'])
    expect(findConflicts(folder, [{ path: 'src2', text: '' }])).toEqual(['src2'])
    expect(findConflicts(folder, [{ path: 'package.json' }])).toEqual(['package.json'])
    expect(findConflicts(join(folder, 'nowhere'), files)).toEqual([])
  })
})
