/** Payments as a process: it listens and says where. */

import { paymentsServer } from './payments-server.js'

const server = paymentsServer()
const { address } = await server.listen(process.env['PAYMENTS_ADDRESS'] ?? '127.0.0.1:0')
process.send?.(address)
process.once('disconnect', () => server.close())
await server.closeOnSignal()
