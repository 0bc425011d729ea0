/** ImportList: what a module imports, each name once, aliased where the module has that name already. */

import type { IrFile } from '../../ir/ir.ts'
import { lineWidth } from './printer.ts'

/** A name as it is imported. */
interface Imported {
  readonly name: string
  readonly local: string
  typeOnly: boolean
}

/** Collects the imports of one module while its body is printed. */
export interface ImportList {
  /**
   * The local name of `name` from the module at `path`. `asType`: only its type is needed here. `prefix` tells names
   * of different modules apart where they clash: `prefix_name`.
   */
  add(path: string, name: string, prefix: string, asType: boolean): string
  /** The local name of another module's `$file`. */
  addFile(path: string, exportName: string): string
  /** The import statements: the runtime first, then siblings by path. */
  print(): string[]
}

/** An empty list for a module that has the top-level names `taken`. */
export function importList(taken: ReadonlySet<string>): ImportList {
  const modules = new Map<string, Map<string, Imported>>()
  const locals = new Set(taken)
  let files = 0

  const moduleAt = (path: string): Map<string, Imported> => {
    let module = modules.get(path)
    if (module === undefined) {
      module = new Map()
      modules.set(path, module)
    }
    return module
  }
  return {
    add(path, name, prefix, asType) {
      const module = moduleAt(path)
      const known = module.get(name)
      if (known !== undefined) {
        known.typeOnly &&= asType
        return known.local
      }
      let local = name
      for (let n = 1; locals.has(local); n++) local = `${prefix}_${name}${n === 1 ? '' : n}`
      locals.add(local)
      module.set(name, { name, local, typeOnly: asType })
      return local
    },
    addFile(path, exportName) {
      const module = moduleAt(path)
      const known = module.get(exportName)
      if (known !== undefined) return known.local
      const local = `$file${++files}`
      module.set(exportName, { name: exportName, local, typeOnly: false })
      return local
    },
    print() {
      const paths = [...modules.keys()].sort(byPath)
      return paths.flatMap((path) => statement(path, [...(modules.get(path)?.values() ?? [])]))
    },
  }
}

/** The path from one module to another, both below the output folder and without extension. */
export function relativePath(from: string, to: string): string {
  const here = from.split('/').slice(0, -1)
  const there = to.split('/')
  let common = 0
  while (common < here.length && common < there.length - 1 && here[common] === there[common]) common++
  const up = here.length - common
  return (up === 0 ? './' : '../'.repeat(up)) + there.slice(common).join('/')
}

/** A short word for a file, to prefix clashing names with. */
export function filePrefix(file: IrFile): string {
  const stem = file.source.logicalPath.split('/').at(-1) ?? ''
  return stem
    .replace(/\.[^.]*$/, '')
    .replace(/[^A-Za-z0-9_]/g, '_')
    .replace(/^(?=[0-9])/, '_')
}

function statement(path: string, names: Imported[]): string[] {
  const allTypes = names.every((one) => one.typeOnly)
  const sorted = [...names].sort((a, b) => Number(a.typeOnly) - Number(b.typeOnly) || compare(a.name, b.name))
  const specifiers = sorted.map((one) => {
    const name = one.local === one.name ? one.name : `${one.name} as ${one.local}`
    return one.typeOnly && !allTypes ? `type ${name}` : name
  })
  const head = allTypes ? 'import type {' : 'import {'
  const flat = `${head} ${specifiers.join(', ')} } from '${path}'`
  if (flat.length <= lineWidth) return [flat]
  return [head, ...specifiers.map((one) => `  ${one},`), `} from '${path}'`]
}

/** Packages first, then folders above, then this folder and those below. */
function byPath(a: string, b: string): number {
  const rank = (path: string): number => (path.startsWith('../') ? 1 : path.startsWith('./') ? 2 : 0)
  return rank(a) - rank(b) || compare(a, b)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
