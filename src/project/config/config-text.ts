/** The text of volo.yml as this package writes it: new files, entries, repos and IDLs line by line. */

import { stringify } from 'yaml'
import { type Config, type ConfigProtocol, type ConfigTypescript, parseConfig } from './config.ts'

/** An IDL to list. */
export interface NewIdl {
  /** The repo of the entry that holds it; undefined for a file of the project. */
  readonly repo?: string | undefined
  /** Relative to volo.yml, or to the root of the repo, with `/`. */
  readonly path: string
  /** Relative to the same. */
  readonly includes: readonly string[]
}

/** A repo to list. */
export interface NewRepo {
  readonly name: string
  readonly url: string
  readonly ref: string
  /** The commit. */
  readonly lock: string
}

/** An entry to write. */
export interface NewEntry {
  readonly name: string
  readonly protocol: ConfigProtocol
  readonly repos?: readonly NewRepo[]
  readonly idls: readonly NewIdl[]
  readonly typescript?: ConfigTypescript
}

/** A new volo.yml. */
export function newConfig(
  entries: readonly {
    readonly name: string
    readonly protocol: ConfigProtocol
    readonly repos?: readonly NewRepo[]
    readonly idls: readonly NewIdl[]
    readonly typescript?: ConfigTypescript
  }[],
): string {
  const lines = [
    '# The IDLs of this project. After a change run: volo update',
    '# yaml-language-server: $schema=node_modules/volo-ts/schema/volo.schema.json',
    'entries:',
  ]
  for (const entry of entries) lines.push(...entryLines(entry, '  '))
  return `${lines.join('\n')}\n`
}

/** The volo.yml of a project that has none yet: no entries, and not written. */
export function emptyConfig(path: string, shownPath: string): Config {
  return parseConfig(newConfig([]), path, shownPath)
}

/** The lines of an entry. */
export function entryLines({ name, protocol, repos = [], idls, typescript }: NewEntry, indent: string): string[] {
  const lines = [`${indent}${scalar(name)}:`, `${indent}  protocol: ${protocol}`]
  if (repos.length > 0) lines.push(`${indent}  repos:`)
  for (const repo of repos) lines.push(...repoLines(repo, `${indent}    `))
  if (idls.length > 0) lines.push(`${indent}  services:`)
  for (const idl of idls) lines.push(...idlLines(idl, `${indent}    `))
  if (typescript !== undefined && Object.keys(typescript).length > 0) {
    lines.push(`${indent}  typescript:`)
    for (const [key, value] of Object.entries(typescript))
      lines.push(`${indent}    ${key}: ${value === false ? 'false' : scalar(value)}`)
  }
  return lines
}

/** The lines of a repo. */
export function repoLines({ name, url, ref, lock }: NewRepo, indent: string): string[] {
  const values = { url, ref, lock }
  return [
    `${indent}${scalar(name)}:`,
    ...Object.entries(values).map(([key, value]) => `${indent}  ${key}: ${scalar(value)}`),
  ]
}

/** The lines of an IDL. */
export function idlLines(idl: NewIdl, indent: string): string[] {
  const source = idl.repo === undefined ? ['source: local'] : ['source: git', `repo: ${scalar(idl.repo)}`]
  const lines = [`${indent}- idl:`, ...[...source, `path: ${scalar(idl.path)}`].map((line) => `${indent}    ${line}`)]
  if (idl.includes.length > 0) {
    lines.push(`${indent}    includes:`)
    for (const include of idl.includes) lines.push(`${indent}      - ${scalar(include)}`)
  }
  return lines
}

/** A value in one line, quoted where YAML would take it for something else. */
export function scalar(value: string): string {
  return stringify(value, { lineWidth: 0 }).replace(/\n$/, '')
}
