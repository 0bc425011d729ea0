/** Starts the payments process and says in PAYMENTS_ADDRESS where it is, as whatever runs your services would. */

import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Gives what stops the process. */
export async function startPayments(): Promise<() => Promise<void>> {
  const child = fork(new URL('./payments-process.js', import.meta.url))
  const [address] = (await once(child, 'message')) as [string]
  process.env['PAYMENTS_ADDRESS'] = address
  return async () => {
    const exit = once(child, 'exit')
    child.disconnect()
    await exit
  }
}
