/** Default values of fields, held against the field's type as far as the type is a scalar. */

import type { Report } from '../../diagnostic.ts'
import type { IrType, IrValue, ScalarName } from '../../ir/ir.ts'

const integerRange: Readonly<Partial<Record<ScalarName, readonly [bigint, bigint]>>> = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  s32: [-(2n ** 31n), 2n ** 31n - 1n],
  sfixed32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  s64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
}

/** The value as the field's type holds it (a double for `float x = 1`); undefined after an error. Names of enum values pass; link knows them. */
export function lowerDefault(value: IrValue, type: IrType, report: Report): IrValue | undefined {
  const { span } = value
  const refuse = (code: 'bad-value' | 'number-range', message: string, hint?: string): undefined => {
    report({ code, message, span, hint })
    return undefined
  }
  if (type.kind !== 'scalar' && type.kind !== 'reference') {
    return refuse('bad-value', 'repeated and map fields have no default values', 'remove the default')
  }
  if (type.kind === 'reference') {
    if (value.kind === 'name') return value
    if (value.kind === 'bool') {
      // An enum may have values of these names.
      const reference = { text: String(value.value), span, scope: '', target: undefined }
      return { kind: 'name', span, reference, enumValue: undefined }
    }
    return refuse('bad-value', 'messages have no default values, and that of an enum is the name of one of its values')
  }
  const { scalar } = type
  const range = integerRange[scalar]
  if (range !== undefined) {
    if (value.kind !== 'int') return refuse('bad-value', 'the default of an integer field must be an integer')
    if (value.value >= range[0] && value.value <= range[1]) return value
    return refuse('number-range', `${value.value} does not fit the field's type`, `it holds ${range[0]} to ${range[1]}`)
  }
  switch (scalar) {
    case 'bool':
      return value.kind === 'bool' ? value : refuse('bad-value', "the default of a bool must be 'true' or 'false'")
    case 'string':
      if (value.kind === 'bytes') return { kind: 'string', value: new TextDecoder().decode(value.value), span }
      return value.kind === 'string' ? value : refuse('bad-value', 'the default of a string must be a string in quotes')
    case 'bytes':
      if (value.kind === 'string') return { kind: 'bytes', value: new TextEncoder().encode(value.value), span }
      return value.kind === 'bytes'
        ? value
        : refuse('bad-value', 'the default of a bytes field must be a string in quotes')
    default: {
      if (value.kind === 'double') return value
      if (value.kind === 'int') return { kind: 'double', value: Number(value.value), span }
      const text = value.kind === 'name' ? value.reference.text : ''
      if (text === 'inf') return { kind: 'double', value: Number.POSITIVE_INFINITY, span }
      if (text === 'nan') return { kind: 'double', value: Number.NaN, span }
      return refuse('bad-value', "the default of a floating point field must be a number, 'inf' or 'nan'")
    }
  }
}
