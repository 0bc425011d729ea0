/** Temporary folders of tests. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

/** A new empty folder, removed when the test that makes it has ended, or else its file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'volo-test-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    onTestFinished(remove)
  } catch {
    // Not inside a test.
    afterAll(remove)
  }
  return folder
}

/** Writes files below a folder. */
export function writeTree(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** The files below a folder, by path. */
export function readTree(folder: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const one of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!one.isFile()) continue
    const path = join(one.parentPath, one.name)
    files[relative(folder, path).replaceAll('\\', '/')] = readFileSync(path, 'utf8')
  }
  return files
}

/** The names of the files below a folder, sorted. */
export function listTree(folder: string): string[] {
  return Object.keys(readTree(folder)).sort()
}
