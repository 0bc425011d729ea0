/** `npm run audit`: known faults of the packages that the command bundles, where the registry answers. It never fails. */

import { execFileSync } from 'node:child_process'
import { bundledPackages } from './sbom.mjs'

const bundled = new Map(bundledPackages().map(({ name, version }) => [name, version]))
let report
try {
  report = JSON.parse(audit())
} catch (error) {
  console.log(`The registry tells nothing of known faults: ${String(error.message).split('\n')[0]}`)
  process.exit(0)
}
const found = Object.values(report.vulnerabilities ?? {}).filter(({ name }) => bundled.has(name))
for (const { name, severity, via, range } of found) {
  console.log(`${name} ${bundled.get(name)} (${severity}; ${range})`)
  for (const one of via) if (typeof one === 'object') console.log(`  ${one.title}: ${one.url}`)
}
console.log(
  `${bundled.size} packages are bundled into the command; ${found.length === 0 ? 'no fault is known' : `of ${found.length} a fault is known`}.`,
)

/** npm exits with 1 where it has found something. */
function audit() {
  try {
    return execFileSync('npm', ['audit', '--json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    })
  } catch (error) {
    if (typeof error.stdout === 'string' && error.stdout.includes('"vulnerabilities"')) return error.stdout
    throw error
  }
}
