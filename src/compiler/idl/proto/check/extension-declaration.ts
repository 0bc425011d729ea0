/** The rules of `declaration` options on extension ranges: which extensions a range will hold, written before there are any. */

import type { Report, Span } from '../../../diagnostic.ts'
import type { IrValue } from '../../../ir/ir.ts'
import type { ProtoExtensions, ProtoMessage } from '../ast.ts'
import { isScalarName } from './field.ts'

/** One `declaration = { … }`. */
interface Declared {
  readonly span: Span
  readonly number: number | undefined
  readonly fullName: string | undefined
  readonly type: string | undefined
  readonly isReserved: boolean
}

/** Reports declarations that are malformed, outside their range or made twice. */
export function checkExtensionDeclarations(node: ProtoMessage, report: Report): void {
  const names = new Map<string, Span>()
  for (const member of node.members) {
    if (member.kind === 'extensions' && member.options.length > 0) checkStatement(member, names, report)
  }
}

function checkStatement(node: ProtoExtensions, names: Map<string, Span>, report: Report): void {
  const refuse = (message: string, span: Span, hint?: string): void =>
    report({ code: 'extension', message, span, hint })
  const declared = declarationsOf(node)
  if (declared.length === 0) return
  const unverified = node.options.find(
    ({ path, value }) =>
      path.length === 1 &&
      path[0]!.text === 'verification' &&
      value.kind === 'name' &&
      value.reference.text === 'UNVERIFIED',
  )
  if (unverified !== undefined) {
    refuse('a range that declares its extensions cannot be UNVERIFIED', unverified.span, 'remove the verification')
  }
  const numbers = new Map<number, Span>()
  for (const { span, number, fullName, type, isReserved } of declared) {
    if (number === undefined) {
      refuse('a declaration needs a number', span)
      continue
    }
    // Of a statement with several ranges, each range has all declarations: each must hold all numbers.
    if (node.ranges.some(({ start, end }) => number < start || number > end)) {
      refuse(`the declared number ${number} is not in the extension range`, span)
    }
    const before = numbers.get(number)
    if (before === undefined) numbers.set(number, span)
    else {
      report({
        code: 'extension',
        message: `the number ${number} is declared twice`,
        span,
        related: [{ message: 'the first declaration is here', span: before }],
      })
    }
    if ((fullName === undefined) !== (type === undefined) || (!isReserved && fullName === undefined)) {
      refuse(`the declaration of ${number} needs both 'full_name' and 'type'`, span)
      continue
    }
    if (fullName === undefined || type === undefined) continue
    const known = names.get(fullName)
    if (known === undefined) names.set(fullName, span)
    else {
      report({
        code: 'extension',
        message: `'${fullName}' is declared twice`,
        span,
        related: [{ message: 'the first declaration is here', span: known }],
      })
    }
    checkName(fullName, span, report)
    if (!isScalarName(type)) checkName(type, span, report)
  }
}

function checkName(name: string, span: Span, report: Report): void {
  if (/^(\.\w+)+$/.test(name)) return
  report({
    code: 'extension',
    message: `'${name}' is no full name`,
    span,
    hint: 'a full name has a leading dot, as in .shop.v1.discount',
  })
}

function declarationsOf({ options }: ProtoExtensions): Declared[] {
  return options.flatMap(({ path, value }): Declared[] => {
    if (path.length !== 1 || path[0]!.extension || path[0]!.text !== 'declaration') return []
    const all = value.kind === 'list' ? value.elements : [value]
    return all.flatMap((one) => (one.kind === 'map' ? [declared(one)] : []))
  })
}

function declared(value: IrValue & { readonly kind: 'map' }): Declared {
  const member = (name: string): IrValue | undefined =>
    value.entries.find(({ key }) => key.kind === 'string' && key.value === name)?.value
  const text = (name: string): string | undefined => {
    const found = member(name)
    return found?.kind === 'string' ? found.value : undefined
  }
  const number = member('number')
  const reserved = member('reserved')
  return {
    span: value.span,
    number: number?.kind === 'int' ? Number(number.value) : undefined,
    fullName: text('full_name'),
    type: text('type'),
    isReserved: reserved?.kind === 'bool' && reserved.value,
  }
}
