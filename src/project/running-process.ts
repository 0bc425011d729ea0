/** Whether a process that wrote its number down still runs, and is no later one with the same number. */

import { readFileSync, readlinkSync } from 'node:fs'

/** A process as it described itself. */
export interface ProcessMark {
  readonly pid: number
  /** See {@link thisMachine}. */
  readonly machine: string
  /** Clock ticks from the machine's start to the process's; undefined where the system does not say. */
  readonly started: string | undefined
}

/** This process. */
export function thisProcess(): Pick<ProcessMark, 'pid' | 'started'> {
  return { pid: process.pid, started: statusOf(process.pid)?.started }
}

/** Names the running system and, on Linux, the set of process numbers that it is seen by: containers have their own. Empty where neither is known. */
export function thisMachine(): string {
  if (process.platform !== 'linux') return ''
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

/** Whether a process of this host runs. One that cannot be asked, since another container has it, counts as running. */
export function isRunning({ pid, machine, started }: ProcessMark): boolean {
  const [boot, numbers] = machine.split(' ')
  const [ownBoot, ownNumbers] = thisMachine().split(' ')
  if (boot !== '' && ownBoot !== '' && boot !== ownBoot) return false
  if (numbers !== ownNumbers) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Not permitted: it runs, as somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const status = statusOf(pid)
  if (status === undefined) return true
  // A zombie has ended; its parent has only not asked yet.
  return !status.isZombie && (started === undefined || status.started === started)
}

/** What Linux tells about a process; undefined elsewhere. */
function statusOf(pid: number): { readonly started: string; readonly isZombie: boolean } | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; the state is the third field, the start the twenty-second.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const started = fields[19]
    return started === undefined ? undefined : { started, isZombie: fields[0] === 'Z' || fields[0] === 'X' }
  } catch {
    return undefined
  }
}
