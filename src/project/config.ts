/** volo.yml: finding it, reading it, and its data with places. */

import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Document, isMap, LineCounter, parseDocument } from 'yaml'
import { type Diagnostic, type Report, reportInto, type SourceFile } from '../compiler/diagnostic.ts'
import { didYouMean } from '../compiler/text/suggest.ts'
import { type ConfigValue, readValue, spanOf } from './config-reader.ts'
import { configShape } from './config-shape.ts'
import { pathFrom } from './display-path.ts'
import { asFileError } from './fs-error.ts'
import { ProjectError } from './project-error.ts'

/** The name of the file. */
const configName = 'volo.yml'

/** The two kinds of IDL, as volo.yml calls them. */
export type ConfigProtocol = 'thrift' | 'protobuf'

/** One IDL of an entry. */
interface ConfigService {
  readonly idl: {
    readonly source: 'local' | 'git'
    readonly repo?: string
    /** Relative to volo.yml. */
    readonly path: string
    readonly includes?: readonly string[]
  }
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
  readonly unknown_fields?: 'drop' | 'keep'
  readonly comments?: boolean
  readonly naming?: 'keep' | 'camel'
  readonly initialisms?: readonly string[]
  readonly modules?: 'file' | 'namespace'
  readonly roots?: 'declarations' | 'services'
  readonly services?: readonly string[]
  readonly import_extension?: '.js' | '.ts' | 'none'
}

/** An entry: IDLs of one protocol and how they are generated. */
export interface ConfigEntry {
  readonly protocol: ConfigProtocol
  readonly services?: readonly ConfigService[]
  readonly repos?: Readonly<Record<string, { readonly url: string; readonly ref: string; readonly lock?: string }>>
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

/** Reads a volo.yml; `cwd` decides how its path is shown. */
export function readConfig(path: string, cwd: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw asFileError('read', pathFrom(cwd, path), error)
  }
  return parseConfig(text, path, pathFrom(cwd, path))
}

/** Reads the text of a volo.yml. */
export function parseConfig(text: string, path: string, shownPath: string): Config {
  const source: SourceFile = { path: shownPath, logicalPath: basename(path), text }
  const diagnostics: Diagnostic[] = []
  const report = reportInto(diagnostics)
  const document = parseYaml(text)
  for (const error of document.errors) {
    report({
      code: 'config-syntax',
      message: yamlMessage(error.message),
      span: { source, start: error.pos[0], end: Math.max(error.pos[0] + 1, error.pos[1]) },
    })
  }
  let data: ConfigValue
  if (diagnostics.length === 0) {
    data = readValue({ source, document, report }, configShape, document.contents, configName, undefined)
    if (diagnostics.length === 0) checkRepos(source, document, data as unknown as ConfigData, report)
  }
  const entries = (data as unknown as ConfigData | undefined)?.entries ?? {}
  return { path, folder: dirname(path), source, entries, diagnostics }
}

/** Parses YAML so that every scalar stays text: an unquoted `lock: 0123456` is no number. */
export function parseYaml(text: string): Document {
  return parseDocument(text, {
    schema: 'failsafe',
    lineCounter: new LineCounter(),
    prettyErrors: false,
    uniqueKeys: true,
  })
}

interface ConfigData {
  readonly entries: Readonly<Record<string, ConfigEntry>>
}

function checkRepos(source: SourceFile, document: Document, data: ConfigData, report: Report): void {
  for (const [name, entry] of Object.entries(data.entries)) {
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
      } else {
        report({
          code: 'config-git-source',
          message: `'${idl.path}' comes from git, and this version of volo reads local IDLs only`,
          span: spanOf(source, place('source')),
          hint: "copy the file into the project and give it source 'local'",
        })
      }
    }
  }
}

function yamlMessage(message: string): string {
  const first = message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
  return first.charAt(0).toLowerCase() + first.slice(1)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
