/** Caches what the last generation read and wrote, so that a generation without changes hashes files instead of compiling them. */

import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Diagnostic, SourceFile, Span } from '../../compiler/diagnostic.ts'
import type { Host } from '../../compiler/host.ts'
import { writeFilesAtomically } from '../atomic-write.ts'
import type { Config } from '../config/config.ts'
import { isFsError } from '../fs-error.ts'
import { vendorDigest } from '../git/vendor.ts'
import { boundaryOf } from '../idl-location.ts'
import { lockName } from '../lock/lock.ts'
import { packageRoot, packageVersion } from '../package-root.ts'
import { writeLockName } from '../write-lock.ts'
import { isGenerated, ownerOf } from './generated-file.ts'
import { type GenerationPlan, sameText, typescriptFiles } from './generation-plan.ts'
import { importExtension } from './import-extension.ts'

/** The cache entry of one volo.yml as it is stored. All paths are absolute. */
interface CachedGeneration {
  /** What the outcome depends on besides the files: the compiler, volo.yml, volo.lock, vendored files, tsconfig's extension, the current folder. */
  readonly key: string
  /** Every path that was looked at, with the hash of its content; null where nothing was. Without those from git, which volo.lock holds. */
  readonly inputs: readonly (readonly [string, string | null])[]
  readonly outputs: readonly (readonly [string, string])[]
  /** The output folders. */
  readonly folders: readonly string[]
  readonly diagnostics: readonly StoredDiagnostic[]
  /** The texts from git that diagnostics point into. */
  readonly texts: Readonly<Record<string, string>>
}

interface StoredDiagnostic extends Omit<Diagnostic, 'span' | 'related'> {
  readonly span: StoredSpan | undefined
  readonly related: readonly { readonly message: string; readonly span: StoredSpan }[]
}

interface StoredSpan {
  readonly path: string
  readonly logicalPath: string
  readonly start: number
  readonly end: number
}

/** A Host that writes down what is asked of another one. */
export interface RecordingHost extends Host {
  /** The hash of what was read, by the path that was asked for; null where nothing was. */
  readonly reads: ReadonlyMap<string, string | null>
}

/** Records the reads of `host`. */
export function recordReads(host: Host): RecordingHost {
  const reads = new Map<string, string | null>()
  return {
    ...host,
    reads,
    read(path) {
      const text = host.read(path)
      reads.set(path, text === undefined ? null : hashOf(text))
      return text
    },
  }
}

/**
 * The plan of a generation that would change nothing; undefined when something has changed since the last one, or nothing is known of it.
 * Everything is compared by content, so the result equals that of the compiler. `groups` and the texts of the plan are empty.
 */
export function readCachedGeneration(configPath: string, cwd: string): GenerationPlan | undefined {
  const place = cachePath(configPath)
  const cached = place === undefined ? undefined : readCache(place)
  const config = contentOf(configPath)
  if (cached === undefined || config === undefined) return undefined
  // Another command is running or was killed: generate again.
  if (existsSync(join(dirname(configPath), writeLockName))) return undefined
  if (cached.key !== keyOf(configPath, hashOf(config), cwd)) return undefined
  const texts = new Map<string, string>()
  const said = new Set(cached.diagnostics.flatMap((one) => spansOf(one).map(({ path }) => resolve(cwd, path))))
  for (const [path, known] of cached.inputs) {
    const bytes = contentOf(path)
    if ((bytes === undefined ? null : hashOf(bytes)) !== known) return undefined
    if (bytes !== undefined && said.has(path)) texts.set(path, bytes.toString())
  }
  const outputs = new Set<string>()
  for (const [path, known] of cached.outputs) {
    const bytes = contentOf(path)
    if (bytes === undefined || hashOf(bytes) !== known) return undefined
    outputs.add(path)
  }
  for (const folder of cached.folders) {
    for (const path of typescriptFiles(folder)) {
      if (outputs.has(path)) continue
      const text = contentOf(path)?.toString()
      if (text === undefined || (isGenerated(text) && ownerOf(path, text, configPath).kind !== 'foreign'))
        return undefined
    }
  }
  return {
    diagnostics: cached.diagnostics.map((one) =>
      restore(one, (path) => cached.texts[path] ?? texts.get(resolve(cwd, path)) ?? ''),
    ),
    groups: [],
    unclaimed: [],
    files: [...outputs].map((path) => ({ path, action: 'keep', text: '' })),
  }
}

/** Stores the result of a plan that was written. Failures to store it are ignored. */
export function cacheGeneration(config: Config, cwd: string, plan: GenerationPlan, host: RecordingHost): void {
  const place = cachePath(config.path)
  if (place === undefined) return
  const inputs = [...host.reads]
    .filter(([path]) => boundaryOf(path) === undefined)
    .map(([path, content]) => [resolve(cwd, path), content] as const)
  const outputs: (readonly [string, string])[] = []
  for (const { path, action, text } of plan.files) {
    if (action === 'remove') continue
    const bytes = contentOf(path)
    if (bytes === undefined || !sameText(bytes.toString(), text)) return
    outputs.push([path, hashOf(bytes)])
  }
  // Bundled files of the compiler cannot be read again from disk.
  const isRead = ({ path }: StoredSpan): boolean => typeof host.reads.get(path) === 'string'
  const diagnostics = plan.diagnostics.map(store)
  if (!diagnostics.every((one) => spansOf(one).every(isRead))) return
  const folders = plan.groups.map(({ out }) => out)
  const cached: CachedGeneration = {
    key: keyOf(config.path, hashOf(config.source.text), cwd),
    inputs,
    outputs,
    folders,
    diagnostics,
    texts: Object.fromEntries(
      plan.diagnostics
        .flatMap(({ span, related }) => [...(span === undefined ? [] : [span]), ...related.map((one) => one.span)])
        .filter(({ source }) => boundaryOf(source.path) !== undefined)
        .map(({ source }) => [source.path, source.text]),
    ),
  }
  try {
    writeFilesAtomically([{ path: place, text: JSON.stringify(cached) }])
  } catch {
    // The next generation compiles again.
  }
}

/** In the cache of the nearest `node_modules`; undefined when there is none. */
function cachePath(configPath: string): string | undefined {
  for (let folder = dirname(configPath); ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules')
    if (statSync(modules, { throwIfNoEntry: false })?.isDirectory() === true) {
      return join(modules, '.cache', 'volo', `${hashOf(configPath).slice(0, 16)}.json`)
    }
    if (dirname(folder) === folder) return undefined
  }
}

function readCache(path: string): CachedGeneration | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as CachedGeneration
  } catch {
    return undefined
  }
}

function keyOf(configPath: string, configHash: string, cwd: string): string {
  const folder = dirname(configPath)
  const lock = contentOf(join(folder, lockName))
  const lockHash = lock === undefined ? null : hashOf(lock)
  const vendored = vendorDigest(folder) ?? null
  const identity = [compilerIdentity(), configPath, configHash, lockHash, vendored, cwd, importExtension(folder)]
  return hashOf(JSON.stringify(identity))
}

/** The version, and the state of the built files: a development version changes without a new number. */
function compilerIdentity(): unknown {
  const dist = join(packageRoot(), 'dist/command')
  try {
    const files = readdirSync(dist).filter((name) => name.endsWith('.js'))
    return [
      packageVersion(),
      files.map((name) => {
        const { size, mtimeMs } = statSync(join(dist, name))
        return [name, size, mtimeMs]
      }),
    ]
  } catch {
    return [packageVersion()]
  }
}

/** What a path holds; undefined when there is no file. Throws nothing: what can't be read is not what it was. */
function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isFsError(error)) return undefined
    throw error
  }
}

function hashOf(content: string | Buffer): string {
  return hash('sha256', content, 'base64url')
}

function store({ span, related, ...rest }: Diagnostic): StoredDiagnostic {
  return {
    ...rest,
    span: span === undefined ? undefined : storeSpan(span),
    related: related.map((one) => ({ message: one.message, span: storeSpan(one.span) })),
  }
}

function storeSpan({ source, start, end }: Span): StoredSpan {
  return { path: source.path, logicalPath: source.logicalPath, start, end }
}

function spansOf({ span, related }: StoredDiagnostic): StoredSpan[] {
  return [...(span === undefined ? [] : [span]), ...related.map((one) => one.span)]
}

function restore({ span, related, ...rest }: StoredDiagnostic, textOf: (path: string) => string): Diagnostic {
  const sources = new Map<string, SourceFile>()
  const restoreSpan = ({ path, logicalPath, start, end }: StoredSpan): Span => {
    const source = sources.get(path) ?? { path, logicalPath, text: textOf(path) }
    sources.set(path, source)
    return { source, start, end }
  }
  return {
    ...rest,
    hint: rest.hint,
    span: span === undefined ? undefined : restoreSpan(span),
    related: related.map((one) => ({ message: one.message, span: restoreSpan(one.span) })),
  }
}
