/** Runs a lesson of examples/ as its reader does. */

import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const execute = promisify(execFile)

/** Runs `npm run example WORDS`; gives what it printed. Rejects with all of it when it fails. */
export async function example(...words: string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [join(root, 'scripts/example.mjs'), ...words])
  return stdout
}

/** The lines of a text. */
export function lines(text: string): string[] {
  return text.trimEnd().split('\n')
}
