/** Splicing lines into volo.yml, so that comments, order and quoting around them stay as they are. */

import { type Document, isMap, isSeq, type Node, type Pair, type Scalar, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import { entryLines, type NewEntry, scalar } from './config-text.ts'
import { parseYaml } from './config-yaml.ts'

/**
 * Edits by splicing lines where that gives exactly the data that an edit of the document gives; else the document is
 * printed again, which keeps comments and order but may change indentation.
 */
export function edit(
  text: string,
  change: (document: Document) => void,
  splice: (document: Document) => string | undefined,
): string {
  const wanted = parseYaml(text)
  change(wanted)
  const data = JSON.stringify(wanted.toJS({ maxAliasCount: -1 }))
  const spliced = splice(parseYaml(text))
  if (spliced !== undefined) {
    const document = parseYaml(spliced)
    if (document.errors.length === 0 && JSON.stringify(document.toJS({ maxAliasCount: -1 })) === data) return spliced
  }
  quoteNewScalars(wanted)
  return wanted.toString({ lineWidth: 0 })
}

/** Quotes what was added and what another reader would take for a number; what was there stays as it is. */
export function quoteNewScalars(document: Document): void {
  visit(document, {
    Scalar(_key, node) {
      if (node.range || typeof node.value !== 'string') return
      if (scalar(node.value).startsWith('"')) node.type = 'QUOTE_DOUBLE'
    },
  })
}

/** Whether an entry has any key. */
export function hasEntry(document: Document, name: string): boolean {
  const entry = document.getIn(['entries', name])
  return isMap(entry) && entry.items.length > 0
}

/** Adds an entry to a document. */
export function addEntry(document: Document, name: string, data: object): void {
  if (isMap(document.get('entries'))) {
    document.setIn(['entries', name], document.createNode(data))
    return
  }
  if (!isMap(document.contents)) document.contents = document.createNode({}) as unknown as typeof document.contents
  document.set('entries', document.createNode({ [name]: data }))
}

/** The text with an entry behind the others; undefined where there are none, or not line by line. */
export function insertEntry(text: string, document: Document, entry: NewEntry): string | undefined {
  const entries = document.get('entries', true)
  if (!isMap(entries) || entries.flow || entries.items.length === 0 || entries.has(entry.name)) return undefined
  return insertAfter(text, entries, entryLines(entry, indentOf(text, entries)))
}

/** A value in the quotes of the one that it takes the place of, where it can stand in them. */
export function scalarLike(old: Scalar, value: string): string {
  if (old.type === 'QUOTE_SINGLE' && !/['\n]/.test(value)) return `'${value}'`
  if (old.type === 'QUOTE_DOUBLE') return JSON.stringify(value)
  return scalar(value)
}

export function isEmptyScalar({ range }: Scalar): boolean {
  return range === null || range === undefined || range[0] === range[1]
}

/** The column of the `-` before an item, or undefined when the item does not start its line. */
export function dashColumn(text: string, item: unknown): number | undefined {
  const range = (item as Node | undefined)?.range
  if (range === null || range === undefined) return undefined
  const start = lineStart(text, range[0])
  const match = /^( *)- +$/.exec(text.slice(start, range[0]))
  return match === null ? undefined : match[1]!.length
}

export function insertAfter(text: string, node: YAMLMap | YAMLSeq, lines: readonly string[]): string {
  return insertBehind(text, lastOffset(node), lines)
}

/** Inserts lines behind the line that holds the end of something. */
export function insertBehind(text: string, offset: number, lines: readonly string[]): string {
  const at = nextLine(text, offset)
  const before = text.slice(0, at)
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  return `${before}${before.endsWith('\n') ? '' : eol}${lines.join(eol)}${eol}${text.slice(at)}`
}

/** The offset at which the last value inside a node ends. */
export function lastOffset(node: unknown): number {
  if (isMap(node) && !node.flow && node.items.length > 0) return lastOfPair(node.items.at(-1)!)
  if (isSeq(node) && !node.flow && node.items.length > 0) return lastOffset(node.items.at(-1))
  const range = (node as Node).range!
  return range[1]
}

export function lastOfPair({ key, value }: Pair): number {
  const end = value === null || value === undefined ? 0 : lastOffset(value)
  return Math.max(end, (key as Node).range?.[1] ?? 0)
}

/** The indentation of a map's keys. */
export function indentOf(text: string, map: YAMLMap): string {
  return ' '.repeat(columnOf(text, (map.items[0]!.key as Node).range![0]))
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** The start of the line after the one that ends at or after `offset`. A block scalar's end is a line's start already. */
export function nextLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset
  const at = text.indexOf('\n', offset)
  return at === -1 ? text.length : at + 1
}
