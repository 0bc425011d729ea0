/** The imports of a scaffolded file, with aliases where two modules export one name. */

import { quote } from '../../compiler/gen/text/printer.ts'

/** A name as it is imported. */
export interface ImportedName {
  readonly local: string
  readonly typeOnly: boolean
}

/** Collects the imports of one file. */
export interface ImportSet {
  /** The local name of an export of a module. `default` stands alone and is called like its module: `assert`. */
  use(module: string, name: string, typeOnly?: boolean): string
  /** What is imported so far, by module. */
  readonly modules: ReadonlyMap<string, ReadonlyMap<string, ImportedName>>
  /** The import statements: `node:` modules, packages, files; each group sorted. */
  lines(): string[]
}

/** An empty set; `reserved` are names that the file declares itself. */
export function importSet(reserved: Iterable<string> = []): ImportSet {
  const taken = new Set(reserved)
  const modules = new Map<string, Map<string, ImportedName>>()
  return {
    modules,
    use(module, name, typeOnly = false) {
      const names = modules.get(module) ?? new Map<string, ImportedName>()
      modules.set(module, names)
      const known = names.get(name)
      if (known !== undefined) {
        if (known.typeOnly && !typeOnly) names.set(name, { ...known, typeOnly: false })
        return known.local
      }
      const wanted = name === 'default' ? (module.split('/')[0] ?? '').replace('node:', '') : name
      let local = wanted
      for (let i = 2; taken.has(local); i++) local = `${wanted}${i}`
      taken.add(local)
      names.set(name, { local, typeOnly })
      return local
    },
    lines() {
      return [...modules]
        .sort(([a], [b]) => distance(a) - distance(b) || (a < b ? -1 : 1))
        .map(([module, names]) => importLine(module, names))
    },
  }
}

/** One import statement, on several lines where it is long. */
export function importLine(module: string, names: ReadonlyMap<string, ImportedName>): string {
  const defaultName = names.get('default')
  if (defaultName !== undefined) return `import ${defaultName.local} from ${quote(module)}`
  const sorted = [...names].sort(([a], [b]) => compareNames(a, b))
  const allTypes = sorted.every(([, { typeOnly }]) => typeOnly)
  const specifiers = sorted.map(([name, { local, typeOnly }]) => {
    const renamed = local === name ? name : `${name} as ${local}`
    return typeOnly && !allTypes ? `type ${renamed}` : renamed
  })
  const head = allTypes ? 'import type' : 'import'
  const flat = `${head} { ${specifiers.join(', ')} } from ${quote(module)}`
  return flat.length <= 120
    ? flat
    : `${head} {\n${specifiers.map((one) => `  ${one},\n`).join('')}} from ${quote(module)}`
}

function distance(module: string): number {
  return module.startsWith('node:') ? 0 : module.startsWith('../') ? 2 : module.startsWith('.') ? 3 : 1
}

/** The order of Biome's organizeImports: case aside, then by code unit. */
function compareNames(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()]
  return x < y ? -1 : x > y ? 1 : a < b ? -1 : 1
}
