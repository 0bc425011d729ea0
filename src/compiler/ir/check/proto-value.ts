/** Values of protobuf options against their types, aggregates included. */

import type { Report, Span } from '../../diagnostic.ts'
import type { boundedDidYouMean } from '../../text/suggest.ts'
import type { IrEnum, IrField, IrMessage, IrType, IrValue, ScalarName } from '../ir.ts'
import { declarationOf } from '../underlying.ts'

/** How names inside aggregates are found. */
export interface OptionFinder {
  /** The extension of `message` that `[name]` means. */
  extension(message: IrMessage, name: string): IrField | undefined
  /** The message behind `[type.googleapis.com/name]`. */
  anyMessage(name: string): IrMessage | undefined
  /** "Did you mean", within bounds. */
  readonly hint: ReturnType<typeof boundedDidYouMean>
  /** Reports a field that may not be set here or in this edition; false then. */
  supports(field: IrField, name: string, span: Span): boolean
}

interface Checking {
  readonly finder: OptionFinder
  readonly report: Report
  /** Text must be UTF-8. */
  readonly utf8: boolean
  /** Inside an aggregate protobuf's text format rules, which is laxer. */
  readonly aggregate: boolean
}

const ranges: Readonly<Partial<Record<ScalarName, readonly [bigint, bigint]>>> = {
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

/** Reports a value that does not fit the option `name`, whose field is `field`. */
export function checkOptionValue(
  value: IrValue,
  field: IrField,
  name: string,
  finder: OptionFinder,
  report: Report,
): void {
  const element = field.type.kind === 'list' ? field.type.element : field.type
  checkValue(value, element, name, { finder, report, aggregate: false, utf8: field.validateUtf8 !== false })
}

function checkValue(value: IrValue, type: IrType, name: string, checking: Checking): void {
  if (type.kind === 'map') checkMapEntry(value, type, name, checking)
  else if (type.kind === 'scalar') checkScalar(value, type.scalar, name, checking)
  else checkReferenceValue(value, type, name, checking)
}

function checkReferenceValue(value: IrValue, type: IrType, name: string, checking: Checking): void {
  const target = declarationOf(type)
  if (target?.kind === 'message') {
    if (value.kind === 'map') {
      checkAggregate(value, target, name, checking)
      return
    }
    checking.report({
      code: 'option-type',
      message: `'${name}' is a message of type '${target.fullName}'`,
      span: value.span,
      hint: `write: ${name} = { field: value }`,
    })
  } else if (target?.kind === 'enum') {
    checkEnumValue(value, target, name, checking)
  }
}

function checkEnumValue(value: IrValue, target: IrEnum, name: string, checking: Checking): void {
  const { report, aggregate } = checking
  if (value.kind === 'name' || value.kind === 'bool') {
    // An enum may have values named true and false.
    const text = value.kind === 'bool' ? String(value.value) : value.reference.text
    if (target.values.some((one) => one.name === text)) return
    report({
      code: 'option-type',
      message: `enum '${target.fullName}' of '${name}' has no value '${text}'`,
      span: value.span,
      related: [{ message: 'the enum is declared here', span: target.span }],
      hint: checking.finder.hint(text, () => target.values.map((one) => one.name)),
    })
    return
  }
  if (aggregate && value.kind === 'int') {
    if (value.value < -0x80000000n || value.value > 0x7fffffffn) {
      report({
        code: 'number-range',
        message: `${value.value} does not fit '${name}'`,
        span: value.span,
        hint: `it holds a value of '${target.fullName}': a 32-bit integer`,
      })
      return
    }
    if (!target.closed || target.values.some((one) => BigInt(one.number) === value.value)) return
  }
  report({
    code: 'option-type',
    message: `'${name}' takes the name of a value of '${target.fullName}'`,
    span: value.span,
    hint: target.values[0] === undefined ? undefined : `for example ${target.values[0].name}`,
  })
}

function checkScalar(value: IrValue, scalar: ScalarName, name: string, { report, aggregate, utf8 }: Checking): void {
  const refuse = (what: string): void =>
    report({ code: 'option-type', message: `'${name}' takes ${what}`, span: value.span })
  const range = ranges[scalar]
  if (range !== undefined) {
    if (value.kind !== 'int') {
      refuse('an integer')
      return
    }
    if (value.value >= range[0] && value.value <= range[1]) return
    report({
      code: 'number-range',
      message: `${value.value} does not fit '${name}'`,
      span: value.span,
      hint: `it holds ${range[0]} to ${range[1]}`,
    })
    return
  }
  switch (scalar) {
    case 'bool': {
      if (value.kind === 'bool') return
      const lax =
        (value.kind === 'int' && value.value >= 0n && value.value <= 1n) ||
        (value.kind === 'name' && /^(t|f|True|False)$/.test(value.reference.text))
      if (!aggregate || !lax) refuse("'true' or 'false'")
      return
    }
    case 'string':
    case 'bytes':
      if (value.kind !== 'string' && value.kind !== 'bytes') refuse('a string in quotes')
      else if (scalar === 'string' && value.kind === 'bytes' && utf8) refuse('text that is UTF-8')
      return
    default:
      if (value.kind === 'double' || value.kind === 'int') return
      if (value.kind === 'name' && (aggregate ? /^(inf|infinity|nan)$/i : /^(inf|nan)$/).test(value.reference.text))
        return
      refuse('a number')
  }
}

function checkAggregate(
  value: IrValue & { readonly kind: 'map' },
  message: IrMessage,
  name: string,
  outer: Checking,
): void {
  const checking: Checking = { ...outer, aggregate: true }
  const { report } = checking
  const set = new Map<string, IrValue>()
  const oneofs = new Map<unknown, string>()
  for (const { key, value: given } of value.entries) {
    if (key.kind === 'name' && key.reference.text.includes('/')) {
      if (message.fullName !== 'google.protobuf.Any') {
        report({
          code: 'unknown-option',
          message: `'${name}' is no google.protobuf.Any and cannot hold '[${key.reference.text}]'`,
          span: key.span,
        })
        continue
      }
      const inner = checking.finder.anyMessage(key.reference.text.slice(key.reference.text.lastIndexOf('/') + 1))
      if (inner !== undefined && given.kind === 'map') checkAggregate(given, inner, key.reference.text, checking)
      continue
    }
    const fieldName = key.kind === 'name' ? key.reference.text : key.kind === 'string' ? key.value : ''
    const field = key.kind === 'name' ? checking.finder.extension(message, fieldName) : fieldOf(message, fieldName)
    if (field === undefined) {
      report({
        code: 'unknown-option',
        message: `'${name}' has no ${key.kind === 'name' ? 'extension' : 'field'} '${fieldName}'`,
        span: key.span,
        related: [{ message: `its type '${message.fullName}' is declared here`, span: message.span }],
        hint: checking.finder.hint(fieldName, () => message.fields.map((one) => one.name)),
      })
      continue
    }
    const path = `${name}.${fieldName}`
    if (!checking.finder.supports(field, path, key.span)) continue
    const multiple = field.type.kind === 'list' || field.type.kind === 'map'
    const before = set.get(fieldName)
    if (before !== undefined && !multiple) {
      report({
        code: 'duplicate-option',
        message: `'${path}' is already set`,
        span: key.span,
        related: [{ message: 'it is set here', span: before.span }],
        hint: 'remove one of them',
      })
    }
    set.set(fieldName, key)
    if (field.oneof !== undefined && before === undefined) {
      const other = oneofs.get(field.oneof)
      if (other !== undefined) {
        report({
          code: 'duplicate-option',
          message: `'${path}' and '${name}.${other}' are of one oneof; only one can be set`,
          span: key.span,
        })
      }
      oneofs.set(field.oneof, fieldName)
    }
    checkField(given, field, path, checking)
  }
  const absent = message.fields.filter((field) => field.presence === 'required' && !set.has(field.name))
  if (absent.length > 0) {
    report({
      code: 'option-type',
      message: `'${name}' lacks required ${absent.map((field) => `'${field.name}'`).join(', ')}`,
      span: value.span,
    })
  }
}

function fieldOf(message: IrMessage, name: string): IrField | undefined {
  // Text format names a group by its type.
  return message.fields.find(
    (field) => field.name === name || (field.delimited && declarationOf(field.type)?.name.split('.').at(-1) === name),
  )
}

function checkField(given: IrValue, field: IrField, path: string, checking: Checking): void {
  const element = field.type.kind === 'list' ? field.type.element : field.type
  const inner = { ...checking, utf8: field.validateUtf8 !== false }
  if (given.kind !== 'list') {
    checkValue(given, element, path, inner)
    return
  }
  if (field.type.kind !== 'list' && field.type.kind !== 'map') {
    checking.report({ code: 'option-type', message: `'${path}' takes one value, not a list`, span: given.span })
    return
  }
  for (const each of given.elements) checkValue(each, element, path, inner)
}

/** A map's entries are aggregates with the fields `key` and `value`. */
function checkMapEntry(
  value: IrValue,
  type: IrType & { readonly kind: 'map' },
  name: string,
  checking: Checking,
): void {
  if (value.kind !== 'map') {
    checking.report({
      code: 'option-type',
      message: `'${name}' is a map`,
      span: value.span,
      hint: `write: ${name} { key: … value: … }`,
    })
    return
  }
  const seen = new Set<string>()
  for (const { key, value: given } of value.entries) {
    const part = key.kind === 'string' ? key.value : ''
    if (seen.has(part)) {
      checking.report({ code: 'duplicate-option', message: `'${name}.${part}' is already set`, span: key.span })
    }
    seen.add(part)
    if (part === 'key') checkValue(given, type.key, `${name}.key`, { ...checking, aggregate: true })
    else if (part === 'value') checkValue(given, type.value, `${name}.value`, { ...checking, aggregate: true })
    else {
      checking.report({
        code: 'unknown-option',
        message: `an entry of map '${name}' has 'key' and 'value', not '${part}'`,
        span: key.span,
      })
    }
  }
}
