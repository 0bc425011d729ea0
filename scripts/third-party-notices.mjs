/**
 * Writes the part of THIRD_PARTY_NOTICES about the npm packages that the build bundles into dist/, from their own
 * licence files. `--check` says instead whether it is up to date. Run it after `npm run build` when a dependency changes.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundledPackages } from './sbom.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const file = join(root, 'THIRD_PARTY_NOTICES')
const heading = '5. npm packages bundled into dist/\n'

function notice({ name }) {
  const folder = join(root, 'node_modules', name)
  const { license, homepage, repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const text = readdirSync(folder).find((one) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(one))
  const from = homepage ?? repository?.url ?? ''
  const body =
    text === undefined ? '' : `\n${readFileSync(join(folder, text), 'utf8').replaceAll('\r\n', '\n').trim()}\n`
  return `${name}. ${from}\nLicence: ${license}\n${body}`
}

const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
const kept = before.includes(heading) ? before.slice(0, before.indexOf(heading)) : `${before.trimEnd()}\n\n`
const rule = `\n${'-'.repeat(80)}\n\n`
const after = `${kept}${heading}\n${bundledPackages().map(notice).join(rule)}`

if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error('THIRD_PARTY_NOTICES is not what dist/ bundles; run: node scripts/third-party-notices.mjs')
    process.exitCode = 1
  }
} else writeFileSync(file, after)
