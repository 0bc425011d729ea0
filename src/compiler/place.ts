/** Places: where below its root each loaded file stands, which decides the place of its module and of its copy. */

import type { Report, SourceFile } from './diagnostic.ts'
import type { IrFile } from './ir/ir.ts'
import { below, commonFolder, folderOf } from './path.ts'

/** A loaded file whose place is known only when all files are. */
export interface Placeable {
  readonly source: { -readonly [K in keyof SourceFile]: SourceFile[K] }
  readonly ir: IrFile
  /** protobuf: the name by which others import it. */
  importName: string | undefined
}

/** What loading has shown of roots. */
interface Found {
  /** The given roots. */
  readonly roots: readonly string[]
  /** Roots guessed from imports of protobuf files. */
  readonly guessedRoots: readonly string[]
  /** The same for Thrift files. */
  readonly guessedThriftRoots: readonly string[]
  /** Thrift includes found beside the including file: both paths. */
  readonly beside: readonly (readonly [string, string])[]
}

/** Gives every file its path below a root: see {@link placeThrift} and {@link placeProto}. */
export function placeFiles(files: readonly Placeable[], found: Found, report: Report): void {
  placeThrift(files, found)
  const rootless: Placeable[] = []
  const taken = new Map<string, Placeable>()
  for (const unit of files) if (unit.ir.idl === 'protobuf' && !placeProto(unit, found)) rootless.push(unit)
  const root = commonFolder(rootless.map((unit) => unit.source.path))
  for (const { source } of rootless) source.logicalPath = below(root, source.path) ?? inside(source.path)
  for (const unit of files) {
    const { logicalPath, path } = unit.source
    const other = taken.get(logicalPath)
    if (other === undefined) taken.set(logicalPath, unit)
    else {
      report({
        code: 'duplicate-module',
        message: `'${path}' and '${other.source.path}' are both '${logicalPath}' below their roots`,
        span: undefined,
        hint: 'give one folder above both with -i, or rename one',
      })
    }
  }
}

/**
 * Thrift files stand below the longest root, given or shown by includes, that holds them, those without one below the folder they have in common. When that would give two
 * files one path, or lead a relative include astray, all stand below the folder that all have in common: there every relative include still holds.
 */
function placeThrift(files: readonly Placeable[], found: Found): void {
  const units = files.filter((unit) => unit.ir.idl === 'thrift')
  const roots = [...found.roots, ...found.guessedThriftRoots]
  const rootless = units.filter(({ source }) => longestRoot(roots, source.path) === undefined)
  const common = commonFolder(rootless.map((unit) => unit.source.path))
  const rootOf = (path: string): string => longestRoot(roots, path) ?? common
  const taken = new Set<string>()
  for (const { source } of units) {
    source.logicalPath = below(rootOf(source.path), source.path) ?? inside(source.path)
    taken.add(source.logicalPath)
  }
  if (taken.size === units.length && found.beside.every(([from, to]) => rootOf(from) === rootOf(to))) return
  const all = commonFolder(units.map((unit) => unit.source.path))
  for (const { source } of units) source.logicalPath = below(all, source.path) ?? inside(source.path)
}

/** A path that no folder shares with the others, without what would lead it out of the output folder. */
function inside(path: string): string {
  return path.replace(/^(?:\w+:|\/|\.\.\/)+/, '')
}

/** The longest of the roots that hold a path. */
function longestRoot(roots: readonly string[], path: string): string | undefined {
  let best: string | undefined
  for (const root of roots) {
    if (below(root, path) !== undefined && (best === undefined || root.length > best.length)) best = root
  }
  return best
}

/**
 * A protobuf file is where others import it from; else below the longest root, given or shown by imports, that holds it; else below the folder that
 * the package's own folders stand in. False when nothing tells.
 */
function placeProto(unit: Placeable, found: Found): boolean {
  const { source, ir, importName } = unit
  const { path } = source
  const root = longestRoot(found.roots, path) ?? longestRoot(found.guessedRoots, path)
  const folder = folderOf(path)
  const packageFolder = ir.package.replaceAll('.', '/')
  if (importName !== undefined) source.logicalPath = importName
  else if (root !== undefined) source.logicalPath = below(root, path)!
  else if (packageFolder !== '' && (folder === packageFolder || folder.endsWith(`/${packageFolder}`))) {
    source.logicalPath = path.slice(folder.length - packageFolder.length)
  } else return false
  return true
}
