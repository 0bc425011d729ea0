/** The certificates of the tests, for races over TLS. */

import { readFileSync } from 'node:fs'

const read = (name) => readFileSync(new URL(`../../test/support/tls/${name}`, import.meta.url), 'utf8')

/** The certificate and key of a server on this machine. */
export function certificate() {
  return { cert: read('server.pem'), key: read('server-key.pem') }
}

/** The authority that signed it. */
export function authority() {
  return read('ca.pem')
}
