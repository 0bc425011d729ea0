/** Services: the interface of the client, that of the handler, and the constant that joins them to their methods. */

import type { IrDeclaration, IrField, IrMethod, IrService, IrType } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { isFilledWhenAbsent } from '../member.ts'
import { parameterName } from '../name/names.ts'
import { type DocExtra, docLines, printDoc } from '../text/doc.ts'
import { group, type Layout, lines } from '../text/layout.ts'
import { type Printer, quote } from '../text/printer.ts'
import { inputType, outputType } from '../type.ts'
import { messageOf } from '../type-shape.ts'
import { defaultInDoc } from '../value.ts'

/** Prints a service. */
export function printService(printer: Printer, service: IrService, context: ModuleContext): void {
  const { names } = context
  const name = names.declaration(service)
  const parent = parentOf(service)
  const extending = (parentName: string | undefined): string =>
    parentName === undefined ? '' : ` extends ${parentName}`

  printDoc(printer, undefined, { deprecated: service.deprecated, tags: [`Calls {@link ${name}}.`] })
  printBody(
    printer,
    `export interface ${names.client(service)}${extending(parent && context.client(parent))}`,
    service,
    (method) => {
      printDoc(printer, method.doc, methodDoc(method, context, false))
      printSignature(
        printer,
        context.names.method(method),
        clientParameters(method, context),
        clientResult(method, context),
      )
    },
  )
  printer.blank()
  printDoc(printer, undefined, { deprecated: service.deprecated, tags: [`Implements {@link ${name}}.`] })
  printBody(
    printer,
    `export interface ${names.handler(service)}${extending(parent && context.handler(parent))}`,
    service,
    (method) => {
      printDoc(printer, method.doc, methodDoc(method, context, false))
      printSignature(
        printer,
        context.names.method(method),
        handlerParameters(method, context),
        handlerResult(method, context),
      )
    },
  )
  printer.blank()
  printDoc(printer, service.doc, { deprecated: service.deprecated })
  const types = [names.client(service), names.handler(service)]
  const typed = `export const ${name}: ${context.runtime('ServiceType')}<`
  const head = `${typed}${types.join(', ')}> =`
  const call = `/*#__PURE__*/ ${context.runtime('serviceType')}(`
  const print = (start: string): void => {
    if (start.length < printer.width) {
      printer.block(`${start}{`, () => printServiceInit(printer, service, context), '})')
      return
    }
    printer.line(start)
    printer.indented(() => printer.block('{', () => printServiceInit(printer, service, context), '},'))
    printer.line(')')
  }
  if (head.length + 1 + call.length <= printer.width) print(`${head} ${call}`)
  else if (head.length <= printer.width) {
    printer.line(head)
    printer.indented(() => print(call))
  } else {
    printer.line(typed)
    printer.indented(() => {
      printer.line(`${types[0]},`)
      printer.line(`${types[1]}`)
    })
    print(`> = ${call}`)
  }
}

function printServiceInit(printer: Printer, service: IrService, context: ModuleContext): void {
  const parent = parentOf(service)
  printer.line(`name: ${quote(service.name)},`)
  printer.line(`fullName: ${quote(context.idl === 'thrift' ? service.name : service.fullName)},`)
  printer.line(`idl: ${quote(context.idl)},`)
  printer.line(`file: () => ${context.names.file(service.file)},`)
  const inherited = parent === undefined ? [] : [{ label: '', value: `...${context.value(parent)}.methods` }]
  const own = service.methods.map((method) => ({ label: '', value: methodLayout(method, context) }))
  const methods = group('() => [', [...inherited, ...own], ']')
  for (const line of lines('methods: ', methods, ',', printer.width)) printer.line(line)
}

/** The service that a service extends. */
export function parentOf(service: IrService): IrService | undefined {
  const target: IrDeclaration | undefined = service.extends?.target
  return target?.kind === 'service' ? target : undefined
}

function printBody(printer: Printer, head: string, service: IrService, print: (method: IrMethod) => void): void {
  if (service.methods.length === 0) printer.line(`${head} {}`)
  else printer.block(`${head} {`, () => service.methods.forEach(print))
}

function printSignature(printer: Printer, name: string, parameters: readonly string[], result: string): void {
  printer.list(`${name}(`, parameters, `): ${result}`)
}

function methodDoc(method: IrMethod, context: ModuleContext, forCaller: boolean): DocExtra {
  const params = method.args.flatMap((field) => {
    const usual = forCaller && field.default !== undefined && field.presence === 'default'
    const value = usual ? defaultInDoc(context, field) : undefined
    const text = [oneLine(field.doc), value === undefined ? '' : `Default: \`${value}\`.`].filter((part) => part !== '')
    return text.length === 0
      ? []
      : [`@param ${parameterName(context.names.parameter('thrift', field.name))} - ${text.join(' ')}`]
  })
  const throws = method.throws.map((field) => {
    return `@throws {@link ${outputType(context, field.type)}} ${oneLine(field.doc)}`.trimEnd()
  })
  return { deprecated: method.deprecated, tags: [...params, ...throws] }
}

/** A comment inside a tag. */
function oneLine(doc: string | undefined): string {
  return docLines(doc)
    .join(' ')
    .replace(/(?<!\\)@/g, '\\@')
}

const mayBeLeftOut = (field: IrField): boolean => field.presence === 'optional' || field.default !== undefined

/** The IDL's arguments, then the call options; a trailing run of optional arguments may be left out. */
function clientParameters(method: IrMethod, context: ModuleContext): string[] {
  const options = `?: ${context.runtime('CallOptions')}`
  if (method.request !== undefined) {
    const request = inputType(context, method.request)
    const streams = method.kind === 'client_streaming' || method.kind === 'bidi_streaming'
    return [`request: ${streams ? `AsyncIterable<${request}> | Iterable<${request}>` : request}`, `options${options}`]
  }
  const taken = new Set<string>()
  const lastNeeded = method.args.findLastIndex((field) => !mayBeLeftOut(field))
  const parameters = method.args.map((field, i) => {
    const name = claimParameter(context.names.parameter('thrift', field.name), taken)
    const type = inputType(context, field.type)
    if (!mayBeLeftOut(field)) return `${name}: ${type}`
    return i > lastNeeded ? `${name}?: ${type}` : `${name}: ${type} | undefined`
  })
  return [...parameters, claimParameter('options', taken) + options]
}

function handlerParameters(method: IrMethod, context: ModuleContext): string[] {
  const cx = `: ${context.runtime('Context')}`
  if (method.request !== undefined) {
    const request = outputType(context, method.request)
    const streams = method.kind === 'client_streaming' || method.kind === 'bidi_streaming'
    return [`request: ${streams ? `AsyncIterable<${request}>` : request}`, `cx${cx}`]
  }
  const taken = new Set<string>()
  const parameters = method.args.map((field) => {
    const type = outputType(context, field.type)
    return `${claimParameter(context.names.parameter('thrift', field.name), taken)}: ${mayBeAbsent(field, context) ? `${type} | undefined` : type}`
  })
  return [...parameters, claimParameter('cx', taken) + cx]
}

function mayBeAbsent(field: IrField, { names }: ModuleContext): boolean {
  return field.presence === 'optional' && !isFilledWhenAbsent(field, names)
}

function claimParameter(wanted: string, taken: Set<string>): string {
  const name = parameterName(wanted, taken)
  taken.add(name)
  return name
}

function clientResult(method: IrMethod, context: ModuleContext): string {
  const result = resultType(method, (type) => outputType(context, type))
  const streams = method.kind === 'server_streaming' || method.kind === 'bidi_streaming'
  return streams ? `AsyncIterable<${result}>` : `Promise<${result}>`
}

function handlerResult(method: IrMethod, context: ModuleContext): string {
  const result = resultType(method, (type) => inputType(context, type))
  const streams = method.kind === 'server_streaming' || method.kind === 'bidi_streaming'
  return streams ? `AsyncIterable<${result}>` : `Promise<${result}> | ${result}`
}

function resultType(method: IrMethod, text: (type: IrType) => string): string {
  return method.result === undefined ? 'void' : text(method.result)
}

function methodLayout(method: IrMethod, context: ModuleContext): Layout {
  const { names } = context
  const items: { label: string; value: Layout }[] = [
    { label: 'name: ', value: quote(method.name) },
    { label: 'localName: ', value: quote(names.method(method)) },
    { label: 'kind: ', value: quote(method.kind) },
  ]
  const thrift = context.idl === 'thrift' ? names.methodMessages(method) : undefined
  if (thrift === undefined) {
    items.push({ label: 'request: ', value: messageValue(method.request, context) })
    items.push({ label: 'response: ', value: messageValue(method.result, context) })
  } else {
    items.push({ label: 'request: ', value: names.declaration(thrift.args) })
    items.push({ label: 'response: ', value: names.declaration(thrift.result) })
    const args = thrift.args.fields.map((field) => ({ label: '', value: quote(names.member(field)) }))
    items.push({ label: 'args: ', value: group('[', args, ']') })
    if (method.result === undefined) items.push({ label: 'isVoid: ', value: 'true' })
    const throws = thrift.result.fields.slice(method.result === undefined ? 0 : 1).map((field) => {
      const parts = [
        { label: 'member: ', value: quote(names.member(field)) },
        { label: 'type: ', value: messageValue(field.type, context) },
      ]
      return { label: '', value: group('{', parts, '}', true) }
    })
    if (throws.length > 0) items.push({ label: 'throws: ', value: group('[', throws, ']') })
  }
  if (method.idempotent) items.push({ label: 'idempotent: ', value: 'true' })
  return group(`${context.runtime('methodType')}({`, items, '})', true)
}

function messageValue(type: IrType | undefined, context: ModuleContext): string {
  const message = type && messageOf(type)
  if (message === undefined) throw new Error('a method refers to something that is not a message')
  return context.value(message)
}
