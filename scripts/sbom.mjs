/** The software bill of materials of the command: the npm packages whose modules the build bundles, as CycloneDX 1.6. */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The names of the packages that modules belong to, sorted. */
export function packagesOf(moduleIds) {
  const found = new Set()
  for (const id of moduleIds) {
    const [, name] = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id) ?? []
    if (name !== undefined) found.add(name.replaceAll('\\', '/'))
  }
  return [...found].sort()
}

/** The bill of materials as text. It is the same for the same packages: nothing in it depends on time or machine. */
export function sbom(packages) {
  const own = manifest('.')
  const components = packages.map((name) => component(name, manifest(join('node_modules', name))))
  const text = JSON.stringify(components)
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(`${own.version} ${text}`)}`,
    version: 1,
    metadata: { component: { ...component(own.name, own), type: 'application' } },
    components,
    dependencies: [{ ref: purl(own.name, own.version), dependsOn: components.map(({ purl: one }) => one) }],
  }
  return `${JSON.stringify(bill, null, 2)}\n`
}

/** The packages of the last build: name, version and licence. */
export function bundledPackages() {
  const file = join(root, 'dist/sbom.cdx.json')
  if (!existsSync(file)) throw new Error('dist/sbom.cdx.json is missing; run npm run build')
  return JSON.parse(readFileSync(file, 'utf8')).components.map(({ group, name, version }) => ({
    name: group === undefined ? name : `${group}/${name}`,
    version,
  }))
}

function manifest(folder) {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
}

function component(full, { version, license, homepage }) {
  const [group, name] = full.startsWith('@') ? full.split('/') : [undefined, full]
  const ref = purl(full, version)
  const licence = / (?:OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }
  return {
    type: 'library',
    'bom-ref': ref,
    ...(group === undefined ? {} : { group }),
    name,
    version,
    licenses: [licence],
    purl: ref,
    ...(homepage === undefined ? {} : { externalReferences: [{ type: 'website', url: homepage }] }),
  }
}

const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`

/** A UUID of version 8 out of a text. */
function uuidOf(text) {
  const hash = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hash[16], 16) & 3) | 8).toString(16)
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
