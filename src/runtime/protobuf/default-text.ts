/** The defaults of fields as descriptors spell them. */

import type { EnumSchema, FileSchema, TypeSchema } from '../core/message/schema.ts'

/** The default of a field of `file` as protoc writes it: `default_value` of a FieldDescriptorProto. */
export function defaultText(file: FileSchema, type: TypeSchema, value: unknown): string {
  if (type.kind === 'enum') {
    const found = enumOf(file, type.name)?.values.find((one) => one.number === value)
    return found?.name ?? String(value)
  }
  if (type.kind !== 'scalar') return ''
  if (type.scalar === 'bytes') return escaped(atob(value as string))
  if (type.scalar !== 'f32' && type.scalar !== 'f64') return String(value)
  return String(value).replace('Infinity', 'inf').replace('NaN', 'nan')
}

function enumOf(file: FileSchema, name: string): EnumSchema | undefined {
  const all = new Set([file])
  for (const one of all) {
    const found = one.enums.find((each) => each.name === name)
    if (found !== undefined) return found
    for (const other of one.imports) all.add(other)
  }
  return undefined
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  "'": "\\'",
  '\\': '\\\\',
}

function escaped(text: string): string {
  return [...text]
    .map((char) => {
      const code = char.charCodeAt(0)
      return escapes[char] ?? (code >= 32 && code < 127 ? char : `\\${code.toString(8).padStart(3, '0')}`)
    })
    .join('')
}
