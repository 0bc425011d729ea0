/** The templates that `volo init` fills in. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Handlebars from 'handlebars'
import { withSlashes } from '../display-path.ts'
import { packageRoot } from '../package-root.ts'
import type { ScaffoldFile } from './scaffold.ts'

/** Fills in `templates/<path>.hbs`. A name that the data lacks is an error. */
export function fillTemplate(path: string, data: object): string {
  const engine = Handlebars.create()
  engine.registerHelper('json', (value: unknown) => JSON.stringify(value))
  const text = readFileSync(join(packageRoot(), 'templates', `${path}.hbs`), 'utf8')
  const fill = engine.compile(text, {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: { json: true },
  })
  return fill(data)
}

/** The text of a template without anything to fill in. */
export function readTemplate(path: string): string {
  return readFileSync(join(packageRoot(), 'templates', path), 'utf8')
}

/** Every file below a folder of templates. */
export function templateFiles(folder: string): ScaffoldFile[] {
  const root = join(packageRoot(), 'templates', folder)
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort()
    .map((path) => ({ path: withSlashes(path.slice(root.length + 1)), text: readFileSync(path, 'utf8') }))
}
