/** Payments in a thread: what each thread of the pool runs. */

import { serveThread } from 'volo-ts/inproc'
import { paymentsServer } from './payments-server.js'

serveThread(paymentsServer())
