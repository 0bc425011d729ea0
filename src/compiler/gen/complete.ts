/** Prints `complete`: the same object when nothing is missing, else a copy with the defaults filled in. */

import type { IrField, IrMessage, IrType } from '../ir/ir.ts'
import type { ModuleContext } from './context.ts'
import { type FieldMember, keepsUnknown, type Member, membersOf, type OneofMember } from './member.ts'
import { key, type Printer, quote } from './printer.ts'
import { mapShape, messageOf, resolve } from './type-shape.ts'
import { outputType } from './types.ts'
import { valueText, zeroText } from './values.ts'

/** Prints `function completeX(m: XInput): X`. */
export function printComplete(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const { names } = context
  const name = names.declaration(message)
  const head = `function ${names.codec(message).complete}(m: ${names.input(message)}): ${name} {`
  if (message.shape === 'exception') {
    printer.block(head, () => printer.line(`return m instanceof ${name} ? m : new ${name}(m)`))
  } else if (message.shape === 'union') {
    printer.block(head, () => printUnionBody(printer, message, name, context))
  } else {
    printer.block(head, () => printStructBody(printer, message, name, context))
  }
}

/** An expression for the completed output value of a member out of an expression for what was given. */
export function completedMember(context: ModuleContext, member: FieldMember, given: string): string {
  const { type } = member.field
  if (member.presence === 'required') {
    return completed(context, type, `${given} ?? ${context.runtime('missing')}(${path(member.field, context)})`, given)
  }
  if (!member.filled)
    return needsWork(type)
      ? `${given} == null ? undefined : ${completed(context, type, given)}`
      : asOutput(context, type, given)
  return completed(context, type, `${given} ?? ${defaultText(context, member.field)}`, given)
}

/** The value of an absent member that is always there: its default or its type's zero. */
export function defaultText(context: ModuleContext, field: IrField): string {
  return field.default === undefined ? zeroText(context, field.type) : valueText(context, field.type, field.default)
}

/** `'shop.Cart.lines'`, quoted: where something is missing. */
export function path(field: IrField, context: ModuleContext): string {
  const owner = [...context.file.declarations].find((one) => one.kind === 'message' && one.fields.includes(field))
  return quote(owner === undefined ? field.name : `${owner.fullName}.${field.name}`)
}

function printStructBody(printer: Printer, message: IrMessage, name: string, context: ModuleContext): void {
  const members = membersOf(message, context.names)
  const items: string[] = []
  const same: string[] = []
  members.forEach((member, i) => {
    const label = key(member.name)
    const given = label === member.name ? `m.${label}` : `m[${label}]`
    const local = `v${i}`
    if (member.kind === 'oneof') {
      if (printOneof(printer, member, name, local, given, context)) same.push(`${local} === ${given}`)
    } else {
      printer.line(`const ${local} = ${completedMember(context, member, given)}`)
      if (changes(member)) same.push(`${local} === ${given}`)
    }
    items.push(`${label}: ${local}`)
  })
  if (same.length === 0) {
    printer.line(`return m as ${name}`)
    return
  }
  if (keepsUnknown(message, context)) items.push('$unknown: m.$unknown')
  printSame(printer, same, `return m as ${name}`)
  printer.list('return {', items, '}', { padded: true })
}

function printSame(printer: Printer, same: readonly string[], then: string): void {
  const flat = `if (${same.join(' && ')}) ${then}`
  if (flat.length <= printer.width) {
    printer.line(flat)
    return
  }
  printer.line('if (')
  printer.indented(() => {
    same.forEach((one, i) => {
      printer.line(i < same.length - 1 ? `${one} &&` : one)
    })
  })
  printer.line(') {')
  printer.indented(() => printer.line(then))
  printer.line('}')
}

/** Declares the completed oneof; false when it is what was given. */
function printOneof(
  printer: Printer,
  member: OneofMember,
  name: string,
  local: string,
  given: string,
  context: ModuleContext,
): boolean {
  const nested = member.fields.filter((field) => needsWork(field.type))
  const type = `${name}[${quote(member.name)}]`
  if (nested.length === 0) {
    printer.line(`const ${local} = ${given} as ${type}`)
    return false
  }
  printer.line(`let ${local} = ${given} as ${type}`)
  printer.block(`switch (${local}?.case) {`, () => {
    for (const field of nested) {
      const label = quote(context.names.member(field))
      printer.block(`case ${label}: {`, () => {
        printer.line(`const c = ${completed(context, field.type, `${local}.value`)}`)
        printer.line(`if (c !== ${local}.value) ${local} = { case: ${label}, value: c }`)
        printer.line('break')
      })
    }
  })
  return true
}

function printUnionBody(printer: Printer, message: IrMessage, name: string, context: ModuleContext): void {
  const { names } = context
  printer.block('switch (m.case) {', () => {
    for (const field of message.fields.filter((one) => needsWork(one.type))) {
      const label = quote(names.member(field))
      printer.block(`case ${label}: {`, () => {
        printer.line(`const c = ${completed(context, field.type, 'm.value')}`)
        printer.line(`return c === m.value ? (m as ${name}) : { case: ${label}, value: c }`)
      })
    }
    const plain = message.fields.filter((one) => !needsWork(one.type))
    for (const field of plain) printer.line(`case ${quote(names.member(field))}:`)
    if (plain.length > 0) printer.indented(() => printer.line(`return m as ${name}`))
    printer.line('default:')
    printer.indented(() => printer.line(`throw ${context.runtime('unknownCase')}(${quote(message.fullName)}, m)`))
  })
}

/** Whether completing can give something else than what was given. */
function changes(member: Member): boolean {
  if (member.kind === 'oneof') return true
  return member.presence === 'default' && member.filled ? true : needsWork(member.field.type)
}

/** Whether values of the type hold messages, which have defaults of their own. */
function needsWork(type: IrType): boolean {
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'message':
      return true
    case 'list':
    case 'set':
      return needsWork(resolved.element)
    case 'map':
      return needsWork(resolved.key) || needsWork(resolved.value)
    default:
      return false
  }
}

/** `given` completed; `plain` is a shorter expression of the same type when nothing has to be done but a cast. */
function completed(context: ModuleContext, type: IrType, given: string, plain: string = given): string {
  const resolved = resolve(type)
  if (!needsWork(type)) {
    return given === plain ? asOutput(context, type, given) : asOutput(context, type, given, true)
  }
  switch (resolved.kind) {
    case 'message':
      return `${completer(context, resolved.message)}(${given})`
    case 'list':
    case 'set':
      return `${context.runtime('completeList')}(${given}, ${elementCompleter(context, resolved.element, given)})`
    case 'map': {
      const value = elementCompleter(context, resolved.value, given)
      const shape = mapShape(resolved.key)
      if (shape === 'record') return `${context.runtime('completeRecord')}(${given}, ${value})`
      if (shape === 'map') return `${context.runtime('completeMap')}(${given}, ${value})`
      return `${context.runtime('completePairs')}(${given}, ${elementCompleter(context, resolved.key, given)}, ${value})`
    }
    default:
      return given
  }
}

/** Containers are readonly in the input form; scalars are the same in both. */
function asOutput(context: ModuleContext, type: IrType, given: string, compound = false): string {
  const { kind } = resolve(type)
  if (kind === 'scalar' || kind === 'enum') return given
  return `${compound ? `(${given})` : given} as ${outputType(context, type)}`
}

/** A function that completes one element. */
function elementCompleter(context: ModuleContext, type: IrType, within: string): string {
  const message = messageOf(type)
  if (message !== undefined && message.file === context.file) return completer(context, message)
  const local = `e${within.match(/\be\d+\b/g)?.length ?? 0}`
  return `(${local}) => ${completed(context, type, local)}`
}

function completer(context: ModuleContext, message: IrMessage): string {
  return message.file === context.file ? context.names.codec(message).complete : `${context.value(message)}.complete`
}
