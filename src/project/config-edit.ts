/** Edits of volo.yml's text: comments, order and quoting outside the edited lines stay as they are. */

import { basename, dirname } from 'node:path'
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Config, ConfigProtocol, ConfigTypescript } from './config.ts'
import { parseYaml } from './config.ts'

/** An IDL to list. */
export interface LocalIdl {
  /** Relative to volo.yml, with `/`. */
  readonly path: string
  readonly includes: readonly string[]
}

/** A new volo.yml. */
export function newConfig(
  entries: readonly {
    readonly name: string
    readonly protocol: ConfigProtocol
    readonly idls: readonly LocalIdl[]
    readonly typescript?: ConfigTypescript
  }[],
): string {
  const lines = [
    '# The IDLs of this project. After a change run: volo update',
    '# yaml-language-server: $schema=node_modules/volo-ts/schema/volo.schema.json',
    'entries:',
  ]
  for (const entry of entries) lines.push(...entryLines(entry.name, entry.protocol, entry.idls, '  ', entry.typescript))
  return `${lines.join('\n')}\n`
}

/** The volo.yml of a project that has none yet: no entries, and not written. */
export function emptyConfig(path: string, shownPath: string): Config {
  const source = { path: shownPath, logicalPath: basename(path), text: newConfig([]) }
  return { path, folder: dirname(path), source, entries: {}, diagnostics: [] }
}

/** Adds an IDL to an entry, which is made when there is none. */
export function addIdl(text: string, entry: string, protocol: ConfigProtocol, idl: LocalIdl): string {
  const item = {
    idl: { source: 'local', path: idl.path, ...(idl.includes.length > 0 ? { includes: [...idl.includes] } : {}) },
  }
  return edit(
    text,
    (document) => {
      if (document.hasIn(['entries', entry, 'services']) && isSeq(document.getIn(['entries', entry, 'services']))) {
        document.addIn(['entries', entry, 'services'], document.createNode(item))
      } else if (isMap(document.getIn(['entries', entry]))) {
        document.setIn(['entries', entry, 'services'], document.createNode([item]))
      } else if (isMap(document.get('entries'))) {
        document.setIn(['entries', entry], document.createNode({ protocol, services: [item] }))
      } else {
        if (!isMap(document.contents))
          document.contents = document.createNode({}) as unknown as typeof document.contents
        document.set('entries', document.createNode({ [entry]: { protocol, services: [item] } }))
      }
    },
    (document) => {
      const services = document.getIn(['entries', entry, 'services'], true)
      if (isSeq(services) && !services.flow && services.items.length > 0) {
        const dash = dashColumn(text, services.items[0])
        return dash === undefined ? undefined : insertAfter(text, services, idlLines(idl, ' '.repeat(dash)))
      }
      const entries = document.get('entries', true)
      if (isMap(entries) && !entries.flow && entries.items.length > 0 && !entries.has(entry)) {
        const column = columnOf(text, (entries.items[0]!.key as Node).range![0])
        return insertAfter(text, entries, entryLines(entry, protocol, [idl], ' '.repeat(column)))
      }
      return undefined
    },
  )
}

/** Gives the IDL at `index` of an entry other includes. */
export function setIncludes(text: string, entry: string, index: number, includes: readonly string[]): string {
  const path = ['entries', entry, 'services', index, 'idl']
  return edit(
    text,
    (document) => {
      if (includes.length === 0) document.deleteIn([...path, 'includes'])
      else document.setIn([...path, 'includes'], document.createNode([...includes]))
    },
    (document) => {
      const idl = document.getIn(path, true)
      if (!isMap(idl) || idl.flow || idl.items.length === 0 || includes.length === 0) return undefined
      const old = document.getIn([...path, 'includes'], true)
      if (old === undefined) {
        const indent = ' '.repeat(columnOf(text, (idl.items[0]!.key as Node).range![0]))
        return insertAfter(text, idl, [`${indent}includes:`, ...includes.map((one) => `${indent}  - ${scalar(one)}`)])
      }
      if (!isSeq(old) || old.flow) return undefined
      const known = old.items.map((item) => (isScalar(item) ? String(item.value) : undefined))
      if (!known.every((one, i) => one === includes[i])) return undefined
      const dash = dashColumn(text, old.items[0])
      if (dash === undefined) return undefined
      return insertAfter(
        text,
        old,
        includes.slice(known.length).map((one) => `${' '.repeat(dash)}- ${scalar(one)}`),
      )
    },
  )
}

/** Takes the IDL at `index` out of an entry. */
export function removeIdl(text: string, entry: string, index: number): string {
  const path = ['entries', entry, 'services']
  return edit(
    text,
    (document) => {
      document.deleteIn([...path, index])
      const services = document.getIn(path, true)
      if (isSeq(services) && services.items.length === 0) document.setIn(path, document.createNode([]))
    },
    (document) => {
      const services = document.getIn(path, true)
      if (!isSeq(services) || services.flow) return undefined
      const item = services.items[index]
      if (item === undefined || dashColumn(text, item) === undefined) return undefined
      const start = lineStart(text, (item as Node).range![0])
      const end = nextLine(text, lastOffset(item))
      if (services.items.length > 1) return text.slice(0, start) + text.slice(end)
      const owner = document.getIn(['entries', entry], true)
      const pair = isMap(owner)
        ? owner.items.find((one) => isScalar(one.key) && one.key.value === 'services')
        : undefined
      if (pair === undefined) return undefined
      const colon = text.indexOf(':', (pair.key as Node).range![1]) + 1
      return `${text.slice(0, colon)} []${text.slice(colon, start)}${text.slice(end)}`
    },
  )
}

/**
 * Edits by splicing lines where that gives exactly the data that an edit of the document gives; else the document is
 * printed again, which keeps comments and order but may change indentation.
 */
function edit(
  text: string,
  change: (document: Document) => void,
  splice: (document: Document) => string | undefined,
): string {
  const wanted = parseYaml(text)
  change(wanted)
  const data = JSON.stringify(wanted.toJS())
  const spliced = splice(parseYaml(text))
  if (spliced !== undefined) {
    const document = parseYaml(spliced)
    if (document.errors.length === 0 && JSON.stringify(document.toJS()) === data) return spliced
  }
  // The core schema quotes what another reader would take for a number.
  const printed = parseDocument(text)
  change(printed)
  return printed.toString({ lineWidth: 0 })
}

function entryLines(
  name: string,
  protocol: ConfigProtocol,
  idls: readonly LocalIdl[],
  indent: string,
  typescript?: ConfigTypescript,
): string[] {
  const lines = [`${indent}${scalar(name)}:`, `${indent}  protocol: ${protocol}`, `${indent}  services:`]
  for (const idl of idls) lines.push(...idlLines(idl, `${indent}    `))
  if (typescript !== undefined && Object.keys(typescript).length > 0) {
    lines.push(`${indent}  typescript:`)
    for (const [key, value] of Object.entries(typescript))
      lines.push(`${indent}    ${key}: ${value === false ? 'false' : scalar(value)}`)
  }
  return lines
}

function idlLines(idl: LocalIdl, indent: string): string[] {
  const lines = [`${indent}- idl:`, `${indent}    source: local`, `${indent}    path: ${scalar(idl.path)}`]
  if (idl.includes.length > 0) {
    lines.push(`${indent}    includes:`)
    for (const include of idl.includes) lines.push(`${indent}      - ${scalar(include)}`)
  }
  return lines
}

function scalar(value: string): string {
  return stringify(value, { lineWidth: 0 }).trimEnd()
}

/** The column of the `-` before an item, or undefined when the item does not start its line. */
function dashColumn(text: string, item: unknown): number | undefined {
  const range = (item as Node | undefined)?.range
  if (range === null || range === undefined) return undefined
  const start = lineStart(text, range[0])
  const match = /^( *)- +$/.exec(text.slice(start, range[0]))
  return match === null ? undefined : match[1]!.length
}

function insertAfter(text: string, node: YAMLMap | YAMLSeq, lines: readonly string[]): string {
  const at = nextLine(text, lastOffset(node))
  const before = text.slice(0, at)
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  return `${before}${before.endsWith('\n') ? '' : eol}${lines.join(eol)}${eol}${text.slice(at)}`
}

/** The offset at which the last value inside a node ends. */
function lastOffset(node: unknown): number {
  if (isMap(node) && !node.flow && node.items.length > 0) {
    const { key, value } = node.items.at(-1) as Pair
    const end = value === null || value === undefined ? 0 : lastOffset(value)
    return Math.max(end, (key as Node).range?.[1] ?? 0)
  }
  if (isSeq(node) && !node.flow && node.items.length > 0) return lastOffset(node.items.at(-1))
  const range = (node as Node).range!
  return range[1]
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** The start of the line after the one that ends at or after `offset`. A block scalar's end is a line's start already. */
function nextLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset
  const at = text.indexOf('\n', offset)
  return at === -1 ? text.length : at + 1
}
