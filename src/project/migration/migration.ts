/** Migrates configuration files of Rust Volo to volo.yml: legacy (up to 0.9), current, and workspace files. */

import { isAbsolute } from 'node:path'
import {
  CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Scalar,
  YAMLMap,
  YAMLSeq,
} from 'yaml'
import { type Diagnostic, reportInto, type SourceFile } from '../../compiler/diagnostic.ts'
import type { ConfigProtocol } from '../config/config.ts'
import { configShape, type Shape } from '../config/config-shape.ts'
import { quoteNewScalars } from '../config/config-splice.ts'
import { parseYaml, reportYamlErrors } from '../config/config-yaml.ts'
import { ProjectError } from '../project-error.ts'
import { type LegacyRepo, type RepoBook, repoBook } from './migration-repos.ts'

/** What kind of file it was. */
export type MigrationFormat = 'legacy' | 'current' | 'workspace'

/** What came of a file. */
export interface Migration {
  readonly format: MigrationFormat
  /** The new text; the old one when nothing had to change. */
  readonly text: string
  /** What was left out or means something else now, a sentence each. */
  readonly notes: readonly string[]
}

/** What there is to know besides the text. */
export interface MigrationSource {
  readonly source: SourceFile
  /** The folder of the file, absolute. */
  readonly folder: string
  /** A relative path of the file as seen from where the new one will be. */
  readonly rebase: (path: string) => string
}

const schemaLine = '# yaml-language-server: $schema=node_modules/volo-ts/schema/volo.schema.json'

/** Migrates a text. The diagnostics of one that is no YAML are given instead; one that is no configuration throws a ProjectError. */
export function migrateConfig({ source, folder, rebase }: MigrationSource): Migration | readonly Diagnostic[] {
  const { text, path } = source
  const document = parseYaml(text)
  const diagnostics: Diagnostic[] = []
  const report = reportInto(diagnostics)
  reportYamlErrors(document, source, report)
  if (diagnostics.length > 0) return diagnostics
  const work: Work = { document, folder, rebase, notes: [], changed: false }
  const format = migrateRoot(work, path)
  if (!work.changed) return { format, text, notes: work.notes }
  quoteNewScalars(document)
  return { format, text: printed(document, text), notes: work.notes }
}

/** The document as text: with every comment of the old one, in its line breaks, and with a line for editors. */
function printed(document: Document, old: string): string {
  const body = document.toString({ lineWidth: 0, indentSeq: false }).replace(/^\ufeff/, '')
  const left = commentsOf(body)
  const lost: string[] = []
  for (const comment of commentsOf(old)) {
    const at = left.indexOf(comment)
    if (at === -1) lost.push(comment)
    else left.splice(at, 1)
  }
  const head = body.includes('yaml-language-server:') ? [] : [schemaLine]
  if (lost.length > 0) head.push('# Comments of lines that are gone:', ...lost, '')
  const text = head.length === 0 ? body : `${head.join('\n')}\n${body}`
  return old.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text
}

function commentsOf(text: string): string[] {
  return [...new Lexer().lex(text)]
    .filter((token) => CST.tokenType(token) === 'comment')
    .map((token) => token.trimEnd())
}

type Keys = Readonly<Record<string, Shape>>

function keysOf(shape: Shape | undefined): Keys {
  if (shape?.kind === 'object') return shape.keys
  return shape?.kind === 'record' || shape?.kind === 'list' ? keysOf(shape.of) : {}
}

const entryKeys = keysOf(keysOf(configShape)['entries'])
const legacyOnly = ['ref', 'lock', 'touch', 'keep_unknown_fields']

/** A document that is rewritten in place. */
interface Work {
  readonly document: Document
  /** The folder of the file, absolute. */
  readonly folder: string
  readonly rebase: (path: string) => string
  readonly notes: string[]
  changed: boolean
}

function migrateRoot(at: Work, path: string): MigrationFormat {
  const root = at.document.contents
  if (!isMap(root)) throw noConfig(path)
  const book = repoBook(at.folder, at.rebase, (note) => addNote(at, note))
  if (root.has('entries')) {
    const entries = resolved(at, root.get('entries', true))
    const maps = isMap(entries) ? entries.items.map((pair) => [keyOf(pair), resolved(at, pair.value)] as const) : []
    const legacy = maps.filter(([, entry]) => isMap(entry) && entry.has('idls'))
    // The locks of all entries decide which commit a ref stands for.
    for (const [, entry] of legacy) for (const idl of mapsIn(at, entry as YAMLMap, 'idls')) book.see(legacyRepo(idl))
    dropUnknown(at, root, keysOf(configShape), 'the file')
    for (const [name, entry] of maps) if (isMap(entry)) migrateEntry(at, entry, name, book)
    return legacy.length > 0 ? 'legacy' : 'current'
  }
  if (root.has('idls')) {
    for (const idl of mapsIn(at, root, 'idls')) book.see(legacyRepo(idl))
    wrapRoot(at, root, 'idls', book)
    return 'legacy'
  }
  if (!root.has('services')) throw noConfig(path)
  for (const service of mapsIn(at, root, 'services')) {
    const idl = resolved(at, service.get('idl', true))
    if (isMap(idl) && isLegacyIdl(idl, root)) book.see(legacyRepo(idl))
  }
  wrapRoot(at, root, 'services', book)
  return 'workspace'
}

function addNote(at: Work, text: string): void {
  at.changed = true
  if (!at.notes.includes(text)) at.notes.push(text)
}

function resolved(at: Work, node: unknown): unknown {
  return isAlias(node) ? node.resolve(at.document) : node
}

/** The maps of a list, aliases replaced by copies of what they name. */
function mapsIn(at: Work, map: YAMLMap, key: string): YAMLMap[] {
  const list = resolved(at, map.get(key, true))
  if (!isSeq(list)) return []
  list.items = list.items.map((item) => {
    if (!isAlias(item)) return item
    const copy = (resolved(at, item) as Node | undefined)?.clone() as (Node & { anchor?: string }) | undefined
    if (copy !== undefined) delete copy.anchor
    return copy ?? item
  })
  return list.items.filter((item) => isMap(item))
}

/** Everything of a file without entries becomes an entry, or one for each kind of IDL. */
function wrapRoot(at: Work, root: YAMLMap, listKey: 'idls' | 'services', book: RepoBook): void {
  at.changed = true
  const list = resolved(at, root.get(listKey, true))
  const items = mapsIn(at, root, listKey)
  const protocols = new Set(items.map((item) => protocolOf(idlOf(item))))
  const entries = new YAMLMap(at.document.schema)
  for (const protocol of protocols.size === 0 ? (['thrift'] as const) : protocols) {
    const isFirst = entries.items.length === 0
    const name = isFirst ? 'default' : protocol === 'protobuf' ? 'grpc' : 'thrift'
    const entry = new YAMLMap(at.document.schema)
    const pairs = root.items.filter((pair) => keyOf(pair) !== listKey && keyOf(pair) !== 'protocol')
    entry.items = [
      at.document.createPair('protocol', protocol) as Pair,
      ...pairs.map((pair) => (isFirst ? pair : (pair.clone() as Pair))),
    ]
    const own = new YAMLSeq(at.document.schema)
    own.items = items.filter((item) => protocolOf(idlOf(item)) === protocol)
    if (isFirst && isSeq(list)) copyComments(list, own)
    const key = root.items.find((pair) => keyOf(pair) === listKey)?.key as Node
    entry.items.push(at.document.createPair(listKey, null) as Pair)
    const last = entry.items.at(-1)!
    last.key = isFirst ? key : last.key
    last.value = own
    migrateEntry(at, entry, name, book)
    const others = items.filter((item) => protocolOf(idlOf(item)) !== protocol)
    dropReposOf(entry, others)
    entries.items.push(at.document.createPair(name, null) as Pair)
    entries.items.at(-1)!.value = entry
  }
  const contents = new YAMLMap(at.document.schema)
  contents.items.push(at.document.createPair('entries', null) as Pair)
  contents.items[0]!.value = entries
  copyComments(root, contents)
  const { document } = at
  document.contents = contents as unknown as typeof document.contents
}

function migrateEntry(at: Work, entry: YAMLMap, name: string, book: RepoBook): void {
  const where = `entry '${name}'`
  const snake = entry.get('nonstandard_snake_case')
  if (entry.delete('nonstandard_snake_case')) {
    at.changed = true
    if (snake === 'true')
      addNote(
        at,
        `${where}: 'nonstandard_snake_case' is gone; words that shall stay as they are go under 'special_namings'`,
      )
  }
  if (entry.delete('common_crate_name')) addNote(at, `${where}: 'common_crate_name' means nothing here`)
  renameKey(at, entry, 'dedup_list', 'dedups')
  rebaseFolders(at, entry)
  book.begin(entry, at.document)
  for (const repo of mapsOf(entry.get('repos', true))) book.check(repo)
  const legacy = entry.has('idls')
  for (const item of mapsIn(at, entry, legacy ? 'idls' : 'services')) {
    if (legacy) wrapIdl(at, item, book)
    else migrateService(at, item, entry, book)
  }
  if (legacy) {
    renameKey(at, entry, 'idls', 'services')
    if (entry.get('protocol') === undefined) {
      const first = mapsIn(at, entry, 'services')[0]
      const protocol = first === undefined ? 'thrift' : protocolOf(idlOf(first))
      entry.items.unshift(at.document.createPair('protocol', protocol) as Pair)
    }
  }
  if (book.end()) at.changed = true
  dropUnknown(at, entry, entryKeys, where)
}

/** `{ idl }` of a current or workspace file; a legacy workspace has legacy IDLs, with `config` beside them. */
function migrateService(at: Work, service: YAMLMap, entry: YAMLMap, book: RepoBook): void {
  const idl = resolved(at, service.get('idl', true))
  if (!isMap(idl)) return
  const config = service.items.find((pair) => keyOf(pair) === 'config')
  if (config !== undefined) {
    service.items.splice(service.items.indexOf(config), 1)
    at.changed = true
  }
  const options = isLegacyIdl(idl, entry) ? takeLegacy(at, idl, book) : []
  if (options.length === 0) rebaseIdl(at, idl)
  if (config !== undefined && !isNothing(config.value)) options.push(config)
  addOptions(at, service, options)
}

/** An IDL of a legacy file becomes `{ idl, codegen_option }`. */
function wrapIdl(at: Work, item: YAMLMap, book: RepoBook): void {
  const idl = new YAMLMap(at.document.schema)
  idl.items = item.items
  idl.flow = item.flow === true
  const options = takeLegacy(at, idl, book)
  item.items = [at.document.createPair('idl', null) as Pair]
  item.items[0]!.value = idl
  addOptions(at, item, options)
}

/** Takes out of a legacy IDL what belongs elsewhere; gives the pairs for `codegen_option`. */
function takeLegacy(at: Work, idl: YAMLMap, book: RepoBook): Pair[] {
  at.changed = true
  const repo = legacyRepo(idl)
  if (repo !== undefined) idl.set('repo', at.document.createNode(book.nameOf(repo)))
  const options = idl.items.filter((pair) => ['touch', 'keep_unknown_fields'].includes(keyOf(pair)))
  idl.items = idl.items.filter((pair) => !legacyOnly.includes(keyOf(pair)))
  rebaseIdl(at, idl)
  return options.filter(({ value }) => !isNothing(value) && !(isScalar(value) && value.value === 'false'))
}

function addOptions(at: Work, service: YAMLMap, options: readonly Pair[]): void {
  if (options.length === 0) return
  const there = resolved(at, service.get('codegen_option', true))
  const map = isMap(there) ? there : new YAMLMap(at.document.schema)
  map.items.push(...options)
  if (map === there) return
  service.items.push(at.document.createPair('codegen_option', null) as Pair)
  service.items.at(-1)!.value = map
}

function rebaseIdl(at: Work, idl: YAMLMap): void {
  if (idl.get('source') !== 'local') return
  rebaseScalar(at, idl.get('path', true))
  const includes = resolved(at, idl.get('includes', true))
  if (isSeq(includes)) for (const one of includes.items) rebaseScalar(at, one)
}

function rebaseFolders(at: Work, entry: YAMLMap): void {
  const typescript = resolved(at, entry.get('typescript', true))
  if (!isMap(typescript)) return
  for (const key of ['out', 'handlers']) rebaseScalar(at, typescript.get(key, true))
}

function rebaseScalar(at: Work, node: unknown): void {
  if (!isScalar(node) || typeof node.value !== 'string' || node.value === 'false' || isAbsolute(node.value)) return
  const path = at.rebase(node.value)
  if (path === node.value) return
  node.value = path
  at.changed = true
}

function renameKey(at: Work, map: YAMLMap, from: string, to: string): void {
  const pair = map.items.find((one) => keyOf(one) === from)
  if (pair === undefined) return
  at.changed = true
  if (isScalar(pair.key)) pair.key.value = to
}

/** Rust Volo ignores unknown keys; here they would be errors. */
function dropUnknown(at: Work, map: YAMLMap, keys: Keys, where: string): void {
  for (const pair of [...map.items]) {
    const key = keyOf(pair)
    const shape = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (shape === undefined) {
      map.items.splice(map.items.indexOf(pair), 1)
      addNote(at, `${where}: unknown key '${key}' was left out; Rust Volo passes over it`)
      continue
    }
    if (shape.kind === 'open' || key === 'entries') continue
    const inner = resolved(at, pair.value)
    const maps = isMap(inner) && shape.kind === 'object' ? [inner] : shape.kind === 'object' ? [] : mapsOf(inner)
    for (const one of maps) dropUnknown(at, one, keysOf(shape), `'${key}' of ${where}`)
  }
}

function noConfig(path: string): ProjectError {
  return new ProjectError(`${path} is no configuration of Volo: it has neither 'entries' nor 'services'`)
}

/** The IDL of a service, or an IDL itself. */
function idlOf(item: YAMLMap): YAMLMap {
  const idl = item.get('idl', true)
  return isMap(idl) ? idl : item
}

function protocolOf(idl: YAMLMap): ConfigProtocol {
  return String(idl.get('path') ?? '').endsWith('.proto') ? 'protobuf' : 'thrift'
}

/** Legacy IDLs hold their repo's URL, ref and lock, where current ones name a repo of their entry. */
function isLegacyIdl(idl: YAMLMap, holder: YAMLMap): boolean {
  const repos = holder.get('repos', true)
  if (legacyOnly.some((key) => idl.has(key))) return true
  return idl.get('source') === 'git' && idl.has('repo') && !(isMap(repos) && repos.has(idl.get('repo')))
}

function legacyRepo(idl: YAMLMap): LegacyRepo | undefined {
  const text = (key: string): string | undefined => {
    const value = idl.get(key)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const url = text('repo')
  if (idl.get('source') !== 'git' || url === undefined) return undefined
  return { url, ref: text('ref') ?? 'HEAD', lock: text('lock') }
}

function mapsOf(node: unknown): YAMLMap[] {
  if (isMap(node)) return node.items.map(({ value }) => value).filter((value) => isMap(value))
  return isSeq(node) ? node.items.filter((item) => isMap(item)) : []
}

/** Takes out the repos that only the IDLs of another entry use. */
function dropReposOf(entry: YAMLMap, others: readonly YAMLMap[]): void {
  const repos = entry.get('repos', true)
  if (!isMap(repos)) return
  const named = (items: readonly YAMLMap[]): unknown[] => items.map((item) => idlOf(item).get('repo'))
  const own = named(mapsOf(entry.get('services', true)))
  const foreign = named(others)
  repos.items = repos.items.filter((pair) => own.includes(keyOf(pair)) || !foreign.includes(keyOf(pair)))
  if (repos.items.length === 0) entry.delete('repos')
}

function copyComments(from: Node, to: Node): void {
  if (from.commentBefore !== undefined) to.commentBefore = from.commentBefore
  if (from.comment !== undefined) to.comment = from.comment
  if (from.spaceBefore === true) to.spaceBefore = true
}

function isNothing(node: unknown): boolean {
  if (node === null || node === undefined) return true
  if (isScalar(node))
    return (node.value === '' || node.value === 'null' || node.value === '~') && node.type === Scalar.PLAIN
  return isSeq(node) && node.items.length === 0
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
}
