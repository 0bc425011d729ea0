/** Validates a YAML document against a Shape and returns its data; every error is a diagnostic with a position. */

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml'
import type { Report, SourceFile, Span } from '../../compiler/diagnostic.ts'
import { didYouMean } from '../../compiler/text/suggest.ts'
import type { ScalarShape, Shape } from './config-shape.ts'

/** Data read from YAML by a Shape. */
export type ConfigValue =
  | string
  | boolean
  | undefined
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue }

/** Where things are read from and reported to. */
export interface ConfigReader {
  readonly source: SourceFile
  readonly document: Document
  readonly report: Report
  /** The nodes with an anchor, by its name, as they stand in the text. */
  readonly anchors: ReadonlyMap<string, readonly Node[]>
  /** The values that are being read through an alias, and how many more may be. */
  readonly unfolding: { readonly inside: Set<Node>; left: number }
}

/** What aliases may unfold into; a text of a few lines can name millions of values. */
const maxUnfolded = 20_000

/** A reader of `document`. */
export function createReader(source: SourceFile, document: Document, report: Report): ConfigReader {
  const anchors = new Map<string, Node[]>()
  visit(document, {
    Node(_, node) {
      if (isAlias(node) || node.anchor === undefined) return
      const named = anchors.get(node.anchor)
      if (named === undefined) anchors.set(node.anchor, [node])
      else named.push(node)
    },
  })
  return { source, document, report, anchors, unfolding: { inside: new Set(), left: maxUnfolded } }
}

/** The place of a node; of the whole file's first character when it has none. */
export function spanOf(source: SourceFile, node: unknown): Span {
  const range = (node as Node | null | undefined)?.range
  if (range === null || range === undefined) return { source, start: 0, end: 0 }
  return { source, start: range[0], end: Math.max(range[0], range[1]) }
}

/** Reads `node` as `shape`; `where` names it in messages; `holder` is the node that errors about a missing value point at. */
export function readValue(
  reader: ConfigReader,
  shape: Shape,
  found: unknown,
  where: string,
  holder: unknown,
): ConfigValue {
  if (!isAlias(found)) return isWithin(reader, found) ? readNode(reader, shape, found, where, holder) : undefined
  return throughAlias(reader, found, (node) => readNode(reader, shape, node, where, holder))
}

/** Whether another value may be read; reports once when the limit is reached. */
function isWithin(reader: ConfigReader, node: unknown): boolean {
  const { unfolding } = reader
  if (unfolding.inside.size === 0 || unfolding.left-- > 0) return true
  if (unfolding.left === -1) wrong(reader, node, 'the aliases of this file unfold into too many values')
  return false
}

/** Reads what an alias stands for. */
function throughAlias<T>(reader: ConfigReader, alias: Alias, read: (node: Node) => T): T | undefined {
  if (!isWithin(reader, alias)) return undefined
  const { inside } = reader.unfolding
  const node = anchored(reader, alias)
  if (node === undefined) return wrong(reader, alias, `no value before this one has the anchor '&${alias.source}'`)
  if (inside.has(node)) return wrong(reader, alias, 'this alias stands inside the value that it names')
  inside.add(node)
  const value = read(node)
  inside.delete(node)
  return value
}

/** What an alias stands for: the last value before it that has the name. */
function anchored({ anchors }: ConfigReader, alias: Alias): Node | undefined {
  const before = alias.range?.[0] ?? 0
  return anchors.get(alias.source)?.findLast(({ range }) => (range?.[0] ?? 0) < before)
}

function readNode(reader: ConfigReader, shape: Shape, node: unknown, where: string, holder: unknown): ConfigValue {
  if (shape.kind === 'open') return readOpen(reader, shape.keys, node, where)
  const isEmpty = isNothing(node)
  switch (shape.kind) {
    case 'list':
      if (isEmpty) return []
      if (!isSeq(node)) return wrong(reader, node, `${where} must be a list`)
      return node.items.map((item, i) => readValue(reader, shape.of, item, `item ${i + 1} of ${where}`, node))
    case 'record':
      if (isEmpty) return {}
      if (!isMap(node)) return wrong(reader, node, `${where} must hold one key per ${shape.what}`)
      return Object.fromEntries(
        node.items
          .filter(({ value }) => shape.skipsEmpty !== true || !isNothing(value))
          .map((pair) => [
            keyText(pair),
            readValue(reader, shape.of, pair.value, `${shape.what} '${keyText(pair)}'`, pair.key),
          ]),
      )
    case 'object':
      if (!isEmpty && !isMap(node)) return wrong(reader, node, `${where} must hold keys`)
      return readObject(reader, shape, isEmpty ? undefined : (node as YAMLMap), where, isEmpty ? holder : node)
    default:
      if (isEmpty) return wrong(reader, holder, `${where} has no value`)
      return readScalar(reader, shape, node, where)
  }
}

/** Applies the same limits to values that are not read, because edits of the file copy them. */
function measure(reader: ConfigReader, node: unknown): void {
  if (isAlias(node)) throughAlias(reader, node, (inner) => measure(reader, inner))
  else if (!isWithin(reader, node)) return
  else if (isSeq(node)) for (const item of node.items) measure(reader, item)
  else if (isMap(node)) {
    for (const { key, value } of node.items) {
      measure(reader, key)
      measure(reader, value)
    }
  }
}

/** Of an open object only the keys known here are read. */
function readOpen(
  reader: ConfigReader,
  keys: Readonly<Record<string, Shape>>,
  node: unknown,
  where: string,
): ConfigValue {
  measure(reader, node)
  if (!isMap(node)) return undefined
  const data: Record<string, ConfigValue> = {}
  for (const pair of node.items) {
    const key = keyText(pair)
    const inner = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (inner !== undefined) data[key] = readValue(reader, inner, pair.value, `'${key}' of ${where}`, pair.key)
  }
  return data
}

function readScalar(reader: ConfigReader, shape: ScalarShape, node: unknown, where: string): ConfigValue {
  if (!isScalar(node) || typeof node.value !== 'string') return wrong(reader, node, `${where} must be a single value`)
  const text = node.value
  const mayBeEmpty = shape.kind === 'text' && shape.mayBeEmpty === true
  if (text === '' && !mayBeEmpty) return wrong(reader, node, `${where} is empty`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f]/.test(text)) return wrong(reader, node, `${where} must be one line without control characters`)
  if (shape.kind === 'text') return text
  if (shape.kind === 'text-or-false') return text === 'false' ? false : text
  if (shape.kind === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true'
    return wrong(reader, node, `${where} must be true or false, not '${text}'`)
  }
  if (shape.values.includes(text)) return text
  const isLong = shape.values.length > 8
  const expected = isLong ? 'a known value' : shape.values.map((value) => `'${value}'`).join(' or ')
  const hint =
    text === 'grpc' && shape.values.includes('protobuf') ? "did you mean 'protobuf'?" : didYouMean(text, shape.values)
  return wrong(reader, node, `${where} must be ${expected}, not '${text}'`, hint)
}

function readObject(
  reader: ConfigReader,
  shape: Extract<Shape, { kind: 'object' }>,
  map: YAMLMap | undefined,
  where: string,
  blamed: unknown,
): ConfigValue {
  const data: Record<string, ConfigValue> = {}
  for (const pair of map?.items ?? []) {
    const key = keyText(pair)
    const inner = Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined
    if (inner === undefined) {
      reader.report({
        code: 'config-unknown-key',
        message: `unknown key '${key}' in ${where}`,
        span: spanOf(reader.source, pair.key),
        hint: unknownKeyHint(key, shape),
      })
    } else {
      data[key] = readValue(reader, inner, pair.value, `'${key}' of ${where}`, pair.key)
    }
  }
  for (const key of shape.required) {
    if (Object.hasOwn(data, key)) continue
    const inner = shape.keys[key]
    const values = inner?.kind === 'choice' && inner.values.length <= 8 ? `: ${inner.values.join(' or ')}` : ''
    reader.report({
      code: 'config-value',
      message: `${where} has no '${key}'`,
      span: spanOf(reader.source, blamed),
      hint: `add '${key}'${values}`,
    })
  }
  return data
}

function unknownKeyHint(key: string, shape: Extract<Shape, { kind: 'object' }>): string | undefined {
  if (key === '<<') return 'merge keys are not read; write the keys out, or give the whole value by an alias'
  if (key === 'idls') return "'idls' is the legacy format of Rust Volo; list the IDLs under 'services', each as 'idl:'"
  return didYouMean(key, Object.keys(shape.keys)) ?? `known keys: ${Object.keys(shape.keys).join(', ')}`
}

function wrong(reader: ConfigReader, node: unknown, message: string, hint?: string): undefined {
  reader.report({ code: 'config-value', message, span: spanOf(reader.source, node), hint })
  return undefined
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
}

/** A value that was left out. */
function isNothing(node: unknown): boolean {
  if (node === null || node === undefined) return true
  return isScalar(node) && (node.value === '' || node.value === null) && !isQuoted(node)
}

function isQuoted(node: { type?: string | undefined }): boolean {
  return node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE'
}
