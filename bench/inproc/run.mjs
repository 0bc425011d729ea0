/** The race of calls inside one process as a section in Markdown. Needs `npm run build`. */

import { generate } from '../generate.mjs'
import { race, table } from './race.mjs'

/** Runs and prints it. */
export async function inproc({ quick }) {
  const rounds = Number(process.env['ROUNDS'] ?? (quick ? 1 : 3))
  const chunks = quick ? 5 : 15
  generate(['idl/record.thrift'])
  const rows = await race({ rounds, chunks })
  console.log('## Calls inside one process\n')
  console.log(
    `Each contender has fresh processes, ${rounds} of each kind, interleaved. Wall time per call is that of the best`,
  )
  console.log(
    'chunk of calls, which other work on the machine disturbs least; CPU time per call, of all threads, is the median.',
  )
  console.log(
    'Ambient context: an AsyncLocalStorage holds a value, and calls inherit the context of the one they are made in.\n',
  )
  console.log(`### noop\n\n${table(rows, 'noop')}\n`)
  console.log(`### echo of 350 bytes\n\n${table(rows, 'echo')}\n`)
}
