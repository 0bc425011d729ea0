/** Loading: from entry files through the Host to the IR of every file they reach, with include and import paths resolved. */

import type { Report, SourceFile, Span } from './diagnostic.ts'
import type { Host } from './host.ts'
import { bundledProtos } from './idl/proto/bundled.ts'
import { lowerProto } from './idl/proto/lower.ts'
import { parseProto } from './idl/proto/parser.ts'
import { lowerThrift } from './idl/thrift/lower.ts'
import { parseThrift } from './idl/thrift/parser.ts'
import type { IrFile, IrImport, IrProgram } from './ir/ir.ts'
import { below, folderOf, isAbsolute, joinPath, normalizePath } from './path.ts'
import { type Placeable, placeFiles } from './place.ts'
import { checkBidiControls } from './text/bidi-control.ts'
import { asLatin1, checkEncoding, isForeign } from './text/foreign-text.ts'

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

interface Unit extends Placeable {
  entry: boolean
  readonly bundled: boolean
  /** Its imports are being loaded. */
  open: boolean
}

interface Loader {
  readonly host: Host
  readonly report: Report
  readonly roots: readonly string[]
  /** Roots guessed from imports of protobuf files. */
  readonly guessedRoots: string[]
  /** The same for Thrift files. */
  readonly guessedThriftRoots: string[]
  readonly texts: Map<string, string | undefined>
  /** By the identity of their file. */
  readonly units: Map<string, Unit>
  readonly identities: Map<string, string>
  readonly done: Unit[]
  /** Thrift includes found beside the including file: both paths. */
  readonly beside: [string, string][]
  /** The files being loaded, outermost first. */
  readonly stack: Step[]
}

/** A file whose imports are being loaded. */
interface Step {
  readonly unit: Unit
  /** Index of the import that comes next. */
  next: number
  /** The import that leads to the next step. */
  via: IrImport | undefined
}

/** Loads the entries and all they include. What cannot be found or read is reported where it is included. */
export function load(input: LoadInput, report: Report): Loaded {
  const loader: Loader = {
    host: input.host,
    report,
    roots: [...new Set((input.includes ?? []).map(normalizePath))],
    guessedRoots: [],
    guessedThriftRoots: [],
    texts: new Map(),
    units: new Map(),
    identities: new Map(),
    done: [],
    beside: [],
    stack: [],
  }
  const entries: IrFile[] = []
  for (const path of new Set(input.entries.map(normalizePath))) {
    const unit = loadEntry(loader, path)
    if (unit === undefined) continue
    unit.entry = true
    if (!entries.includes(unit.ir)) entries.push(unit.ir)
  }
  placeFiles(loader.done, loader, report)
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
      hint:
        loader.host.whyMissing?.(path) ??
        (loader.host.boundary?.(path) === undefined
          ? 'paths are taken from the current folder'
          : 'its repo has no such file at this commit: correct path or ref, or take it out with volo idl remove'),
    })
    return undefined
  }
  return loadAll(loader, { path, text, bundled: false })
}

const missing = Symbol('missing')

/** The text of a file, `missing`, or undefined when it cannot be read (which has been said). Nobody asked for a guess: what cannot be read is missing. */
function read(
  loader: Loader,
  path: string,
  span: Span | undefined,
  isGuess = false,
): string | typeof missing | undefined {
  if (loader.texts.has(path)) return loader.texts.get(path) ?? missing
  try {
    const text = loader.host.read(path)
    loader.texts.set(path, text)
    return text ?? missing
  } catch (error) {
    if (isGuess) return missing
    const reason = error instanceof Error ? error.message : String(error)
    loader.report({ code: 'file-unreadable', message: `cannot read '${path}': ${reason}`, span })
    return undefined
  }
}

/** A file that was found: its text is read, its unit may not exist yet. */
interface FoundFile {
  readonly path: string
  readonly text: string
  readonly bundled: boolean
}

/** Loads a file and all it reaches, what it imports first. A loop over its own stack: chains of imports may be as long as they like. */
function loadAll(loader: Loader, first: FoundFile): Unit {
  const known = unitOf(loader, first.path)
  if (known !== undefined) return known
  const root = openUnit(loader, first)
  for (;;) {
    const step = loader.stack.at(-1)
    if (step === undefined) return root
    const { unit } = step
    const via = unit.ir.imports[step.next++]
    if (via === undefined) {
      unit.open = false
      loader.done.push(unit)
      loader.stack.pop()
      continue
    }
    step.via = via
    const found = unit.ir.idl === 'thrift' ? findThrift(loader, unit, via) : findProto(loader, unit, via)
    if (found === undefined) continue
    const earlier = unitOf(loader, found.path)
    if (earlier?.open === true) reportCycle(loader, earlier, via)
    const target = earlier ?? openUnit(loader, found)
    if (target.ir.idl === 'protobuf') target.importName ??= normalizePath(via.path)
    via.file = target.ir
  }
}

/** The unit of a file that was loaded already, be it by another path: one file declares its types once. */
function unitOf(loader: Loader, path: string): Unit | undefined {
  return loader.units.get(identityOf(loader, path))
}

function identityOf({ host, identities }: Loader, path: string): string {
  let identity = identities.get(path)
  if (identity === undefined) {
    identity = host.identity?.(path) ?? path
    identities.set(path, identity)
  }
  return identity
}

/** Parses a file and puts it on the stack: its imports come next. */
function openUnit(loader: Loader, { path, text, bundled }: FoundFile): Unit {
  const source: Placeable['source'] = { path, logicalPath: path, text: asLatin1(text) }
  checkBidiControls(source, loader.report)
  const ir = lower(isForeign(source, loader.report) ? { ...source, text: '' } : source, text, loader.report)
  const unit: Unit = { source, ir, entry: false, bundled, importName: undefined, open: true }
  loader.units.set(identityOf(loader, path), unit)
  loader.stack.push({ unit, next: 0, via: undefined })
  return unit
}

/** The IR of a file; `raw` is its text as the Host gave it. */
function lower(source: SourceFile, raw: string, report: Report): IrFile {
  if (source.path.endsWith('.proto')) {
    const document = parseProto(source, report)
    checkEncoding(raw, source, document.tokens.comments, report)
    return lowerProto(document, report)
  }
  const document = parseThrift(source, report)
  checkEncoding(raw, source, document.tokens.comments, report)
  return lowerThrift(document, report)
}

function findThrift(loader: Loader, from: Unit, via: IrImport): FoundFile | undefined {
  if (via.path.endsWith('.proto')) {
    loader.report({
      code: 'unsupported-file',
      message: `a Thrift file cannot include '${via.path}'`,
      span: via.span,
      hint: 'make it an entry of its own',
    })
    return undefined
  }
  const beside = folderOf(from.source.path)
  const boundary = loader.host.boundary?.(from.source.path)
  if (boundary !== undefined && (isAbsolute(via.path) || below(boundary, joinPath(beside, via.path)) === undefined)) {
    reportEscape(loader, via, boundary)
    return undefined
  }
  const given = isAbsolute(via.path) ? [''] : [beside, ...loader.roots]
  const guesses = isAbsolute(via.path) ? [] : ancestors(loader, from)
  for (const folder of [...given, ...guesses]) {
    const path = joinPath(folder, via.path)
    if (isOutside(loader, boundary, folder, path)) continue
    const isGuess = !given.includes(folder)
    const text = read(loader, path, via.span, isGuess)
    if (text === undefined) return undefined
    if (text === missing) continue
    // What a boundary holds is not copied: its includes need not hold elsewhere.
    if (folder === beside && boundary === undefined) loader.beside.push([from.source.path, path])
    if (isGuess && !loader.guessedThriftRoots.includes(folder)) loader.guessedThriftRoots.push(folder)
    return { path, text, bundled: false }
  }
  reportMissing(loader, via, given, from)
  return undefined
}

function findProto(loader: Loader, from: Unit, via: IrImport): FoundFile | undefined {
  const name = normalizePath(via.path)
  if (!from.bundled && !name.startsWith('..') && !isAbsolute(name)) {
    const boundary = loader.host.boundary?.(from.source.path)
    for (const root of [...loader.roots, ...loader.guessedRoots, ...ancestors(loader, from)]) {
      const path = joinPath(root, name)
      if (isOutside(loader, boundary, root, path)) continue
      const text = read(loader, path, via.span, !loader.roots.includes(root))
      if (text === undefined) return undefined
      if (text === missing) continue
      if (!loader.roots.includes(root) && !loader.guessedRoots.includes(root)) loader.guessedRoots.push(root)
      return { path, text, bundled: false }
    }
  }
  if (Object.hasOwn(bundledProtos, name)) return { path: name, text: bundledProtos[name]!, bundled: true }
  reportMissing(loader, via, [...loader.roots, folderOf(from.source.path)], from)
  return undefined
}

/** Whether a file with a boundary may not look at `path`: neither inside it nor inside the root, named by the user, that it was searched in. */
function isOutside({ roots }: Loader, boundary: string | undefined, folder: string, path: string): boolean {
  if (boundary === undefined || below(boundary, path) !== undefined) return false
  return !roots.includes(folder) || below(folder, path) === undefined
}

/** The folders above a file and above the entry that led to it, nearest first: where its import root may be. */
function ancestors(loader: Loader, from: Unit): string[] {
  const out: string[] = []
  const boundary = loader.host.boundary?.(from.source.path)
  for (const path of [from.source.path, loader.stack[0]?.unit.source.path ?? from.source.path]) {
    let folder = folderOf(path)
    while (boundary === undefined || below(boundary, folder) !== undefined) {
      out.push(folder)
      const up = folderOf(folder)
      if (up === folder) break
      folder = up
    }
  }
  return out
}

function reportMissing(loader: Loader, via: IrImport, folders: readonly string[], from: Unit): void {
  const boundary = loader.host.boundary?.(from.source.path)
  const named = [...new Set(folders)].map((folder) => (folder === '' ? '.' : folder)).join(', ')
  const searched = folderOf(from.source.path) === '' || isAbsolute(via.path) ? named : `${named} or the folders above`
  const why = isAbsolute(via.path)
    ? loader.host.whyMissing?.(via.path)
    : firstOf(folders, (folder) => loader.host.whyMissing?.(joinPath(folder, via.path)))
  loader.report({
    code: 'file-not-found',
    message: `cannot find '${via.path}' in ${searched}`,
    span: via.span,
    hint:
      why ??
      `give the folder that its path starts from with -i${boundary === undefined ? '' : ', or add the repo that has it with volo repo add'}`,
  })
}

function firstOf<T, R>(all: readonly T[], find: (one: T) => R | undefined): R | undefined {
  for (const one of all) {
    const found = find(one)
    if (found !== undefined) return found
  }
  return undefined
}

function reportEscape(loader: Loader, via: IrImport, boundary: string): void {
  loader.report({
    code: 'file-not-found',
    message: `'${via.path}' leads out of the files that this one may include, which lie in ${boundary}`,
    span: via.span,
    hint: 'a file from git includes files of its own repo, and of the other repos of its entry',
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
    related: steps
      .slice(0, -1)
      .flatMap((step) => step.via ?? [])
      .map((each) => ({ message: `${verb} '${each.path}'`, span: each.span })),
    hint: 'move what both need into a file of its own',
  })
}
