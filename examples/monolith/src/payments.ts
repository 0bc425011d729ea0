/** Charges cards; signing the receipt keeps a processor busy, which is why this service is the first to move out. */

import { pbkdf2Sync } from 'node:crypto'
import { BizError } from 'volo-ts'
import { CardDeclined, type PaymentsHandler } from './gen/payments.js'

export const paymentsHandler: PaymentsHandler = {
  charge(card, cents) {
    if (card === 'expired') throw new CardDeclined({ reason: 'the card has expired' })
    if (card === 'stolen') throw new BizError(4001, 'call the police', { card })
    const id = pbkdf2Sync(`${card} ${cents}`, 'receipt', 10_000, 8, 'sha256').toString('hex')
    return { id, cents }
  },
}
