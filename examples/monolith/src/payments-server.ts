/** The payments service as a server of its own, which does not know who reaches it, nor how. */

import { Server } from 'volo-ts'
import { Payments } from './gen/payments.js'
import { paymentsHandler } from './payments.js'

export const paymentsServer = (): Server => new Server().add(Payments, paymentsHandler)
