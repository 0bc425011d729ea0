/** The functions that piscina runs. */

import { handler } from '../record.mjs'

export const { noop, echo } = handler
