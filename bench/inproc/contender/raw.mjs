/** Ports by hand: a MessageChannel inside one thread, and a worker. */

import { MessageChannel, Worker } from 'node:worker_threads'
import { connect, serve } from '../port.mjs'

export const variants = {
  channel: async () => {
    const { port1, port2 } = new MessageChannel()
    serve(port2)
    return connect(port1, () => port1.close())
  },
  worker: async () => {
    const worker = new Worker(new URL('../worker/raw.mjs', import.meta.url))
    return connect(worker, () => worker.terminate())
  },
}
