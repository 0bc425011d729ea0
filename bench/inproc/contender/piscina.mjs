/** piscina: one worker, which may have 64 tasks at once. */

import { Piscina } from 'piscina'

export const variants = {
  worker: async () => {
    const pool = new Piscina({
      filename: new URL('../worker/piscina.mjs', import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 64,
    })
    return {
      noop: () => pool.run(undefined, { name: 'noop' }),
      echo: (message) => pool.run(message, { name: 'echo' }),
      close: () => pool.destroy(),
    }
  },
}
