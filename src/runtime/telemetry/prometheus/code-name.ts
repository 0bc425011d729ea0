/** The names of status codes that dashboards of the gRPC ecosystem know: those of Go. */

import type { EndCode } from '../../core/observe.ts'

/** A declared exception and a business error are answers: `OK`. */
export function codeName(code: EndCode): string {
  if (code === 'OK' || code === 'BIZ' || code === 'EXCEPTION') return 'OK'
  if (code === 'CANCELLED') return 'Canceled'
  return code
    .split('_')
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join('')
}
