/** The server's process, from its parent's side. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts it. `ask(message)` sends a message and gives the answer; `tell(message)` sends one; `answer()` is what it says next. */
export async function startServer() {
  const child = fork(fileURLToPath(new URL('./server.mjs', import.meta.url)), { execArgv: ['--expose-gc'] })
  const answer = async () => (await once(child, 'message'))[0]
  const { port } = await answer()
  return {
    port,
    answer,
    tell: (message) => void child.send(message),
    ask(message) {
      child.send(message)
      return answer()
    },
    async stop() {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}
