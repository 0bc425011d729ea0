/** The .proto files that the google-proto-files package ships. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Host } from '../../../../src/compiler/host.ts'

/** The folder from which their imports are found. */
export const corpusRoot: string = dirname(createRequire(import.meta.url).resolve('google-proto-files/package.json'))

/** Every `step`th file of the corpus, by path below {@link corpusRoot}. Editions that are not released are left out. */
export function corpusFiles(step = 1): string[] {
  return ['google', 'grafeas', 'gapic']
    .filter((folder) => existsSync(join(corpusRoot, folder)))
    .flatMap((folder) => readdirSync(join(corpusRoot, folder), { recursive: true }).map((name) => `${folder}/${name}`))
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .filter((_, i) => i % step === 0)
    .filter((name) => !/^edition = "2026"/m.test(corpusText(name)))
}

/** The text of a file of the corpus. */
export function corpusText(name: string): string {
  return readFileSync(join(corpusRoot, name), 'utf8')
}

/** A Host over the file system. */
export const corpusHost: Host = {
  read: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
}
