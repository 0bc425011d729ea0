/** Finds and reads volo.yml; its data comes with source positions. */

import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Document, isMap } from 'yaml'
import type { BreakingIgnore } from '../../compiler/breaking/ignore.ts'
import type { BreakingCategory } from '../../compiler/breaking/rule.ts'
import { type Diagnostic, type Report, reportInto, type SourceFile, type Span } from '../../compiler/diagnostic.ts'
import { didYouMean } from '../../compiler/text/suggest.ts'
import { pathFrom } from '../display-path.ts'
import { asFileError } from '../fs-error.ts'
import { parseGitUrl } from '../git/url.ts'
import { ProjectError } from '../project-error.ts'
import { type ConfigValue, createReader, readValue, spanOf } from './config-reader.ts'
import { configShape } from './config-shape.ts'
import { mergeConflict, parseYaml, reportYamlErrors, yamlLimit } from './config-yaml.ts'

/** The name of the file. */
export const configName = 'volo.yml'
/** Further diagnostics than this add nothing: the same mistake repeats. */
const maxDiagnostics = 50

/** The two kinds of IDL, as volo.yml calls them. */
export type ConfigProtocol = 'thrift' | 'protobuf'

/** Where an IDL is. */
export interface ConfigIdl {
  readonly source: 'local' | 'git'
  readonly repo?: string
  /** Relative to volo.yml, or to the root of the repo. */
  readonly path: string
  readonly includes?: readonly string[]
}

/** A git repo that IDLs come from. */
export interface ConfigRepo {
  readonly url: string
  /** A branch, a tag, a commit, or `HEAD`. */
  readonly ref: string
  /** The commit, as in volo.lock. */
  readonly lock?: string
}

/** One IDL of an entry. */
interface ConfigService {
  readonly idl: ConfigIdl
  readonly codegen_option?: {
    readonly touch?: readonly string[]
    readonly keep_unknown_fields?: boolean
    readonly config?: { readonly no_service?: boolean }
  }
}

/** How TypeScript is generated for an entry. */
export interface ConfigTypescript {
  readonly out?: string
  readonly handlers?: string | false
  readonly int64?: 'bigint' | 'number' | 'string'
  readonly bytes?: 'copy' | 'view'
  readonly map?: 'record' | 'map'
  readonly enum?: 'number' | 'string'
  readonly enum_prefix?: 'keep' | 'strip'
  readonly unknown_fields?: 'drop' | 'keep'
  readonly optional_defaults?: 'fill' | 'keep'
  readonly comments?: boolean
  readonly naming?: 'keep' | 'camel'
  readonly initialisms?: readonly string[]
  readonly rename?: Readonly<Record<string, string>>
  readonly modules?: 'file' | 'namespace'
  readonly roots?: 'declarations' | 'services'
  readonly services?: readonly string[]
  readonly import_extension?: '.js' | '.ts' | 'none'
  readonly breaking?: { readonly category?: BreakingCategory; readonly ignore?: readonly BreakingIgnore[] }
}

/** An entry: IDLs of one protocol and how they are generated. */
export interface ConfigEntry {
  readonly protocol: ConfigProtocol
  readonly services?: readonly ConfigService[]
  readonly repos?: Readonly<Record<string, ConfigRepo>>
  readonly touch_all?: boolean
  readonly with_comments?: boolean
  readonly special_namings?: readonly string[]
  readonly typescript?: ConfigTypescript
}

/** A volo.yml that was read. Its data may be used when no diagnostic is an error. */
export interface Config {
  /** Absolute. */
  readonly path: string
  /** The folder it stands in, absolute; every path in it is relative to this. */
  readonly folder: string
  readonly source: SourceFile
  readonly entries: Readonly<Record<string, ConfigEntry>>
  readonly diagnostics: readonly Diagnostic[]
  /** The place of the value at a path of keys and indexes; of the nearest value around it where there is none. */
  at(path: readonly (string | number)[]): Span
}

/** The volo.yml to use: `explicit`, or the nearest one from `cwd` upward. Throws a ProjectError when there is none. */
export function findConfig(cwd: string, explicit?: string): string {
  if (explicit !== undefined) {
    const path = resolve(cwd, explicit)
    const file = isFolder(path) ? join(path, configName) : path
    if (!isFile(file)) {
      throw new ProjectError(`there is no ${pathFrom(cwd, file)}`, { hint: '--config takes the path of a volo.yml' })
    }
    return file
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, configName)
    if (isFile(path)) return path
    if (dirname(folder) === folder) break
  }
  throw new ProjectError(`there is no ${configName} in this folder or above it`, {
    hint: 'start a project with: volo init <name> [idl...], or give the file with --config',
  })
}

/** Where a project that has no volo.yml gets one: beside the nearest package.json from `cwd` upward. Undefined when it has one, or there is no project. */
export function newConfigPath(cwd: string): string | undefined {
  let found: string | undefined
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, configName)
    if (isFile(path)) return undefined
    if (found === undefined && isFile(join(folder, 'package.json'))) found = path
    if (dirname(folder) === folder) return found
  }
}

/** Throws a usage ProjectError when a volo.yml does not have the entry that a command line names. */
export function checkEntryName({ entries }: Pick<Config, 'entries'>, name: string | undefined): void {
  if (name === undefined || Object.hasOwn(entries, name)) return
  const names = Object.keys(entries)
  throw new ProjectError(`volo.yml has no entry '${name}'`, {
    hint: names.length === 0 ? 'it has no entry at all' : `its entries: ${names.join(', ')}`,
    usage: true,
  })
}

/** Reads a volo.yml; `cwd` decides how its path is shown. */
export function readConfig(path: string, cwd: string): Config {
  return parseConfig(readConfigText(path, cwd), path, pathFrom(cwd, path))
}

/** The text of a volo.yml. Throws a ProjectError when it can't be read, or is none. */
export function readConfigText(path: string, cwd: string): string {
  const shown = pathFrom(cwd, path)
  let bytes: Uint8Array
  try {
    if (statSync(path).size > yamlLimit) throw new ProjectError(`${shown} is too long: more than 4 MiB`)
    bytes = readFileSync(path)
  } catch (error) {
    throw asFileError('read', shown, error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new ProjectError(`${shown} is not UTF-8 text`, { hint: 'save it in that encoding' })
  }
}

/** Reads the text of a volo.yml. */
export function parseConfig(text: string, path: string, shownPath: string): Config {
  const source: SourceFile = { path: shownPath, logicalPath: basename(path), text }
  const diagnostics: Diagnostic[] = []
  const reportAll = reportInto(diagnostics)
  const report: Report = (problem) => {
    if (diagnostics.length < maxDiagnostics) reportAll(problem)
  }
  const document = parseYaml(text)
  const conflict = mergeConflict(text)
  if (conflict !== undefined) {
    report({
      code: 'config-syntax',
      message: 'an unresolved merge conflict',
      span: { source, ...conflict },
      hint: 'choose one of the two versions, and remove the lines of <<<<<<<, ======= and >>>>>>>',
    })
  } else {
    reportYamlErrors(document, source, report)
  }
  let data: ConfigValue
  if (diagnostics.length === 0) {
    data = readValue(createReader(source, document, report), configShape, document.contents, configName, undefined)
    if (diagnostics.length === 0) checkRepos(source, document, data as unknown as ConfigData, dirname(path), report)
  }
  const entries = (data as unknown as ConfigData | undefined)?.entries ?? {}
  const at = (keys: readonly (string | number)[]): Span => {
    const node = document.getIn(keys, true)
    return node === undefined && keys.length > 0 ? at(keys.slice(0, -1)) : spanOf(source, node)
  }
  return { path, folder: dirname(path), source, entries, diagnostics, at }
}

interface ConfigData {
  readonly entries: Readonly<Record<string, ConfigEntry>>
}

function checkRepos(source: SourceFile, document: Document, data: ConfigData, folder: string, report: Report): void {
  for (const [name, entry] of Object.entries(data.entries)) {
    for (const [repo, { url }] of Object.entries(entry.repos ?? {})) {
      const problem = urlProblem(url, folder)
      if (problem === undefined) continue
      const span = spanOf(source, document.getIn(['entries', name, 'repos', repo, 'url'], true))
      report({ code: 'config-value', message: problem.message, span, hint: problem.hint })
    }
    for (const [i, { idl }] of (entry.services ?? []).entries()) {
      if (idl.source !== 'git') continue
      const place = (key: string): unknown => {
        const path = ['entries', name, 'services', i, 'idl']
        const node = document.getIn([...path, key], true)
        return isMap(document.contents) && node !== undefined ? node : document.getIn(path, true)
      }
      const repos = Object.keys(entry.repos ?? {})
      if (idl.repo === undefined) {
        report({
          code: 'config-value',
          message: `the IDL '${idl.path}' has source 'git' and no 'repo'`,
          span: spanOf(source, place('source')),
          hint: `name one of the keys under 'repos' of entry '${name}'`,
        })
      } else if (!repos.includes(idl.repo)) {
        report({
          code: 'config-unknown-repo',
          message: `entry '${name}' has no repo '${idl.repo}'`,
          span: spanOf(source, place('repo')),
          hint:
            didYouMean(idl.repo, repos) ??
            (repos.length > 0 ? `its repos: ${repos.join(', ')}` : `add it under 'repos' of entry '${name}'`),
        })
      }
    }
  }
}

function urlProblem(url: string, folder: string): ProjectError | undefined {
  try {
    parseGitUrl(url, folder)
    return undefined
  } catch (error) {
    if (error instanceof ProjectError) return error
    throw error
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
