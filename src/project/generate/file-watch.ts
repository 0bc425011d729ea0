/** Watches files, including files that do not exist yet, files that an editor replaces, and files in folders that are removed and created again. */

import { statSync } from 'node:fs'
import { dirname, sep } from 'node:path'

/** A watch over some files. */
export interface FileWatch {
  /** Watches these files (absolute) and no others. Those that have changed since `since` (milliseconds of the epoch) and were not watched yet are reported, too. */
  watch(files: Iterable<string>, since: number): void
  close(): Promise<void>
}

/**
 * The interval at which the files are also polled. The system does not report every change: a parent folder that moves, a network drive, a
 * change before the watch starts. Polling a hundred files takes a millisecond.
 */
const lookMs = 1_000

/** Starts a watch over no files. `onChange` is called for each file that appears, changes or is removed, possibly twice. */
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
  // A folder that is created again must be watched again.
  watcher.on('unlinkDir', (path) => folders.delete(path))
  // Files that cannot be watched are still polled.
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
        // Parent folders too: when one of them is renamed, a watch on the file's own folder is not notified.
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
