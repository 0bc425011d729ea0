/** Watches files that are there and files that may come: also those that an editor replaces, and those in folders that go and return. */

import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** A watch over some files. */
export interface FileWatch {
  /** Watches these files (absolute) and no others. Those that have changed since `since` (milliseconds of the epoch) and were not watched yet are reported, too. */
  watch(files: Iterable<string>, since: number): void
  close(): Promise<void>
}

/** How long the system may take until it watches what it was told to. */
const settleMs = 200

/** Begins a watch over nothing. `onChange` hears of each file that appears, changes or goes, perhaps twice. */
export async function watchFiles(onChange: (path: string) => void): Promise<FileWatch> {
  const { watch } = await import('chokidar')
  let files = new Set<string>()
  let folders = new Set<string>()
  /** The folders between one that is there and a file that is not. */
  let between = new Set<string>()
  const timers = new Set<NodeJS.Timeout>()
  const watcher = watch([], {
    ignoreInitial: true,
    depth: 0,
    ignored: (path) => !files.has(path) && !folders.has(path) && !between.has(path),
  })
  watcher.on('all', (_, path) => {
    if (files.has(path) || between.has(path) || folders.has(path)) onChange(path)
  })
  // What can't be watched is still read in the next round.
  watcher.on('error', () => {})
  return {
    watch(wanted, since) {
      const before = files
      const watched = folders
      files = new Set(wanted)
      folders = new Set()
      between = new Set()
      for (const file of files) {
        let folder = dirname(file)
        while (!isFolder(folder) && dirname(folder) !== folder) {
          between.add(folder)
          folder = dirname(folder)
        }
        folders.add(folder)
      }
      const gone = [...watched].filter((folder) => !folders.has(folder))
      const added = [...files].filter((file) => !before.has(file))
      if (gone.length > 0) watcher.unwatch(gone)
      watcher.add([...[...folders].filter((folder) => !watched.has(folder)), ...added.filter((file) => isThere(file))])
      if (added.length === 0) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        for (const file of added) if (files.has(file) && changedAt(file) >= since) onChange(file)
      }, settleMs)
      timers.add(timer)
    },
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await watcher.close()
    },
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
