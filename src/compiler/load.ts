/** Loading: from entry files through the Host to the IR of every file they reach, with include and import paths resolved. */

import type { Report, SourceFile, Span } from './diagnostic.ts'
import type { Host } from './host.ts'
import { bundledProtos } from './idl/proto/bundled.ts'
import { lowerProto } from './idl/proto/lower.ts'
import { parseProto } from './idl/proto/parser.ts'
import { lowerThrift } from './idl/thrift/lower.ts'
import { parseThrift } from './idl/thrift/parser.ts'
import type { IrFile, IrImport, IrProgram } from './ir/ir.ts'
import { below, commonFolder, folderOf, isAbsolute, joinPath, normalizePath } from './path.ts'

/** What to load. */
export interface LoadInput {
  /** Entry files as the Host knows them. */
  readonly entries: readonly string[]
  /** Folders in which includes and imports are searched, in order. */
  readonly includes?: readonly string[] | undefined
  readonly host: Host
}

/** One file of a program and where it came from. */
export interface LoadedFile {
  readonly source: SourceFile
  readonly ir: IrFile
  /** The user named it. */
  readonly entry: boolean
  /** It came with the compiler; the Host does not have it. */
  readonly bundled: boolean
}

/** What was loaded: not yet linked. */
export interface Loaded {
  readonly program: IrProgram
  /** The same files in the same order, imported ones first. To copy an IDL with what it includes, write each file that is not bundled to its `logicalPath`. */
  readonly files: readonly LoadedFile[]
}

/** A source whose place below its root is known only when all files are. */
type OpenSource = { -readonly [K in keyof SourceFile]: SourceFile[K] }

interface Unit {
  readonly source: OpenSource
  readonly ir: IrFile
  entry: boolean
  readonly bundled: boolean
  /** protobuf: the name by which others import it. */
  importName: string | undefined
  /** Its imports are being loaded. */
  open: boolean
}

interface Loader {
  readonly host: Host
  readonly report: Report
  readonly roots: readonly string[]
  /** Roots guessed from imports of protobuf files. */
  readonly guessedRoots: string[]
  readonly texts: Map<string, string | undefined>
  readonly units: Map<string, Unit>
  readonly done: Unit[]
  /** Thrift includes found beside the including file: both paths. */
  readonly beside: [string, string][]
  /** The files being loaded, outermost first, each with the import that leads to the next. */
  readonly stack: { readonly unit: Unit; via: IrImport }[]
}

/** Loads the entries and all they include. What cannot be found or read is reported where it is included. */
export function load(input: LoadInput, report: Report): Loaded {
  const loader: Loader = {
    host: input.host,
    report,
    roots: [...new Set((input.includes ?? []).map(normalizePath))],
    guessedRoots: [],
    texts: new Map(),
    units: new Map(),
    done: [],
    beside: [],
    stack: [],
  }
  const entries: IrFile[] = []
  for (const path of new Set(input.entries.map(normalizePath))) {
    const unit = loadEntry(loader, path)
    if (unit === undefined) continue
    unit.entry = true
    entries.push(unit.ir)
  }
  placeFiles(loader)
  const files = loader.done.map(({ source, ir, entry, bundled }) => ({ source, ir, entry, bundled }))
  return { program: { files: files.map((file) => file.ir), entries }, files }
}

function loadEntry(loader: Loader, path: string): Unit | undefined {
  if (!path.endsWith('.thrift') && !path.endsWith('.proto')) {
    loader.report({
      code: 'unsupported-file',
      message: `'${path}' is neither a .thrift nor a .proto file`,
      span: undefined,
    })
    return undefined
  }
  const text = read(loader, path, undefined)
  if (text === undefined) return undefined
  if (text === missing) {
    loader.report({
      code: 'file-not-found',
      message: `cannot find '${path}'`,
      span: undefined,
      hint: 'paths are taken from the current folder',
    })
    return undefined
  }
  return loadUnit(loader, path, text, false)
}

/** The longest chain of includes: no stack is deep enough for what files can hold. */
const MAX_CHAIN = 1_000

const missing = Symbol('missing')

/** The text of a file, `missing`, or undefined when it cannot be read (which has been said). */
function read(loader: Loader, path: string, span: Span | undefined): string | typeof missing | undefined {
  if (loader.texts.has(path)) return loader.texts.get(path) ?? missing
  try {
    const text = loader.host.read(path)
    loader.texts.set(path, text)
    return text ?? missing
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    loader.report({ code: 'file-unreadable', message: `cannot read '${path}': ${reason}`, span })
    return undefined
  }
}

function loadUnit(loader: Loader, path: string, text: string, bundled: boolean): Unit {
  const known = loader.units.get(path)
  if (known !== undefined) return known
  const source: OpenSource = { path, logicalPath: path, text }
  const ir = path.endsWith('.proto')
    ? lowerProto(parseProto(source, loader.report), loader.report)
    : lowerThrift(parseThrift(source, loader.report), loader.report)
  const unit: Unit = { source, ir, entry: false, bundled, importName: undefined, open: true }
  loader.units.set(path, unit)
  for (const via of ir.imports) {
    if (loader.stack.length === MAX_CHAIN) {
      loader.report({
        code: 'nested-too-deep',
        message: `more than ${MAX_CHAIN} files include one another in a chain`,
        span: via.span,
      })
      break
    }
    loader.stack.push({ unit, via })
    const target = ir.idl === 'thrift' ? findThrift(loader, unit, via) : findProto(loader, unit, via)
    if (target?.open === true) reportCycle(loader, target, via)
    via.file = target?.ir
    loader.stack.pop()
  }
  unit.open = false
  loader.done.push(unit)
  return unit
}

function findThrift(loader: Loader, from: Unit, via: IrImport): Unit | undefined {
  if (via.path.endsWith('.proto')) {
    loader.report({
      code: 'unsupported-file',
      message: `a Thrift file cannot include '${via.path}'`,
      span: via.span,
      hint: 'make it an entry of its own',
    })
    return undefined
  }
  const folders = isAbsolute(via.path) ? [''] : [folderOf(from.source.path), ...loader.roots]
  for (const folder of folders) {
    const path = joinPath(folder, via.path)
    const text = read(loader, path, via.span)
    if (text === undefined) return undefined
    if (text === missing) continue
    if (folder === folders[0]) loader.beside.push([from.source.path, path])
    return loadUnit(loader, path, text, false)
  }
  reportMissing(loader, via, folders)
  return undefined
}

function findProto(loader: Loader, from: Unit, via: IrImport): Unit | undefined {
  const name = normalizePath(via.path)
  const named = (unit: Unit): Unit => {
    unit.importName ??= name
    return unit
  }
  if (!from.bundled && !name.startsWith('..') && !isAbsolute(name)) {
    for (const root of [...loader.roots, ...loader.guessedRoots, ...ancestors(loader, from)]) {
      const path = joinPath(root, name)
      const text = read(loader, path, via.span)
      if (text === undefined) return undefined
      if (text === missing) continue
      if (!loader.roots.includes(root) && !loader.guessedRoots.includes(root)) loader.guessedRoots.push(root)
      return named(loadUnit(loader, path, text, false))
    }
  }
  if (Object.hasOwn(bundledProtos, name)) return named(loadUnit(loader, name, bundledProtos[name]!, true))
  reportMissing(loader, via, [...new Set([...loader.roots, ...loader.guessedRoots, ...ancestors(loader, from)])])
  return undefined
}

/** The folders above a file and above the entry that led to it, nearest first: where its import root may be. */
function ancestors(loader: Loader, from: Unit): string[] {
  const out: string[] = []
  for (const path of [from.source.path, loader.stack[0]?.unit.source.path ?? from.source.path]) {
    let folder = folderOf(path)
    for (;;) {
      out.push(folder)
      const up = folderOf(folder)
      if (up === folder) break
      folder = up
    }
  }
  return out
}

function reportMissing(loader: Loader, via: IrImport, folders: readonly string[]): void {
  const searched = [...new Set(folders)].map((folder) => (folder === '' ? '.' : folder)).join(', ')
  loader.report({
    code: 'file-not-found',
    message: `cannot find '${via.path}' in ${searched}`,
    span: via.span,
    hint: 'give the folder that its path starts from with -i',
  })
}

function reportCycle(loader: Loader, target: Unit, via: IrImport): void {
  const from = loader.stack.findIndex((step) => step.unit === target)
  const steps = loader.stack.slice(from)
  const verb = target.ir.idl === 'thrift' ? 'includes' : 'imports'
  const through = steps.slice(1).map((step) => `'${step.unit.source.path}'`)
  loader.report({
    code: 'import-cycle',
    message: `'${target.source.path}' ${verb} itself${through.length === 0 ? '' : ` through ${through.join(', ')}`}`,
    span: via.span,
    related: steps.slice(0, -1).map((step) => ({ message: `${verb} '${step.via.path}'`, span: step.via.span })),
    hint: 'move what both need into a file of its own',
  })
}

/** Gives every file its path below a root: see {@link placeThrift} and {@link placeProto}. */
function placeFiles(loader: Loader): void {
  placeThrift(loader)
  const rootless: Unit[] = []
  const taken = new Map<string, Unit>()
  for (const unit of loader.done) if (unit.ir.idl === 'protobuf' && !placeProto(loader, unit)) rootless.push(unit)
  const root = commonFolder(rootless.map((unit) => unit.source.path))
  for (const { source } of rootless) source.logicalPath = below(root, source.path) ?? inside(source.path)
  for (const unit of loader.done) {
    const { logicalPath, path } = unit.source
    const other = taken.get(logicalPath)
    if (other === undefined) taken.set(logicalPath, unit)
    else {
      loader.report({
        code: 'duplicate-module',
        message: `'${path}' and '${other.source.path}' are both '${logicalPath}' below their roots`,
        span: undefined,
        hint: 'give one folder above both with -i, or rename one',
      })
    }
  }
}

/**
 * Thrift files stand below the longest given root that holds them, those without one below the folder they have in common. When that would give two
 * files one path, or lead a relative include astray, all stand below the folder that all have in common: there every relative include still holds.
 */
function placeThrift(loader: Loader): void {
  const units = loader.done.filter((unit) => unit.ir.idl === 'thrift')
  const rootless = units.filter(({ source }) => longestRoot(loader.roots, source.path) === undefined)
  const common = commonFolder(rootless.map((unit) => unit.source.path))
  const rootOf = (path: string): string => longestRoot(loader.roots, path) ?? common
  const taken = new Set<string>()
  for (const { source } of units) {
    source.logicalPath = below(rootOf(source.path), source.path) ?? inside(source.path)
    taken.add(source.logicalPath)
  }
  if (taken.size === units.length && loader.beside.every(([from, to]) => rootOf(from) === rootOf(to))) return
  const all = commonFolder(units.map((unit) => unit.source.path))
  for (const { source } of units) source.logicalPath = below(all, source.path) ?? inside(source.path)
}

/** A path that no folder shares with the others, without what would lead it out of the output folder. */
function inside(path: string): string {
  return path.replace(/^(?:[A-Za-z]:|\/|\.\.\/)+/, '')
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
function placeProto(loader: Loader, unit: Unit): boolean {
  const { source, ir, importName } = unit
  const { path } = source
  const root = longestRoot(loader.roots, path) ?? longestRoot(loader.guessedRoots, path)
  const folder = folderOf(path)
  const packageFolder = ir.package.replaceAll('.', '/')
  if (importName !== undefined) source.logicalPath = importName
  else if (root !== undefined) source.logicalPath = below(root, path)!
  else if (packageFolder !== '' && (folder === packageFolder || folder.endsWith(`/${packageFolder}`))) {
    source.logicalPath = path.slice(folder.length - packageFolder.length)
  } else return false
  return true
}
