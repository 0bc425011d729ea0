/** Adds IDLs to volo.yml and removes them: returns the new text, writes nothing. */

import { resolve } from 'node:path'
import { check, hasErrors } from '../../compiler/compile.ts'
import type { Diagnostic } from '../../compiler/diagnostic.ts'
import type { Host } from '../../compiler/host.ts'
import { below, normalizePath } from '../../compiler/path.ts'
import type { Config, ConfigIdl, ConfigProtocol } from '../config/config.ts'
import { addIdl, removeIdl, setIncludes } from '../config/config-edit.ts'
import type { NewIdl } from '../config/config-text.ts'
import { pathFrom } from '../display-path.ts'
import { repoPath } from '../git/repo-path.ts'
import { type IdlLocations, idlLocations } from '../idl-location.ts'
import { ProjectError } from '../project-error.ts'
import { withText } from './registry-plan.ts'

/** An IDL that volo.yml lists. */
export interface ListedIdl {
  readonly entry: string
  /** Its place under the entry's `services`. */
  readonly index: number
  /** As volo.yml has it. */
  readonly idl: ConfigIdl
  /** As the compiler and people see it, from the current folder or below `git:`. */
  readonly path: string
  readonly protocol: ConfigProtocol
  /** The folders of its own includes, seen in the same way. */
  readonly roots: readonly string[]
}

/** What became of one IDL that was to be added. */
export interface Addition {
  /** As people see it. */
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
export function listedIdls(config: Config, cwd: string): ListedIdl[] {
  const locations = idlLocations(config, cwd)
  return Object.entries(config.entries).flatMap(([entry, { protocol, services = [] }]) =>
    services.map(({ idl }, index) => ({
      entry,
      index,
      idl,
      path: normalizePath(locations.pathOf(entry, idl)),
      protocol,
      roots: (idl.includes ?? []).map((root) => locations.pathOf(entry, { ...idl, path: root })),
    })),
  )
}

/** What to add. */
export interface NewIdls {
  /** As volo.yml is to have them, each with the includes it was given, and the entry or undefined for the usual one. A repo is one of the entry's. */
  readonly idls: readonly { readonly idl: ConfigIdl; readonly entry: string | undefined }[]
  /** Reads the files of the project and of its repos. */
  readonly host: Host
}

/** Adds IDL files; each is parsed before it is added. One that is listed already gets the includes that it lacks. */
export function planAddition(config: Config, { idls, host }: NewIdls, cwd: string): AdditionPlan {
  const locations = idlLocations(config, cwd)
  const listed = new Map<string, ListedIdl[]>()
  for (const one of listedIdls(config, cwd)) listed.set(one.path, [...(listed.get(one.path) ?? []), one])
  const usual = new Map<ConfigProtocol, string>()
  const fresh = new Map<string, { readonly protocol: ConfigProtocol; readonly idls: NewIdl[] }>()
  const texts = new Map<string, string | undefined>()
  const reader = remembering(host, texts)
  const pools = new Map<string, readonly string[]>()
  const pooled = (name: string): readonly string[] => {
    const roots = pools.get(name) ?? [...new Set(locations.rootsOf(name))]
    pools.set(name, roots)
    return roots
  }
  const additions: Addition[] = []
  const diagnostics: Diagnostic[] = []
  let { text } = config.source
  for (const { idl, entry } of idls) {
    const protocol = protocolOf(idl.path)
    const usualEntry = entry ?? usual.get(protocol) ?? freeEntry(config, protocol, [...fresh.keys()])
    if (entry === undefined) usual.set(protocol, usualEntry)
    const known = findListed(listed, locations, idl, entry ?? usualEntry, entry !== undefined)
    const name = known?.entry ?? entryFor(config, protocol, usualEntry)
    const path = normalizePath(locations.pathOf(name, idl))
    const own = locations.mounts.find((one) => one.entry === name && one.name === idl.repo)
    const given = (idl.includes ?? []).map((root) => locations.pathOf(name, { ...idl, path: root }))
    // Imports of protobuf files show where they start; the root of the repo would hide that.
    const isOpen = protocol === 'protobuf' && own !== undefined
    const roots = [...given, ...pooled(name).filter((root) => !isOpen || root !== own.path)]
    const checked = check({ entries: [path], includes: [...new Set(roots)], host: reader })
    diagnostics.push(...checked.diagnostics)
    if (hasErrors(checked.diagnostics)) continue
    if (known !== undefined) {
      const includes = known.idl.includes ?? []
      const merged = [...includes, ...(idl.includes ?? []).filter((_, i) => !known.roots.includes(given[i]!))]
      const isOld = merged.length === includes.length
      if (!isOld) text = setIncludes(text, known.entry, known.index, merged)
      additions.push({ path, entry: known.entry, what: isOld ? 'already listed' : 'includes changed' })
      continue
    }
    const logical = checked.sources.find((one) => one.entry)?.source.logicalPath
    // An include folder that no import shows would become a root of the whole entry and change the modules of other IDLs.
    const isShown =
      !isOpen || logical?.includes('/') === true || checked.sources.some((one) => !one.entry && !one.bundled)
    const shown = isShown ? rootOf(config, path, logical, own?.path, cwd) : []
    const includes = given.length > 0 ? (idl.includes ?? []) : shown
    const group = fresh.get(name) ?? { protocol, idls: [] }
    fresh.set(name, group)
    group.idls.push({ repo: idl.repo, path: idl.path, includes })
    additions.push({ path, entry: name, what: 'added' })
  }
  for (const [name, group] of fresh) text = addIdl(text, name, group.protocol, ...group.idls)
  return { config: withText(config, text), additions, diagnostics }
}

/** The entry of volo.yml that lists an IDL already: the wanted one, else any. */
function findListed(
  listed: ReadonlyMap<string, readonly ListedIdl[]>,
  locations: IdlLocations,
  idl: ConfigIdl,
  entry: string,
  isWanted: boolean,
): ListedIdl | undefined {
  // A repo of another entry may lie at another path.
  const paths = new Set([entry, ...locations.mounts.map((one) => one.entry)].map((one) => locations.pathOf(one, idl)))
  return [...paths]
    .flatMap((path) => listed.get(normalizePath(path)) ?? [])
    .find(
      (one) =>
        one.idl.source === idl.source &&
        (idl.repo === undefined || one.idl.repo === idl.repo) &&
        (!isWanted || one.entry === entry),
    )
}

/** The usual entry for a protocol, where `others` are about to be made for the other protocol. */
function freeEntry(config: Config, protocol: ConfigProtocol, others: readonly string[]): string {
  const name = entryFor(config, protocol, undefined)
  if (config.entries[name] !== undefined || !others.includes(name)) return name
  return protocol === 'protobuf' ? 'grpc' : 'thrift'
}

/** A host that reads each file once. */
function remembering(host: Host, texts: Map<string, string | undefined>): Host {
  return {
    ...host,
    read(path) {
      if (!texts.has(path)) texts.set(path, host.read(path))
      return texts.get(path)
    },
  }
}

/** What to take out. */
export interface OldIdls {
  /** Paths from the current folder or, of IDLs from git, in their repo. */
  readonly words: readonly string[]
  readonly repo?: string | undefined
  readonly entry?: string | undefined
}

/** Takes IDL files out. Throws a ProjectError for one that is not listed, or that two repos have. */
export function planRemoval(
  config: Config,
  { words, repo, entry }: OldIdls,
  cwd: string,
): { readonly config: Config; readonly removed: readonly ListedIdl[] } {
  const all = listedIdls(config, cwd).filter(
    (one) => (repo === undefined || one.idl.repo === repo) && (entry === undefined || one.entry === entry),
  )
  const removed = new Set<ListedIdl>()
  for (const word of words) {
    const here = normalizePath(pathFrom(cwd, resolve(cwd, word)))
    const exact = all.filter((one) => one.path === here || one.path === normalizePath(word))
    const inRepo = repoPath(word)
    const known =
      exact.length > 0 ? exact : all.filter(({ idl }) => idl.source === 'git' && repoPath(idl.path) === inRepo)
    if (known.length === 0) {
      const others = listedIdls(config, cwd).map(({ path }) => path)
      throw new ProjectError(`volo.yml does not list ${word}`, {
        hint: others.length === 0 ? 'it lists no IDL at all' : `it lists: ${others.join(', ')}`,
      })
    }
    const locations = [...new Set(known.map(({ path }) => path))]
    if (locations.length > 1) {
      throw new ProjectError(`several repos have ${word}: ${locations.join(', ')}`, {
        hint: 'say which one with --repo, or with the whole path',
        usage: true,
      })
    }
    for (const one of known) removed.add(one)
  }
  let { text } = config.source
  for (const name of new Set([...removed].map((one) => one.entry))) {
    const indexes = [...removed].filter((one) => one.entry === name).map(({ index }) => index)
    text = removeIdl(text, name, ...indexes)
  }
  return { config: withText(config, text), removed: [...removed] }
}

/** The protocol of an IDL file. Throws a ProjectError for another kind of file. */
export function protocolOf(path: string): ConfigProtocol {
  if (path.endsWith('.thrift')) return 'thrift'
  if (path.endsWith('.proto')) return 'protobuf'
  throw new ProjectError(`${path} is neither a .thrift nor a .proto file`, { usage: true })
}

/** The entry for IDLs of a protocol: Thrift goes to `default`; protobuf too when that is free or protobuf already, else to `grpc`. */
export function entryFor(config: Config, protocol: ConfigProtocol, wanted: string | undefined): string {
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

/** The folder that a file's logical path starts from, as volo.yml has it; none where that is the root of the repo. */
function rootOf(
  config: Config,
  path: string,
  logical: string | undefined,
  repo: string | undefined,
  cwd: string,
): string[] {
  const names = path.split('/')
  const depth = (logical ?? '').split('/').length
  if (repo === undefined) {
    return [pathFrom(config.folder, resolve(cwd, path, ...Array.from({ length: depth }, () => '..')))]
  }
  const root = below(repo, names.slice(0, -depth).join('/'))
  return root === undefined || root === '' ? [] : [root]
}
