/** Runs the command inside the test's process, with everything it says captured. */

import { vi } from 'vitest'
import type { CliIo } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

/** How a run ended. */
export interface VoloRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What may differ from an ordinary shell without a terminal. */
export interface VoloSurroundings {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly isTTY?: boolean
  /** Gets a function that stops the run as Ctrl-C does. */
  readonly onStart?: (interrupt: () => void) => void
}

/** Runs `volo ...args` in a folder. */
export async function runVolo(cwd: string, args: readonly string[], around: VoloSurroundings = {}): Promise<VoloRun> {
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  const io: CliIo = {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...around.env },
    stdout: { write: (text) => (stdout += text), isTTY: around.isTTY },
    stderr: { write: (text) => (stderr += text), isTTY: around.isTTY },
    interactive: false,
    onInterrupt(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  around.onStart?.(() => {
    for (const listener of listeners) listener()
  })
  // What it says must go through `io` alone.
  const spies = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')]
  const code = await main(args, io)
  const leaks = spies.flatMap((spy) => spy.mock.calls.map(([text]) => String(text)))
  for (const spy of spies) spy.mockRestore()
  if (leaks.length > 0) throw new Error(`written past io: ${leaks.join('')}`)
  return { code, stdout, stderr }
}

/** The starter options that need neither network nor a built package. */
export const quickly: readonly string[] = ['--no-install', '--no-git', '--runtime', '1.0.0']
