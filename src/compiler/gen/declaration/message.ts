/** Structs, unions, exceptions and protobuf messages: the output type, the input type, and the constant or class. */

import type { IrField, IrMessage } from '../../ir/ir.ts'
import { completedMember, exceptionSlices } from '../codec/complete.ts'
import { isWide } from '../codec/slice.ts'
import type { ModuleContext } from '../context.ts'
import {
  type FieldMember,
  isOpenUnion,
  keepsUnknown,
  keepsUnknownCase,
  type Member,
  membersOf,
  membersWithDefault,
} from '../member.ts'
import type { RuntimeImport } from '../name/runtime-names.ts'
import { printDoc } from '../text/doc.ts'
import { group, lines } from '../text/layout.ts'
import { key, type Printer, quote } from '../text/printer.ts'
import { printTypedConstant } from '../text/typed-constant.ts'
import { inputType, outputType } from '../type.ts'
import { defaultInDoc, valueLayout } from '../value.ts'

/** Prints a message's types and what stands for it at run time. `exported` is false for the structs of methods. */
export function printMessage(printer: Printer, message: IrMessage, context: ModuleContext, exported: boolean): void {
  const start = exported ? 'export ' : ''
  if (message.shape === 'union') {
    printUnion(printer, message, context, start)
    printConstant(printer, message, context, start)
    return
  }
  const members = membersOf(message, context.names)
  if (message.shape === 'exception') {
    printException(printer, message, members, context)
    printer.blank()
    printInput(printer, message, members, context, start)
    printDefaultsType(printer, message, context)
    return
  }
  printMessageTypes(printer, message, context, start)
  if (exported) printDefaultsType(printer, message, context)
  printer.blank()
  printConstant(printer, message, context, start)
}

/** Prints the output and the input type of a struct or protobuf message; `start` is `export ` or empty. */
export function printMessageTypes(printer: Printer, message: IrMessage, context: ModuleContext, start: string): void {
  const members = membersOf(message, context.names)
  printDoc(printer, message.doc, { deprecated: message.deprecated })
  printInterface(printer, `${start}interface ${context.names.declaration(message)}`, message, members, context, false)
  printer.blank()
  printInput(printer, message, members, context, start)
}

function printInput(
  printer: Printer,
  message: IrMessage,
  members: readonly Member[],
  context: ModuleContext,
  start: string,
): void {
  if (start !== '') printInputDoc(printer, message, context)
  printInterface(printer, `${start}interface ${context.names.input(message)}`, message, members, context, true)
}

function printInputDoc(printer: Printer, message: IrMessage, context: ModuleContext): void {
  printDoc(printer, undefined, {
    deprecated: message.deprecated,
    tags: [`What {@link ${context.names.declaration(message)}} is made from.`],
  })
}

/** The body of an interface or of its input form. */
function printInterface(
  printer: Printer,
  head: string,
  message: IrMessage,
  members: readonly Member[],
  context: ModuleContext,
  input: boolean,
): void {
  const keeps = keepsUnknown(message, context)
  if (members.length === 0 && !keeps) {
    printer.line(`${head} {}`)
    return
  }
  printer.block(`${head} {`, () => {
    for (const member of members) printMember(printer, member, context, input)
    if (keeps) printer.line(`${input ? 'readonly ' : ''}$unknown?: ${context.runtime('UnknownFields')} | undefined`)
  })
}

function printMember(
  printer: Printer,
  member: Member,
  context: ModuleContext,
  input: boolean,
  isSetElsewhere = false,
): void {
  const readonly = input ? 'readonly ' : ''
  if (member.kind === 'oneof') {
    printDoc(printer, member.oneof.doc)
    printCases(printer, `${readonly}${key(member.name)}?:`, member.fields, context, input, ['undefined'])
    return
  }
  const { field } = member
  const tags = defaultTags(member, context, input)
  printDoc(printer, field.doc, { deprecated: field.deprecated, tags })
  const type = input ? inputType(context, field.type) : outputType(context, field.type)
  const always = input ? member.presence === 'required' : member.filled
  const name = `${readonly}${key(member.name)}`
  if (always) printer.line(`${name}${isSetElsewhere ? '!' : ''}: ${type}`)
  else if (name.length + type.length + 15 <= printer.width) printer.line(`${name}?: ${type} | undefined`)
  else {
    printer.line(`${name}?:`)
    printer.indented(() => {
      printer.line(`| ${type}`)
      printer.line('| undefined')
    })
  }
}

/** The default of a member: what fills it in, or, where its absence is kept, what absence means. */
function defaultTags({ field, presence }: FieldMember, context: ModuleContext, input: boolean): string[] {
  const text = presence === 'required' ? undefined : defaultInDoc(context, field)
  if (text === undefined) return []
  if (presence === 'optional') return [`Absent means \`${text}\`.`]
  return input ? [`@defaultValue \`${text}\``] : []
}

function printUnion(printer: Printer, message: IrMessage, context: ModuleContext, start: string): void {
  printDoc(printer, message.doc, { deprecated: message.deprecated })
  for (const input of [false, true]) {
    if (input) printInputDoc(printer, message, context)
    const head = `${start}type ${input ? context.names.input(message) : context.names.declaration(message)} =`
    printCases(printer, head, message.fields, context, input, otherCases(message, context, input))
    printer.blank()
  }
}

/** The cases of a union that are none of its fields. */
function otherCases(message: IrMessage, context: ModuleContext, input: boolean): string[] {
  if (message.fields.length === 0) return ['{ case?: undefined }']
  if (!keepsUnknownCase(message, context)) return []
  const readonly = input ? 'readonly ' : ''
  return [`{ ${readonly}case: '$unknown'; ${readonly}value: ${context.runtime('UnknownFields')} }`]
}

/** `{ case: 'name'; value: T }` for each field, on one line where they fit and no comment stands between them. */
function printCases(
  printer: Printer,
  head: string,
  fields: readonly IrField[],
  context: ModuleContext,
  input: boolean,
  more: readonly string[],
): void {
  const readonly = input ? 'readonly ' : ''
  const parts = fields.map((field) => {
    const type = input ? inputType(context, field.type) : outputType(context, field.type)
    return [`${readonly}case: ${quote(context.names.member(field))}`, `${readonly}value: ${type}`] as const
  })
  const cases = parts.map(([name, value]) => `{ ${name}; ${value} }`)
  const isPlain = (field: IrField): boolean => field.doc === undefined && field.deprecated === false
  const oneLine = `${head} ${[...cases, ...more].join(' | ')}`
  if (oneLine.length <= printer.width && fields.every(isPlain)) {
    printer.line(oneLine)
    return
  }
  printer.line(head)
  printer.indented(() => {
    fields.forEach((field, i) => {
      const [name, value] = parts[i]!
      if (isPlain(field) && cases[i]!.length + 2 <= printer.width) {
        printer.line(`| ${cases[i]}`)
        return
      }
      printer.line('| {')
      printer.indented(() => {
        printer.indented(() => {
          printDoc(printer, field.doc, { deprecated: field.deprecated })
          printer.line(name)
          printer.line(value)
        })
        printer.line('}')
      })
    })
    for (const one of more) printer.line(`| ${one}`)
  })
}

function printConstant(printer: Printer, message: IrMessage, context: ModuleContext, start: string): void {
  const { names } = context
  const name = names.declaration(message)
  const codec = names.codec(message)
  const isDefaulted = start !== '' && membersWithDefault(message, names).length > 0
  const [type, make] = makers(message, isDefaulted)
  printDoc(printer, undefined, { deprecated: message.deprecated })
  const parts = [
    quote(message.fullName),
    `() => ${names.file(message.file)}`,
    codec.complete,
    codec.encode,
    codec.decode,
  ]
  const types = [name, names.input(message)]
  if (isDefaulted) {
    types.push(codec.defaultsType)
    parts.push(codec.defaults)
  }
  printTypedConstant(printer, `${start}const ${name}: ${context.runtime(type)}`, types, context.runtime(make), parts)
}

/** The type of a message's constant and the function that makes it. */
function makers(message: IrMessage, isDefaulted: boolean): readonly [RuntimeImport, RuntimeImport] {
  if (message.file.idl === 'protobuf') {
    return isDefaulted ? ['DefaultedMessage', 'defaultedMessage'] : ['ProtobufMessage', 'protobufMessage']
  }
  if (isOpenUnion(message)) return ['ThriftUnion', 'thriftUnion']
  return isDefaulted ? ['DefaultedStruct', 'defaultedStruct'] : ['ThriftStruct', 'thriftStruct']
}

/** Prints the type of the defaults that the IDL writes for a message, where it writes some. */
function printDefaultsType(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const { names } = context
  const defaulted = membersWithDefault(message, names)
  if (defaulted.length === 0) return
  printer.blank()
  const tags = [`The defaults of {@link ${names.declaration(message)}}.`]
  printDoc(printer, undefined, { deprecated: message.deprecated, tags })
  printer.block(`export interface ${names.codec(message).defaultsType} {`, () => {
    for (const { name, field } of defaulted) {
      printDoc(printer, undefined, { deprecated: field.deprecated })
      printer.line(`readonly ${key(name)}: ${inputType(context, field.type)}`)
    }
  })
}

/** Prints the function that gives these defaults. */
export function printDefaults(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const { names } = context
  const defaulted = membersWithDefault(message, names)
  if (defaulted.length === 0) return
  const items = defaulted.map(({ name, field }) => ({
    label: `${key(name)}: `,
    value: field.default === undefined ? '' : valueLayout(context, field.type, field.default),
  }))
  printer.blank()
  const { defaults, defaultsType } = names.codec(message)
  printer.function(defaults, [], defaultsType, () => {
    for (const line of lines('return ', group('{', items, '}', true), '', printer.width - 2)) printer.line(line)
  })
}

function printException(
  printer: Printer,
  message: IrMessage,
  members: readonly Member[],
  context: ModuleContext,
): void {
  const { names } = context
  const name = names.declaration(message)
  const input = names.input(message)
  const codec = names.codec(message)
  const fields = members.filter((member): member is FieldMember => member.kind === 'field')
  const text = fields.find((member) => member.name === 'message')
  const own = fields.filter((member) => member !== text)
  const isOptional = fields.every((member) => member.presence !== 'required')
  const init = `init: ${input}${isOptional ? ' = {}' : ''}`
  const isEmpty = fields.length === 0 && !keepsUnknown(message, context)

  printDoc(printer, message.doc, { deprecated: message.deprecated })
  printer.block(`export class ${name} extends ${context.runtime('DeclaredException')} {`, () => {
    for (const member of own) printMember(printer, member, context, false, isWide(message))
    if (keepsUnknown(message, context)) printer.line(`$unknown?: ${context.runtime('UnknownFields')} | undefined`)
    printer.blank()
    printer.list('constructor(', [isEmpty ? `_${init}` : init], ') {')
    printer.indented(() => {
      printer.line(text === undefined ? 'super()' : `super(${completedMember(context, text, 'init.message')})`)
      if (isWide(message))
        for (const { name: slice } of exceptionSlices(message, context)) printer.line(`${slice}(init, this)`)
      else
        for (const member of own) {
          printer.line(`this.${member.name} = ${completedMember(context, member, `init.${member.name}`)}`)
        }
      if (keepsUnknown(message, context)) printer.line('this.$unknown = init.$unknown')
    })
    printer.line('}')
    printer.blank()
    printer.block('override get name(): string {', () => printer.line(`return ${quote(name)}`))
    printer.blank()
    printer.line(`static readonly typeName: string = ${quote(message.fullName)}`)
    printer.blank()
    const method = (head: string, parameters: readonly string[], result: string, body: string): void => {
      printer.blank()
      printer.list(`static ${head}(`, parameters, `): ${result} {`)
      printer.indented(() => printer.line(body))
      printer.line('}')
    }
    method(
      'get schema',
      [],
      context.runtime('MessageSchema'),
      `return ${context.runtime('messageSchema')}(${names.file(message.file)}, ${name}.typeName)`,
    )
    method('create', [init], name, `return new ${name}(init)`)
    method('complete', [`input: ${input}`], name, `return ${codec.complete}(input)`)
    method(
      'encode',
      [`writer: ${context.runtime('ThriftWriter')}`, `value: ${input}`],
      'void',
      `${codec.encode}(writer, value)`,
    )
    method('decode', [`reader: ${context.runtime('ThriftReader')}`], name, `return ${codec.decode}(reader)`)
    if (membersWithDefault(message, names).length === 0) return
    method(
      'get defaults',
      [],
      codec.defaultsType,
      `return ${context.runtime('defaultsOf')}(${name}, ${codec.defaults})`,
    )
    const isSet = [`error: ${input}`, `member: keyof ${codec.defaultsType}`]
    method('isSet', isSet, 'boolean', 'return error[member] != null')
  })
}
