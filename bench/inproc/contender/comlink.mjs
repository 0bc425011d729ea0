/** comlink, to a worker. */

import { Worker } from 'node:worker_threads'
import { releaseProxy, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js'

export const variants = {
  worker: async () => {
    const worker = new Worker(new URL('../worker/comlink.mjs', import.meta.url))
    const proxy = wrap(nodeEndpoint(worker))
    return {
      noop: () => proxy.noop(),
      echo: (message) => proxy.echo(message),
      close: () => {
        proxy[releaseProxy]()
        return worker.terminate()
      },
    }
  },
}
