/** The rules of enums: a zero first, numbers once, what is reserved. */

import type { Report, Span } from '../../../diagnostic.ts'
import { isSet, optionValue } from '../annotation.ts'
import type { ProtoEnum, ProtoEnumValue, ProtoSyntax } from '../ast.ts'
import { type Features, resolveFeatures } from '../feature.ts'
import { rangeIndex } from '../range-index.ts'
import { checkFeatureUse } from './feature.ts'
import { checkEnumLimits } from './limit.ts'
import { checkReserved } from './reserved.ts'

/** Reports every broken rule of an enum. */
export function checkEnum(node: ProtoEnum, syntax: ProtoSyntax, around: Features, report: Report): void {
  const features = resolveFeatures(around, node.options)
  const { name, values } = node
  checkFeatureUse(node.options, syntax, report)
  for (const value of values) checkFeatureUse(value.options, syntax, report)
  const first = values[0]
  if (first === undefined) {
    if (!node.whole) return
    report({
      code: 'empty-enum',
      message: `enum '${name.text}' has no values`,
      span: name.span,
      hint: `add one: ${upperSnake(name.text)}_UNSPECIFIED = 0;`,
    })
    return
  }
  if (features.enumType === 'OPEN' && first.number !== 0 && !Number.isNaN(first.number)) {
    report({
      code: 'enum-zero',
      message: `the first value of enum '${name.text}' must be zero`,
      span: first.numberSpan,
      hint: `put one before it: ${upperSnake(name.text)}_UNSPECIFIED = 0;`,
    })
  }
  checkNumbers(node, report)
  checkEnumLimits(node, features, report)
  checkReserved(node.reserved, 'enum', syntax, report)
  checkReservedUse(node, report)
  checkJsonNames(node, syntax, report)
}

function checkNumbers(node: ProtoEnum, report: Report): void {
  const byNumber = new Map<number, ProtoEnumValue>()
  const alias = isSet(node.options, 'allow_alias')
  let aliased = false
  for (const value of node.values) {
    if (Number.isNaN(value.number)) continue
    if (value.number > 0x7fffffff || value.number < -0x80000000) {
      report({
        code: 'number-range',
        message: `${value.number} is no 32-bit number`,
        span: value.numberSpan,
        hint: 'enum values go from -2147483648 to 2147483647',
      })
      continue
    }
    const before = byNumber.get(value.number)
    if (before === undefined) {
      byNumber.set(value.number, value)
      continue
    }
    aliased = true
    if (alias) continue
    report({
      code: 'enum-alias',
      message: `'${value.name.text}' has the number ${value.number} of '${before.name.text}'`,
      span: value.numberSpan,
      related: [{ message: `'${before.name.text}' is here`, span: before.numberSpan }],
      hint: "give it another number, or put 'option allow_alias = true;' into the enum",
    })
  }
  const set = optionValue(node.options, 'allow_alias')
  if (set?.kind === 'bool' && !(alias && aliased)) {
    report({
      code: 'useless-alias',
      message: alias
        ? `enum '${node.name.text}' allows aliases and has none`
        : `'allow_alias = false' of enum '${node.name.text}' has no effect`,
      span: node.options.find((option) => option.path[0]!.text === 'allow_alias')?.span ?? node.name.span,
      hint: `remove 'option allow_alias = ${alias};'`,
    })
  }
}

function checkReservedUse(node: ProtoEnum, report: Report): void {
  if (node.reserved.length === 0) return
  const names = new Map(node.reserved.flatMap((one) => one.names).map((name) => [name.text, name.span]))
  const inReserved = rangeIndex(node.reserved.flatMap((one) => one.ranges))
  const clash = (what: string, span: Span, reserved: Span): void =>
    report({
      code: 'reserved',
      message: `${what} is reserved in enum '${node.name.text}'`,
      span,
      related: [{ message: 'it is reserved here', span: reserved }],
      hint: 'use another one',
    })
  for (const value of node.values) {
    const name = names.get(value.name.text)
    if (name !== undefined) clash(`the name '${value.name.text}'`, value.name.span, name)
    const range = inReserved(value.number)
    if (range !== undefined) clash(`the number ${value.number}`, value.numberSpan, range.span)
  }
}

/** Languages strip the enum's name from its values and change their case; what then clashes is refused. */
function checkJsonNames(node: ProtoEnum, syntax: ProtoSyntax, report: Report): void {
  const isTolerated = syntax === 'proto2' && isSet(node.options, 'deprecated_legacy_json_field_conflicts')
  const seen = new Map<string, ProtoEnumValue>()
  for (const value of node.values) {
    const short = pascalCase(withoutPrefix(value.name.text, node.name.text))
    const before = seen.get(short)
    if (before === undefined) {
      seen.set(short, value)
      continue
    }
    if (before.name.text === value.name.text || before.number === value.number) continue
    report({
      code: isTolerated ? 'enum-name-near-clash' : 'enum-name-clash',
      message: `'${value.name.text}' and '${before.name.text}' are the same name once case and the prefix '${node.name.text}' are ignored`,
      span: value.name.span,
      related: [{ message: `'${before.name.text}' is here`, span: before.name.span }],
      hint: 'rename one of them',
    })
  }
}

function withoutPrefix(value: string, enumName: string): string {
  const prefix = enumName.replaceAll('_', '').toLowerCase()
  let at = 0
  for (const c of prefix) {
    while (value[at] === '_') at++
    if (value[at]?.toLowerCase() !== c) return value
    at++
  }
  while (value[at] === '_') at++
  return at === value.length ? value : value.slice(at)
}

function pascalCase(name: string): string {
  return name
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join('')
}

function upperSnake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()
}
