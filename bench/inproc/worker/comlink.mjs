/** The worker that comlink exposes. */

import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js'
import { handler } from '../record.mjs'

expose(handler, nodeEndpoint(parentPort))
