/** Imports that a handler file needs besides its own, as edits of its text. */

import { dirname, resolve } from 'node:path'
import { pathFrom } from '../display-path.ts'
import { packageName } from '../package-root.ts'
import type { HandlerSource } from './handler-source.ts'
import { type ImportedName, importLine } from './import-set.ts'
import type { Edit } from './text-edit.ts'

/** Where a handler file and the generated modules are. */
export interface ImportPlaces {
  /** The handler file, absolute. */
  readonly path: string
  /** The folder of the generated modules, absolute. */
  readonly out: string
  /** The extension that imports of them end in. */
  readonly extension: string
}

/** Gathers imports for one file. */
export interface ImportEdits {
  /** The local name of an export of a generated module, or of this package where `module` is its name. */
  use(module: string, name: string): string
  edits(): Edit[]
}

/** Starts from what a file imports; without a file, from nothing. */
export function importEdits(places: ImportPlaces, source: HandlerSource | undefined): ImportEdits {
  const imports = source?.imports ?? []
  const taken = new Set(source?.names)
  const added = new Map<string, Map<string, ImportedName>>()
  const importsOf = (target: string): typeof imports =>
    imports.filter(({ from }) => (target === packageName ? from === target : isModule(places.path, from, target)))
  return {
    use(module, name) {
      const target = module === packageName ? module : resolve(places.out, module)
      for (const { names } of importsOf(target)) {
        const known = names.find((one) => one.imported === name && !one.typeOnly)
        if (known !== undefined) return known.local
        const whole = names.find((one) => one.imported === '*' && !one.typeOnly)
        if (whole !== undefined) return `${whole.local}.${name}`
      }
      const names = added.get(target) ?? new Map<string, ImportedName>()
      added.set(target, names)
      const known = names.get(name)
      if (known !== undefined) return known.local
      let local = name
      for (let i = 2; taken.has(local); i++) local = `${name}${i}`
      taken.add(local)
      names.set(name, { local, typeOnly: false })
      return local
    },
    edits() {
      const edits: Edit[] = []
      const lines: string[] = []
      for (const [target, names] of added) {
        const existing = importsOf(target)
        const open = existing.find(
          (one) => !one.typeOnly && one.names.some(({ node }) => node.type === 'ImportSpecifier'),
        )
        const last = open?.names.at(-1)
        if (last === undefined) {
          lines.push(importLine(existing[0]?.from ?? specifier(places, target), names))
        } else {
          const list = [...names].map(([name, { local }]) => (name === local ? name : `${name} as ${local}`))
          edits.push({ at: last.node.end, text: `, ${list.join(', ')}` })
        }
      }
      if (lines.length > 0) edits.push(newLines(lines, source))
      return edits
    },
  }
}

/** Whether an import in the file at `path` reaches a module (absolute, without extension), whatever its extension. */
export function isModule(path: string, from: string, module: string): boolean {
  const bare = from.replace(/\.[cm]?[jt]s$/, '')
  // An alias of a bundler or of tsconfig's paths: the last name has to do.
  if (!from.startsWith('.')) return bare.endsWith(`/${module.split(/[\\/]/).at(-1) ?? ''}`)
  return resolve(dirname(path), bare) === module
}

function specifier({ path, extension }: ImportPlaces, target: string): string {
  if (target === packageName) return target
  const way = pathFrom(dirname(path), target)
  return `${way.startsWith('.') ? way : `./${way}`}${extension}`
}

/** New import statements after the last one, in its style. */
function newLines(lines: readonly string[], source: HandlerSource | undefined): Edit {
  const last = source?.imports.at(-1)?.node
  if (source === undefined || last === undefined)
    return { at: source?.body[0]?.start ?? 0, text: `${lines.join('\n')}\n` }
  const sample = source.text.slice(last.start, last.end)
  const end = sample.endsWith(';') ? ';' : ''
  const styled = lines.map((line) => (sample.includes('"') ? line.replaceAll("'", '"') : line) + end)
  return { at: last.end, text: `\n${styled.join('\n')}` }
}
