/** `npm run interop`: this package against tools of other languages; what is not installed is skipped, and said so. */

import { grpcurl } from './grpcurl/grpcurl.mjs'
import { h2spec } from './http2/h2spec.mjs'
import { browser } from './web/browser.mjs'

const suites = [h2spec, grpcurl, browser]

let failed = false
for (const suite of suites) {
  for (const { name, outcome, detail } of await suite()) {
    console.log(`${outcome.padEnd(7)} ${name}: ${detail}`)
    if (outcome === 'FAILED') failed = true
  }
}
if (failed) process.exitCode = 1
