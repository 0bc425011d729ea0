/** Options as annotations of the IR: their names, their values as data, and the few whose meaning the front end needs. */

import type { IrAnnotation, IrAnnotationValue, IrValue } from '../../ir/ir.ts'
import type { ProtoOption } from './ast.ts'

/** Options of a declaration in `scope`. */
export function annotationsOf(options: readonly ProtoOption[], scope: string): readonly IrAnnotation[] {
  if (options.length === 0) return none
  const annotations: IrAnnotation[] = []
  for (const { path, value, span } of options) {
    const name = path.map((segment) => segment.text).join('.')
    annotations.push({ name, value: annotationValue(value), span, option: { path, value, scope } })
  }
  return annotations
}

const none: readonly IrAnnotation[] = []

/** Options of a field in `scope`, without those that are syntax in disguise: `default` and `json_name`. */
export function fieldAnnotationsOf(options: readonly ProtoOption[], scope: string): readonly IrAnnotation[] {
  if (options.length === 0) return none
  return annotationsOf(
    options.filter(
      ({ path: [first, ...rest] }) =>
        rest.length > 0 || first!.extension || (first!.text !== 'default' && first!.text !== 'json_name'),
    ),
    scope,
  )
}

/** The value of the last plain option of this name. */
export function optionValue(options: readonly ProtoOption[], name: string): IrValue | undefined {
  for (let i = options.length - 1; i >= 0; i--) {
    const { path, value } = options[i]!
    if (path.length === 1 && path[0]!.text === name && !path[0]!.extension) return value
  }
  return undefined
}

/** True when the plain option of this name is `true`. */
export function isSet(options: readonly ProtoOption[], name: string): boolean {
  const value = optionValue(options, name)
  return value?.kind === 'bool' && value.value
}

/** A value as JSON-safe data: exact, so integers beyond 2^53 become decimal strings; bytes that are no text become base64. */
export function annotationValue(value: IrValue): IrAnnotationValue {
  switch (value.kind) {
    case 'bool':
    case 'string':
      return value.value
    case 'int':
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value.toString()
    case 'double':
      return Number.isFinite(value.value) ? value.value : String(value.value)
    case 'bytes':
      return bytesText(value.value)
    case 'name':
      return value.reference.text
    case 'list':
      return value.elements.map(annotationValue)
    case 'map':
      return aggregateValue(value.entries)
  }
}

function aggregateValue(entries: readonly { readonly key: IrValue; readonly value: IrValue }[]): IrAnnotationValue {
  const members = new Map<string, IrAnnotationValue>()
  for (const { key, value } of entries) {
    const name = key.kind === 'name' ? `[${key.reference.text}]` : key.kind === 'string' ? key.value : ''
    const data = annotationValue(value)
    const known = members.get(name)
    if (known === undefined) members.set(name, data)
    else members.set(name, [...(Array.isArray(known) ? known : [known]), ...(Array.isArray(data) ? data : [data])])
  }
  return Object.fromEntries(members)
}

function bytesText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return btoa(String.fromCharCode(...bytes))
  }
}
