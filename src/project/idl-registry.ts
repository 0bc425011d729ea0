/** Adding IDLs to volo.yml and taking them out: the new text of the file, nothing written. */

import { resolve } from 'node:path'
import { check, hasErrors } from '../compiler/compile.ts'
import type { Diagnostic } from '../compiler/diagnostic.ts'
import { type Config, type ConfigEntry, type ConfigProtocol, parseConfig } from './config.ts'
import { addIdl, removeIdl, setIncludes } from './config-edit.ts'
import { pathFrom } from './display-path.ts'
import { nodeHost } from './node-host.ts'
import { ProjectError } from './project-error.ts'

/** An IDL that volo.yml lists. */
export interface ListedIdl {
  readonly entry: string
  /** Its place under the entry's `services`. */
  readonly index: number
  /** Absolute. */
  readonly path: string
  readonly protocol: ConfigProtocol
  readonly includes: readonly string[]
}

/** What became of one IDL that was to be added. */
interface Addition {
  /** Absolute. */
  readonly path: string
  readonly entry: string
  readonly what: 'added' | 'includes changed' | 'already listed'
}

/** The result of adding: a volo.yml to write, or diagnostics that forbid it. */
export interface AdditionPlan {
  readonly config: Config
  readonly additions: readonly Addition[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Every IDL of a volo.yml. */
export function listedIdls(config: Config): ListedIdl[] {
  return Object.entries(config.entries).flatMap(([entry, { protocol, services = [] }]) =>
    services.map(({ idl }, index) => ({
      entry,
      index,
      path: resolve(config.folder, idl.path),
      protocol,
      includes: idl.includes ?? [],
    })),
  )
}

/** Adds IDL files (absolute paths) with import roots (absolute); each is parsed before it is added. `entry` is the entry's name, or undefined for the usual one. */
export function planAddition(
  config: Config,
  paths: readonly string[],
  includes: readonly string[],
  entry: string | undefined,
  cwd: string,
): AdditionPlan {
  let at = config
  const additions: Addition[] = []
  const diagnostics: Diagnostic[] = []
  for (const path of paths) {
    const protocol = protocolOf(path, cwd)
    const known = listedIdls(at).find((one) => one.path === path && (entry === undefined || one.entry === entry))
    const name = known?.entry ?? entryFor(at, protocol, entry)
    const roots = new Set([...includes, ...pooledIncludes(at, at.entries[name])])
    const checked = check({
      entries: [pathFrom(cwd, path)],
      includes: [...roots].map((root) => pathFrom(cwd, root)),
      host: nodeHost(cwd),
    })
    diagnostics.push(...checked.diagnostics)
    if (hasErrors(checked.diagnostics)) continue
    const shown = includes.map((root) => pathFrom(at.folder, root))
    if (known !== undefined) {
      const merged = [...new Set([...known.includes, ...shown])]
      const isSame = merged.length === known.includes.length
      if (!isSame) at = withText(at, setIncludes(at.source.text, known.entry, known.index, merged))
      additions.push({ path, entry: known.entry, what: isSame ? 'already listed' : 'includes changed' })
      continue
    }
    const logical = checked.sources.find((one) => one.entry)?.source.logicalPath
    const listed = shown.length > 0 ? shown : [pathFrom(at.folder, rootOf(path, logical))]
    at = withText(at, addIdl(at.source.text, name, protocol, { path: pathFrom(at.folder, path), includes: listed }))
    additions.push({ path, entry: name, what: 'added' })
  }
  return { config: at, additions, diagnostics }
}

/** Takes IDL files (absolute paths) out. Throws a ProjectError for one that is not listed. */
export function planRemoval(
  config: Config,
  paths: readonly string[],
  cwd: string,
): { readonly config: Config; readonly removed: readonly ListedIdl[] } {
  let at = config
  const removed: ListedIdl[] = []
  for (const path of paths) {
    const known = listedIdls(at).filter((one) => one.path === path)
    if (known.length === 0) {
      const others = listedIdls(config).map((one) => pathFrom(cwd, one.path))
      throw new ProjectError(`volo.yml does not list ${pathFrom(cwd, path)}`, {
        hint: others.length === 0 ? 'it lists no IDL at all' : `it lists: ${others.join(', ')}`,
      })
    }
    for (const one of known.reverse()) {
      at = withText(at, removeIdl(at.source.text, one.entry, one.index))
      removed.push(one)
    }
  }
  return { config: at, removed }
}

function protocolOf(path: string, cwd: string): ConfigProtocol {
  if (path.endsWith('.thrift')) return 'thrift'
  if (path.endsWith('.proto')) return 'protobuf'
  throw new ProjectError(`${pathFrom(cwd, path)} is neither a .thrift nor a .proto file`, { usage: true })
}

/** Thrift goes to `default`; protobuf too when that is free or protobuf already, else to `grpc`. */
function entryFor(config: Config, protocol: ConfigProtocol, wanted: string | undefined): string {
  const { entries } = config
  if (wanted !== undefined) {
    const there = entries[wanted]
    if (there !== undefined && there.protocol !== protocol) {
      throw new ProjectError(`entry '${wanted}' of volo.yml is for ${there.protocol}, and an entry has one protocol`, {
        hint: 'leave out --entry, or name another one',
      })
    }
    return wanted
  }
  const second = protocol === 'protobuf' ? 'grpc' : 'thrift'
  for (const name of ['default', second]) {
    const there = entries[name]
    if (there === undefined || there.protocol === protocol) return name
  }
  return Object.keys(entries).find((name) => entries[name]?.protocol === protocol) ?? `${second}-2`
}

function pooledIncludes(config: Config, entry: ConfigEntry | undefined): string[] {
  return (entry?.services ?? []).flatMap(({ idl }) => (idl.includes ?? []).map((root) => resolve(config.folder, root)))
}

/** The folder that a file's logical path starts from. */
function rootOf(path: string, logical: string | undefined): string {
  const depth = (logical ?? '').split('/').length
  return resolve(path, ...Array.from({ length: depth }, () => '..'))
}

function withText(config: Config, text: string): Config {
  const next = parseConfig(text, config.path, config.source.path)
  if (next.diagnostics.length > 0)
    throw new Error(`the edited volo.yml does not parse: ${next.diagnostics[0]?.message ?? ''}`)
  return next
}
