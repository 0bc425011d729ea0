/** Programs that a suite builds and runs. */

import { execFile, spawn } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const readyMs = 30_000
const buildMs = 1_200_000

/** Where what is built stays for the next time, outside of the repository. */
export const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'volo-ts', 'interop')

/** Runs a tool to its end; its output. Throws with the last line of what it complained of. */
export async function run(command, args, options = {}) {
  try {
    const { stdout } = await execute(command, args, { timeout: buildMs, maxBuffer: 64 * 1024 * 1024, ...options })
    return stdout
  } catch (error) {
    const text = String(error.stderr || error.message).trim()
    throw new Error(text.split('\n').slice(-3).join(' / '), { cause: error })
  }
}

/** Why a tool cannot be run, or undefined. */
export async function missingTool(name, command, args) {
  try {
    await execute(command, args, { timeout: 60_000 })
    return undefined
  } catch {
    return `${name} is not installed`
  }
}

/** Starts a peer, which prints `ready` and its address; gives that and how to end it. */
export async function startPeer(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-2_000)
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const address = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the peer does not get ready')), readyMs)
    const settle = (act) => (value) => {
      clearTimeout(timer)
      act(value)
    }
    child.once('error', settle(reject))
    exited.then(settle(() => reject(new Error(`the peer ended: ${complaints.trim().split('\n').at(-1)}`))))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) settle(resolve)(line.slice('ready '.length))
    })
  }).catch((error) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    address,
    complaints: () => complaints,
    /** Asks it to end, and waits until it has. */
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      child.kill('SIGTERM')
      await exited
      clearTimeout(timer)
    },
  }
}
