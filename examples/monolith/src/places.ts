/** Where payments run. Your program has one of these lines; the lesson has all of them, to be run side by side. */

import { inProcess, threads } from 'volo-ts/inproc'
import { thrift } from 'volo-ts/thrift'
import { paymentsServer } from './payments-server.js'

export const places = {
  here: () => inProcess(paymentsServer()),
  threads: () => threads(new URL('./payments-thread.js', import.meta.url), { size: 2 }),
  process: () => thrift(process.env['PAYMENTS_ADDRESS'] ?? '127.0.0.1:7001'),
}
