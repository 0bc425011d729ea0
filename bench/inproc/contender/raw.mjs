/** Ports by hand: a MessageChannel inside one thread, and a worker, each message by itself or in batches. */

import { MessageChannel, Worker } from 'node:worker_threads'
import { connect, serve } from '../port.mjs'

const worker = (mode) => async () => {
  const thread = new Worker(new URL('../worker/raw.mjs', import.meta.url), { workerData: mode })
  return connect(thread, mode, () => thread.terminate())
}

export const variants = {
  channel: async () => {
    const { port1, port2 } = new MessageChannel()
    serve(port2, 'single')
    return connect(port1, 'single', () => port1.close())
  },
  worker: worker('single'),
  'worker-batched': worker('batched'),
}
