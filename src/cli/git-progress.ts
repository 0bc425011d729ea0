/** What git is doing, on one line of the terminal that is wiped when it is done; nothing where there is none. */

import type { GitProgress } from '../project/git/git-store.ts'
import { oneLine } from './escape-controls.ts'
import type { Run } from './run.ts'

/** A progress display. */
export interface ProgressDisplay {
  readonly onProgress: (progress: GitProgress) => void
  /** Wipes the line. */
  end(): void
}

const words: Readonly<Record<GitProgress['step'], string>> = {
  resolving: 'looking up',
  waiting: 'waiting for another command that fetches',
  fetching: 'fetching',
  storing: 'storing',
  done: '',
}

/** A display on stderr, where that is a terminal and the user wants to hear. */
export function progressDisplay({ io, output }: Run): ProgressDisplay | undefined {
  const { quiet, json } = output.options
  if (io.stderr.isTTY !== true || quiet === true || json === true || io.env['TERM'] === 'dumb') return undefined
  const active = new Map<string, GitProgress>()
  let isShown = false
  const wipe = (): void => {
    if (isShown) io.stderr.write('\r\u001b[K')
    isShown = false
  }
  return {
    onProgress(progress) {
      if (progress.step === 'done') active.delete(progress.url.key)
      else active.set(progress.url.key, progress)
      wipe()
      const last = [...active.values()].at(-1)
      if (last === undefined) return
      const { url, step, percent } = last
      const others = active.size > 1 ? ` and ${active.size - 1} more` : ''
      const line = `${words[step]} ${url.text}${percent === undefined ? '' : ` ${percent}%`}${others}`
      io.stderr.write(oneLine(line).slice(0, Math.max(20, output.width - 1)))
      isShown = true
    },
    end: wipe,
  }
}
