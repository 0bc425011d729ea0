/** Checks a YAML document against a Shape: data out, with a diagnostic at every place that is wrong. */

import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import type { Report, SourceFile, Span } from '../compiler/diagnostic.ts'
import { didYouMean } from '../compiler/text/suggest.ts'
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
}

/** The place of a node; of the whole file's first character when it has none. */
export function spanOf(source: SourceFile, node: unknown): Span {
  const range = (node as Node | null | undefined)?.range
  if (range === null || range === undefined) return { source, start: 0, end: 0 }
  return { source, start: range[0], end: Math.max(range[0], range[1]) }
}

/** Reads `node` as `shape`; `where` names it to people, `holder` is blamed when it is missing. */
export function readValue(
  reader: ConfigReader,
  shape: Shape,
  found: unknown,
  where: string,
  holder: unknown,
): ConfigValue {
  const node = isAlias(found) ? found.resolve(reader.document) : found
  if (shape.kind === 'open') return readOpen(reader, shape.keys, node, where)
  const isEmpty =
    node === null ||
    node === undefined ||
    (isScalar(node) && (node.value === '' || node.value === null) && !isQuoted(node))
  switch (shape.kind) {
    case 'list':
      if (isEmpty) return []
      if (!isSeq(node)) return wrong(reader, found, `${where} must be a list`)
      return node.items.map((item, i) => readValue(reader, shape.of, item, `${where}[${i}]`, node))
    case 'record':
      if (isEmpty) return {}
      if (!isMap(node)) return wrong(reader, found, `${where} must hold one key per ${shape.what}`)
      return Object.fromEntries(
        node.items.map((pair) => [
          keyText(pair),
          readValue(reader, shape.of, pair.value, `${shape.what} '${keyText(pair)}'`, pair.key),
        ]),
      )
    case 'object':
      if (!isEmpty && !isMap(node)) return wrong(reader, found, `${where} must hold keys`)
      return readObject(reader, shape, isEmpty ? undefined : (node as YAMLMap), where, isEmpty ? holder : node)
    default:
      if (isEmpty) return wrong(reader, holder, `${where} has no value`)
      return readScalar(reader, shape, node, where)
  }
}

/** Keys that others may add to are read where they mean something here. */
function readOpen(
  reader: ConfigReader,
  keys: Readonly<Record<string, Shape>>,
  node: unknown,
  where: string,
): ConfigValue {
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
  if (shape.kind === 'text') return text
  if (shape.kind === 'text-or-false') return text === 'false' ? false : text
  if (shape.kind === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true'
    return wrong(reader, node, `${where} must be true or false, not '${text}'`)
  }
  if (shape.values.includes(text)) return text
  const expected = shape.values.map((value) => `'${value}'`).join(' or ')
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
    const values = inner?.kind === 'choice' ? `: ${inner.values.join(' or ')}` : ''
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

function isQuoted(node: { type?: string | undefined }): boolean {
  return node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE'
}
