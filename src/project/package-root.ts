/** The folder of the running package. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The name of this package on npm. */
export const packageName = 'volo-ts'

interface Manifest {
  readonly name: string
  readonly version: string
}

let found: { readonly folder: string; readonly manifest: Manifest } | undefined

function locate(): { readonly folder: string; readonly manifest: Manifest } {
  if (found !== undefined) return found
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, 'package.json'))
    if (manifest?.name === packageName) {
      found = { folder, manifest }
      return found
    }
    if (dirname(folder) === folder) throw new Error(`the package.json of ${packageName} is missing`)
  }
}

/** Where package.json, `dist/`, `templates/` and `schema/` are; absolute. */
export function packageRoot(): string {
  return locate().folder
}

/** The version of the running package. */
export function packageVersion(): string {
  return locate().manifest.version
}

function readManifest(path: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest
  } catch {
    return undefined
  }
}
