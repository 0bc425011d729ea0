/** Prints `complete`: the same object when nothing is missing, else a copy with the defaults filled in. */

import type { IrField, IrMessage, IrType } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { type FieldMember, keepsUnknown, type Member, membersOf, type OneofMember } from '../member.ts'
import { key, type Printer, quote } from '../text/printer.ts'
import { inputType, outputType } from '../type.ts'
import { mapShape, messageOf, resolve } from '../type-shape.ts'
import { valueText, zeroText } from '../value.ts'
import { isWide, printSlices, type Slice, slicesOf } from './slice.ts'
import { printReturn } from './unknown-fields.ts'

/** Prints `function completeX(m: XInput): X`. */
export function printComplete(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const { names } = context
  const name = names.declaration(message)
  if (isWide(message) && message.shape !== 'exception') {
    printWideComplete(printer, message, name, context)
    return
  }
  printer.function(names.codec(message).complete, [`m: ${names.input(message)}`], name, () => {
    if (message.shape === 'exception') printer.line(`return m instanceof ${name} ? m : new ${name}(m)`)
    else if (message.shape === 'union') printUnionBody(printer, message, name, context)
    else printStructBody(printer, message, name, context)
  })
  if (isWide(message)) printExceptionSlices(printer, message, name, context)
}

/** An expression, and its parts when it is a call that may be broken into lines. */
interface Expression {
  readonly text: string
  readonly call?: string
  readonly args?: readonly Argument[]
  /** The expression broken into lines, when it is not a call. */
  readonly lines?: readonly string[]
}

/** An argument of a call; functions are told by their parameters. */
type Argument = string | { readonly parameters: string; readonly body: string }

/** An expression for the completed output value of a member out of an expression for what was given. */
export function completedMember(context: ModuleContext, member: FieldMember, given: string): string {
  return completion(context, member, given).text
}

function completion(context: ModuleContext, member: FieldMember, given: string): Expression {
  const { type } = member.field
  if (member.presence === 'required') {
    return completed(context, type, `${given} ?? ${context.runtime('missing')}(${path(member.field, context)})`, given)
  }
  if (member.filled) return completed(context, type, `${given} ?? ${defaultText(context, member.field)}`, given)
  if (!needsWork(type)) return { text: asOutput(context, type, given) }
  const present = completed(context, type, given).text
  const lines = [`${given} == null`, '  ? undefined', `  : ${present}`]
  return { text: `${given} == null ? undefined : ${present}`, lines }
}

/** Prints `head expression`, broken as a formatter would where it is too long. */
function printAssignment(printer: Printer, head: string, { text, call, args, lines }: Expression): void {
  if (head.length + 1 + text.length <= printer.width) {
    printer.line(`${head} ${text}`)
  } else if (call === undefined || args === undefined) {
    printer.line(head)
    printer.indented(() => {
      for (const line of lines !== undefined && text.length > printer.width ? lines : [text]) printer.line(line)
    })
  } else {
    const last = args.at(-1)
    const isOnlyFunction = typeof last === 'object' && args.filter((one) => typeof one === 'object').length === 1
    const opening = `${head} ${call}(${args.slice(0, -1).map(argumentText).join(', ')}, `
    if (isOnlyFunction && opening.length + last.parameters.length + 3 <= printer.width) {
      printer.line(`${opening}${last.parameters} =>`)
      printer.indented(() => printer.line(`${last.body},`))
      printer.line(')')
    } else {
      printer.block(
        `${head} ${call}(`,
        () => {
          for (const one of args) printer.line(`${argumentText(one)},`)
        },
        ')',
      )
    }
  }
}

function argumentText(argument: Argument): string {
  return typeof argument === 'string' ? argument : `${argument.parameters} => ${argument.body}`
}

/** The value of an absent member that is always there: its default or its type's zero. */
export function defaultText(context: ModuleContext, field: IrField): string {
  return field.default === undefined ? zeroText(context, field.type) : valueText(context, field.type, field.default)
}

/** `'shop.Cart.lines'`, quoted: where something is missing. */
export function path(field: IrField, context: ModuleContext): string {
  const owner = context.names.owner(field)
  return quote(owner === undefined ? field.name : `${owner.fullName}.${field.name}`)
}

function printStructBody(printer: Printer, message: IrMessage, name: string, context: ModuleContext): void {
  const members = membersOf(message, context.names)
  if (!members.some(changes)) {
    printRequired(printer, members, context)
    printer.line(`return m as ${name}`)
    return
  }
  const same = printCompletedMembers(printer, members, name, context)
  printSame(printer, same, `return m as ${name}`)
  const items = members.map((member, i) => `${key(member.name)}: v${i}`)
  printReturn(printer, '{', items, '}', keepsUnknown(message, context) ? name : undefined, 'm.$unknown')
}

/** The same in slices, each of which says whether nothing was missing. */
function printWideComplete(printer: Printer, message: IrMessage, name: string, context: ModuleContext): void {
  const { names } = context
  const { complete } = names.codec(message)
  const members = membersOf(message, names)
  const input = `m: ${names.input(message)}`
  if (!members.some(changes)) {
    const isRequired = (member: Member): boolean => member.kind === 'field' && member.presence === 'required'
    const slices = slicesOf(complete, members.filter(isRequired))
    printer.function(complete, [input], name, () => {
      for (const slice of slices) printer.line(`${slice.name}(m)`)
      printer.line(`return m as ${name}`)
    })
    printSlices(printer, slices, [input], 'void', (some) => printRequired(printer, some, context))
    return
  }
  const slices = slicesOf(complete, members)
  printer.function(complete, [input], name, () => {
    printer.line(`const o = {} as ${name}`)
    slices.forEach((slice, i) => {
      printer.line(i === 0 ? `let same = ${slice.name}(m, o)` : `same = ${slice.name}(m, o) && same`)
    })
    printer.line(`if (same) return m as ${name}`)
    if (keepsUnknown(message, context)) printer.line('if (m.$unknown !== undefined) o.$unknown = m.$unknown')
    printer.line('return o')
  })
  printSlices(printer, slices, [input, `o: ${name}`], 'boolean', (some) => {
    const same = printCompletedMembers(printer, some, name, context)
    some.forEach((member, i) => {
      printer.line(`${access(member.name, 'o')} = v${i}`)
    })
    if (same.length === 0) printer.line('return true')
    else if (same.length === 1) printer.line(`return ${same[0]}`)
    else {
      printer.line('return (')
      printer.indented(() => printTerms(printer, same))
      printer.line(')')
    }
  })
}

/** The slices in which the constructor of a wide exception sets its members. */
export function exceptionSlices(message: IrMessage, context: ModuleContext): readonly Slice<FieldMember>[] {
  const isOwn = (member: Member): member is FieldMember => member.kind === 'field' && member.name !== 'message'
  return slicesOf(context.names.codec(message).complete, membersOf(message, context.names).filter(isOwn))
}

function printExceptionSlices(printer: Printer, message: IrMessage, name: string, context: ModuleContext): void {
  const parameters = [`m: ${context.names.input(message)}`, `o: ${name}`]
  printSlices(printer, exceptionSlices(message, context), parameters, 'void', (some) => {
    for (const member of some) {
      printAssignment(printer, `${access(member.name, 'o')} =`, completion(context, member, access(member.name)))
    }
  })
}

function printRequired(printer: Printer, members: readonly Member[], context: ModuleContext): void {
  for (const member of members) {
    if (member.kind === 'oneof' || member.presence !== 'required') continue
    printer.line(`if (${access(member.name)} == null) ${context.runtime('missing')}(${path(member.field, context)})`)
  }
}

/** Declares the completed members and returns the conditions under which they are what was given. */
function printCompletedMembers(
  printer: Printer,
  members: readonly Member[],
  name: string,
  context: ModuleContext,
): readonly string[] {
  const same: string[] = []
  members.forEach((member, i) => {
    const given = access(member.name)
    if (member.kind === 'oneof') printOneof(printer, member, name, `v${i}`, given, context)
    else printAssignment(printer, `const v${i} =`, completion(context, member, given))
    if (changes(member)) same.push(`v${i} === ${given}`)
  })
  return same
}

function access(member: string, of = 'm'): string {
  return key(member) === member ? `${of}.${member}` : `${of}[${quote(member)}]`
}

function printSame(printer: Printer, same: readonly string[], then: string): void {
  const condition = same.join(' && ')
  if (condition.length + then.length + 6 <= printer.width) {
    printer.line(`if (${condition}) ${then}`)
    return
  }
  if (condition.length + 7 <= printer.width) {
    printer.block(`if (${condition}) {`, () => printer.line(then))
    return
  }
  printer.line('if (')
  printer.indented(() => printTerms(printer, same))
  printer.block(') {', () => printer.line(then))
}

/** A long conjunction, one term per line. */
function printTerms(printer: Printer, terms: readonly string[]): void {
  terms.forEach((one, i) => {
    printer.line(i < terms.length - 1 ? `${one} &&` : one)
  })
}

/** Declares the completed oneof. */
function printOneof(
  printer: Printer,
  member: OneofMember,
  name: string,
  local: string,
  given: string,
  context: ModuleContext,
): void {
  const nested = member.fields.filter((field) => needsWork(field.type))
  const type = `${name}[${quote(member.name)}]`
  if (nested.length === 0) {
    printer.line(`const ${local} = ${given} as ${type}`)
    return
  }
  printer.line(`let ${local} = ${given} as ${type}`)
  printer.block(`switch (${local}?.case) {`, () => {
    for (const field of nested) {
      const label = quote(context.names.member(field))
      printer.block(`case ${label}: {`, () => {
        printer.line(`const c = ${completed(context, field.type, `${local}.value`).text}`)
        printer.line(`if (c !== ${local}.value) ${local} = { case: ${label}, value: c }`)
        printer.line('break')
      })
    }
  })
}

function printUnionBody(printer: Printer, message: IrMessage, name: string, context: ModuleContext): void {
  if (message.fields.length === 0) {
    printer.line('return m')
    return
  }
  const { names } = context
  printer.block('switch (m.case) {', () => {
    for (const field of message.fields.filter((one) => needsWork(one.type))) {
      const label = quote(names.member(field))
      printer.block(`case ${label}: {`, () => {
        printer.line(`const c = ${completed(context, field.type, 'm.value').text}`)
        printer.line(`return c === m.value ? (m as ${name}) : { case: ${label}, value: c }`)
      })
    }
    const plain = message.fields.filter((one) => !needsWork(one.type))
    for (const field of plain) printer.line(`case ${quote(names.member(field))}:`)
    if (plain.length > 0) printer.indented(() => printer.line(`return m as ${name}`))
    printer.line('default:')
    printer.indented(() => printer.line(`return ${context.runtime('keptCase')}(${quote(message.fullName)}, m)`))
  })
}

/** Whether completing can give something else than what was given. */
function changes(member: Member): boolean {
  if (member.kind === 'oneof') return member.fields.some((field) => needsWork(field.type))
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
function completed(context: ModuleContext, type: IrType, given: string, plain: string = given): Expression {
  if (!needsWork(type)) return { text: asOutput(context, type, given, given !== plain) }
  const resolved = resolve(type)
  const call = (name: string, ...args: readonly Argument[]): Expression => ({
    text: `${name}(${args.map(argumentText).join(', ')})`,
    call: name,
    args,
  })
  switch (resolved.kind) {
    case 'message':
      return call(completer(context, resolved.message), given)
    case 'list':
    case 'set':
      return call(context.runtime('completeList'), given, elementCompleter(context, resolved.element, given))
    case 'map': {
      const value = elementCompleter(context, resolved.value, given)
      const shape = mapShape(resolved.key, context.options.map)
      if (shape === 'record') return call(context.runtime('completeRecord'), given, value)
      if (shape === 'map') return call(context.runtime('completeMap'), given, value)
      return call(context.runtime('completePairs'), given, elementCompleter(context, resolved.key, given), value)
    }
    default:
      return { text: given }
  }
}

/** Containers are readonly in the input form; scalars are the same in both. */
function asOutput(context: ModuleContext, type: IrType, given: string, compound = false): string {
  const { kind } = resolve(type)
  if (kind === 'scalar' || kind === 'enum') return given
  return `${compound ? `(${given})` : given} as ${outputType(context, type)}`
}

/** A function that completes one element. */
function elementCompleter(context: ModuleContext, type: IrType, within: string): Argument {
  const message = messageOf(type)
  if (message !== undefined && context.isHere(message)) return completer(context, message)
  const local = `e${within.match(/\be\d+\b/g)?.length ?? 0}`
  return { parameters: `(${local}: ${inputType(context, type)})`, body: completed(context, type, local).text }
}

function completer(context: ModuleContext, message: IrMessage): string {
  return context.isHere(message) ? context.names.codec(message).complete : `${context.value(message)}.complete`
}
