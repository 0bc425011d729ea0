/** Watches files that are there and files that may come: also those that an editor replaces, and those in folders that go and return. */

import { statSync } from 'node:fs'
import { dirname, sep } from 'node:path'

/** A watch over some files. */
export interface FileWatch {
  /** Watches these files (absolute) and no others. Those that have changed since `since` (milliseconds of the epoch) and were not watched yet are reported, too. */
  watch(files: Iterable<string>, since: number): void
  close(): Promise<void>
}

/**
 * How often the files are looked at besides. Not every change is told of: a folder above that moves, a network drive, a
 * change before the system watches. Looking at a hundred files takes a millisecond.
 */
const lookMs = 1_000

/** Begins a watch over nothing. `onChange` hears of each file that appears, changes or goes, perhaps twice. */
export async function watchFiles(onChange: (path: string) => void): Promise<FileWatch> {
  const { watch } = await import('chokidar')
  let files = new Set<string>()
  let folders = new Set<string>()
  /** The folders above a file that are not there. */
  let between = new Set<string>()
  /** What each file looked like when it was last looked at. */
  let looks = new Map<string, string>()
  const watcher = watch([], {
    ignoreInitial: true,
    depth: 0,
    ignored: (path) => !files.has(path) && !folders.has(path) && !between.has(path),
  })
  watcher.on('all', (_, path) => {
    if (looks.has(path)) looks.set(path, look(path))
    if (files.has(path) || between.has(path) || folders.has(path)) onChange(path)
  })
  // One that returns is watched anew.
  watcher.on('unlinkDir', (path) => folders.delete(path))
  // What can't be watched is still read in the next round.
  watcher.on('error', () => {})
  const timer = setInterval(() => {
    for (const [file, before] of looks) {
      const now = look(file)
      if (now === before) continue
      looks.set(file, now)
      onChange(file)
    }
  }, lookMs)
  return {
    watch(wanted, since) {
      const before = looks
      const watched = folders
      files = new Set(wanted)
      folders = new Set()
      between = new Set()
      const base = commonFolder([...files])
      for (const file of files) {
        // Also the folders above: one of them may be renamed, and the file's own hears nothing of it.
        for (let folder = dirname(file); folder.length >= base.length; folder = dirname(folder)) {
          if (isFolder(folder)) folders.add(folder)
          else between.add(folder)
          if (dirname(folder) === folder) break
        }
      }
      const gone = [...watched].filter((folder) => !folders.has(folder))
      const added = [...files].filter((file) => !before.has(file))
      looks = new Map(
        [...files].map((file) => [file, before.get(file) ?? (changedAt(file) >= since ? '' : look(file))]),
      )
      if (gone.length > 0) watcher.unwatch(gone)
      watcher.add([...[...folders].filter((folder) => !watched.has(folder)), ...added.filter((file) => isThere(file))])
    },
    async close() {
      clearInterval(timer)
      await watcher.close()
    },
  }
}

/** The deepest folder that is there and holds all of the files. */
function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0] ?? '.')
  const holds = (file: string): boolean => file.startsWith(folder.endsWith(sep) ? folder : folder + sep)
  while ((!isFolder(folder) || !files.every(holds)) && dirname(folder) !== folder) folder = dirname(folder)
  return folder
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Differs when the file does; the same for every file that is not there. */
function look(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
