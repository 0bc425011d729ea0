/** A whole process around a pool, for tests of when it ends: `node process.mjs idle | call | outside`. */

import { Depot } from 'idl/depot'
import { createClient, createRouter } from 'runtime/index'
import { serveThread, threads } from 'runtime/inproc'

const worker = new URL('./depot.mjs', import.meta.url)
const modes = {
  async idle() {
    await threads(worker, { size: 1 }).ready()
    console.log('ready')
  },
  call() {
    createClient(Depot, threads(worker, { size: 1 }))
      .run('sleep', 100)
      .then(console.log)
  },
  outside() {
    serveThread(createRouter())
  },
}
await modes[process.argv[2]]()
